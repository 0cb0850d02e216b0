"""The paper's protocol, pixel for pixel, against a second implementation written from its description alone."""

from __future__ import annotations

import cmath
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vpe_core import Box, render_variant
from vpe_core.errors import MarkerError, RegionError
from vpe_core.markers import VariantRenderer, names
from vpe_core.types import Arrow, Polygon

PAPER_MARKERS = ("none", "bbox", "circle", "arrow", "crop")
SIZES_WH = [(512, 512), (430, 310), (301, 402)]


def stretched(values: np.ndarray) -> Image.Image:
    levels = (values.astype(np.float64) - int(values.min())) / (int(values.max()) - int(values.min()))
    return Image.fromarray((levels * 255).astype(np.uint8)).convert("RGB")


def reference(full: Image.Image, box: Box, marker: str, color: str = "red", width: int = 1) -> Image.Image:
    """Denner et al., MIDL 2025: the variant of a stretched image, as the description of the protocol has it."""
    if marker == "crop":
        return reference_crop(full, box)
    picture = full.resize((256, 256))
    w, h = full.size
    x0, x1 = (int(x / (w / 256)) for x in (box.x0, box.x1))
    y0, y1 = (int(y / (h / 256)) for y in (box.y0, box.y1))
    pen = ImageDraw.Draw(picture)
    if marker == "bbox":
        pen.rectangle((x0, y0, x1, y1), outline=color, width=width)
    if marker == "circle":
        pen.ellipse((x0, y0, x1, y1), outline=color, width=width)
    if marker == "arrow":
        reference_arrow(pen, complex((x0 + x1) / 2, (y0 + y1) / 2), color, width)
    return picture


def reference_crop(full: Image.Image, box: Box) -> Image.Image:
    w, h = full.size
    x0, y0, x1, y1 = (int(edge) for edge in box.xyxy)
    half = max((x1 - x0) / 2, (y1 - y0) / 2, 0.2 * w, 0.2 * h)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    edges = int(middle_x - half), int(middle_y - half), int(middle_x + half), int(middle_y + half)
    return full.crop((max(edges[0], 0), max(edges[1], 0), min(edges[2], w), min(edges[3], h)))


def reference_arrow(pen: ImageDraw.ImageDraw, tip: complex, color: str, width: int) -> None:
    middle = 128 + 128j
    outwards = cmath.rect(1, cmath.phase(tip - middle))
    tail = tip + 5j if tip == middle else tip - 64 * outwards
    along = (tip - tail) / abs(tip - tail)
    barbs = [tip - 10 * along + side * 5j * along for side in (1, -1)]

    def xy(point: complex) -> tuple[float, float]:
        return round(point.real, 9), round(point.imag, 9)

    pen.line([xy(tail), xy(tip)], fill=color, width=width)
    pen.polygon([xy(tip), *map(xy, barbs)], fill=color)


def radiograph(size_wh: tuple[int, int], dtype: type) -> np.ndarray:
    generator = np.random.default_rng(sum(size_wh))
    y, x = np.mgrid[0 : size_wh[1], 0 : size_wh[0]]
    waves = np.sin(x / 17) + np.cos(y / 23) + generator.normal(0, 0.2, x.shape)
    share = (waves - waves.min()) / (waves.max() - waves.min())
    return (share * 200 + 23).astype(dtype) if dtype == np.uint8 else (share * 3100 + 517).astype(dtype)


def boxes(size_wh: tuple[int, int]) -> list[Box]:
    w, h = size_wh
    special = [
        Box(0, 0, w, h),  # everything
        Box(0, 0, 30, 40), Box(w - 35, h - 20, w, h),  # at the border
        Box(-25, -10.5, 40, 30), Box(w - 20, h - 20, w + 30, h + 9),  # beyond it, as at the edge of JSRT images
        Box(w / 2 - 20, h / 2 - 30, w / 2 + 20, h / 2 + 30),  # at the exact centre
        Box(w // 3, h // 4, w // 3 + 1, h // 4 + 1), Box(0, 0, 1, 1), Box(w - 1, h - 1, w, h),  # one pixel
        Box(10, h / 2, w - 10, h / 2 + 1), Box(w / 2, 5, w / 2 + 1, h - 5),  # flat and narrow
    ]  # fmt: skip
    generator = np.random.default_rng(w * h)
    corners = generator.uniform(0, 1, (12, 4)) * (w, h, w, h)
    return special + [Box(min(a, c), min(b, d), max(a, c) + 0.5, max(b, d) + 0.5) for a, b, c, d in corners]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size_wh", SIZES_WH, ids=str)
@pytest.mark.parametrize("marker", PAPER_MARKERS)
def test_same_pixels_as_the_description(marker: str, size_wh: tuple[int, int], dtype: type) -> None:
    values = radiograph(size_wh, dtype)
    renderer, full = VariantRenderer(values), stretched(values)
    for box in boxes(size_wh):
        for color, width in (("red", 1), ("yellow", 4), ("#0072b2", 12)):
            ours = renderer.render(box, marker, color=color, width=width)
            expected = reference(full, box, marker, color, width)
            assert (ours.mode, ours.size) == (expected.mode, expected.size)
            assert ours.tobytes() == expected.tobytes(), (marker, box, color, width)
            kept = renderer.render(box, marker, color=color, width=width, keep_grey=True)
            assert kept.mode == ("L" if marker.startswith("crop") else "RGB")
            assert kept.convert("RGB").tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("marker", [None, *PAPER_MARKERS])
def test_files_arrays_and_pictures_agree(marker: str | None, dtype: type, tmp_path: Path) -> None:
    values, box = radiograph((320, 200), dtype), Box(50, 60, 120, 90)
    picture = Image.fromarray(values)
    path = tmp_path / "xray.png"
    picture.save(path)
    expected = reference(stretched(values), box, marker or "none")
    for source in (path, str(path), path.read_bytes(), picture, values):
        assert render_variant(source, box, marker).tobytes() == expected.tobytes()


def test_transparency_counts_in_the_range_but_is_not_shown() -> None:
    grey = radiograph((300, 300), np.uint8) // 2  # some NIH images are RGBA; their alpha of 255 is the largest value
    picture = Image.merge("RGBA", [Image.fromarray(grey)] * 3 + [Image.new("L", (300, 300), 255)])
    low = int(grey.min())
    expected = Image.fromarray(((grey - low) / (255 - low) * 255).astype(np.uint8)).convert("RGB").resize((256, 256))
    assert render_variant(picture, None, "none").tobytes() == expected.tobytes()


def test_the_published_crop_mistakes_width_for_height() -> None:
    values, box = radiograph((600, 400), np.uint8), Box(300, 90, 360, 130)
    published = render_variant(values, box, "crop_as_published")
    swapped = Box(int(300 / 1.5), int(90 * 1.5), int(360 / 1.5), int(130 * 1.5))
    assert published.tobytes() == reference(stretched(values), swapped, "crop").tobytes()
    assert published.tobytes() != render_variant(values, box, "crop").tobytes()


def test_both_crops_agree_on_square_images() -> None:
    values, box = radiograph((512, 512), np.uint8), Box(300, 90, 360, 130)
    crops = [render_variant(values, box, marker).tobytes() for marker in ("crop", "crop_as_published")]
    assert crops[0] == crops[1]


def test_a_crop_that_shows_nothing_is_refused() -> None:
    tall = radiograph((200, 600), np.uint8)
    with pytest.raises(RegionError, match="shows nothing"):
        render_variant(tall, Box(180, 10, 199, 30), "crop_as_published")


def test_an_arrow_drawn_by_hand_keeps_its_ends() -> None:
    black = np.zeros((512, 512), np.uint8)
    marked = np.asarray(render_variant(black, Arrow((40, 40), (300, 200)), "arrow", color="white"))[..., 0]
    rows, columns = np.nonzero(marked)
    assert (columns.min(), rows.min()) == (20, 20)
    assert (columns.max(), rows.max()) == (150, 100)


@pytest.mark.parametrize("marker", [name for name in names() if "crop" not in name])
def test_every_marker_gives_the_small_image(marker: str) -> None:
    values = radiograph((400, 300), np.uint16)
    region = Polygon(((100, 100), (200, 80), (180, 190)))
    picture = render_variant(values, region, marker)
    assert (picture.mode, picture.size) == ("RGB", (256, 256))
    unmarked = render_variant(values, None, None)
    assert (picture.tobytes() == unmarked.tobytes()) == (marker == "none")


def test_opacity_mixes_marker_and_image() -> None:
    black = np.zeros((256, 256), np.uint8)
    marked = render_variant(black, Box(50, 50, 150, 150), "bbox", opacity=0.5)
    assert marked.getpixel((100, 50)) in ((127, 0, 0), (128, 0, 0))


@pytest.mark.parametrize("width", [0, -1, 1.5, 0.2, float("nan"), 1000])
def test_lines_have_whole_pixels(width: float) -> None:
    with pytest.raises(MarkerError, match=r"line width|whole pixels"):
        render_variant(np.zeros((64, 64), np.uint8), Box(5, 5, 20, 20), "bbox", width=width)


def test_unknown_protocols_are_refused() -> None:
    with pytest.raises(MarkerError, match="'paper' or 'native', but got 'papers'"):
        render_variant(np.zeros((64, 64), np.uint8), None, None, protocol="papers")  # type: ignore[arg-type]
