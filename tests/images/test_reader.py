"""What is read, what is refused, and that nothing but `ImageReadError` ever comes out."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.mutated_files import PICTURE, REFUSED, mutated, outcome
from tests.images.conftest import dicom_bytes, dicom_dataset, encoded
from vpe_core.datasets.headers import read_header
from vpe_core.datasets.rows import UnusableRow
from vpe_core.errors import ImageReadError, SettingsError
from vpe_core.images import XrayPixels, as_pixels, load_image, read_pixels
from vpe_core.settings import get_settings


def png_declaring(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be of any size."""
    small = bytearray(encoded(Image.new("L", (8, 8)), "PNG"))
    header = small[12:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + small[24:29]
    return bytes(small[:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:])


@pytest.mark.parametrize("bad", [None, 3, 2.5, ["a.png"], object()])
def test_only_paths_and_bytes_are_taken(bad: object) -> None:
    with pytest.raises(ImageReadError, match="expected a path or bytes"):
        load_image(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"The patient was seen on Monday.", "no format that is read here"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no format that is read here"),
        (b"GIF89a" + bytes(50), "no format that is read here"),
        (b"%PDF-1.7 ...", "a PDF document.*no format that is read here"),
        (b"\x1f\x8b" + bytes(50), "gzip archive.*NIfTI"),
        (bytes(344) + b"n+1\0" + bytes(50), "a NIfTI volume"),
        (b"\x08\0notes of the day", "no format that is read here"),
        (bytes(128) + b"DICM", "without an image"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_other_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ImageReadError, match=message):
        load_image(data)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path, "", "\0", "a" * 5000):
        with pytest.raises(ImageReadError):
            load_image(path)


def test_a_missing_file_is_told_with_its_folder() -> None:
    with pytest.raises(
        ImageReadError, match=r"^Cannot read 'a\.png': there is no such file: /no/such/folder/a\.png\.$"
    ):
        load_image("/no/such/folder/a.png")


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.new("L", (5, 4)).save(tmp_path / "x.png")
    assert load_image("~/x.png").size == load_image(Path("~/x.png")).size == (5, 4)
    with pytest.raises(ImageReadError, match=f"no such file: {tmp_path}/y.png"):
        load_image("~/y.png")
    with pytest.raises(ImageReadError, match=r"no such file: ~nobody-of-this-name/y\.png"):
        load_image("~nobody-of-this-name/y.png")


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="it is a folder, not a file"):
        load_image(tmp_path)


def test_a_wrong_setting_is_not_taken_for_a_damaged_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_DEVICE", "foo")
    get_settings.cache_clear()
    with pytest.raises(SettingsError, match="VPE_DEVICE='foo'"):
        load_image(encoded(Image.new("L", (8, 8)), "PNG"))


def test_the_message_names_the_file_but_not_its_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no image")
    with pytest.raises(ImageReadError, match=r"^Cannot read 'notes\.png': it is in no format") as caught:
        load_image(tmp_path / "notes.png")
    assert str(tmp_path) not in str(caught.value)


def tiff_declaring(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (8, 8)), "TIFF"))
    for tag, value in ((256, width), (257, height)):
        directory = int.from_bytes(data[4:8], "little")
        place = data.index(tag.to_bytes(2, "little"), directory)
        data[place + 2 : place + 12] = b"\x04\0\x01\0\0\0" + value.to_bytes(4, "little")
    return bytes(data)


def jpeg_declaring(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (8, 8)), "JPEG"))
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def webp_declaring(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (8, 8)), "WebP"))
    assert data[12:16] == b"VP8 "
    data[26:30] = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return bytes(data)


@pytest.mark.parametrize("declaring", [png_declaring, tiff_declaring, jpeg_declaring, webp_declaring])
@pytest.mark.parametrize("size", [(9000, 9000), (16_000, 16_000)])  # beyond our limit, and beyond Pillow's
def test_huge_declared_sizes_are_refused_in_our_words(
    declaring: Callable[[int, int], bytes], size: tuple[int, int], tmp_path: Path
) -> None:
    pixels = rf"declares {size[0]} x {size[1]} pixels "
    said = rf"{pixels}.*at most 50.0 megapixels are read. Make it smaller.*VPE_MAX_IMAGE_PIXELS"
    with pytest.raises(ImageReadError, match=said):
        load_image(declaring(*size))
    (tmp_path / "huge").write_bytes(declaring(*size))
    with pytest.raises(UnusableRow, match=said):
        read_header(tmp_path / "huge")


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 1), (20_000, 20_000)])
def test_huge_png_files_are_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(ImageReadError, match="VPE_MAX_IMAGE_PIXELS"):
        load_image(png_declaring(*size))


def test_the_pixel_limit_can_be_raised_beyond_that_of_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_MAX_IMAGE_PIXELS", "100000")
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 1000)
    get_settings.cache_clear()
    assert load_image(encoded(Image.new("L", (300, 300)), "PNG")).size == (300, 300)


def test_the_limits_are_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = encoded(Image.new("L", (100, 100)), "PNG")
    (tmp_path / "a.png").write_bytes(data)
    monkeypatch.setenv("VPE_MAX_IMAGE_PIXELS", "9999")
    get_settings.cache_clear()
    with pytest.raises(ImageReadError, match=r"100 x 100 pixels.*VPE_MAX_IMAGE_PIXELS"):
        load_image(data)
    monkeypatch.setenv("VPE_MAX_IMAGE_BYTES", "50")
    get_settings.cache_clear()
    for source in (data, tmp_path / "a.png"):
        with pytest.raises(ImageReadError, match="VPE_MAX_IMAGE_BYTES"):
            load_image(source)


def test_several_pictures_in_one_file_are_refused() -> None:
    pages = [Image.new("L", (8, 8), level) for level in (10, 200)]
    for file_format in ("TIFF", "PNG", "WebP"):
        data = encoded(pages[0], file_format, save_all=True, append_images=pages[1:])
        with pytest.raises(ImageReadError, match="several pictures"):
            load_image(data)


def test_values_that_are_not_finite_are_refused() -> None:
    values = np.ones((8, 8), np.float32)
    values[3, 3] = np.nan
    with pytest.raises(ImageReadError, match="not finite"):
        load_image(encoded(Image.fromarray(values), "TIFF"))
    with pytest.raises(ImageReadError, match="finite"):
        as_pixels(values)


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4), bool), np.zeros(16), np.zeros((0, 4)), np.zeros((4, 4, 3), np.int32)]
)
def test_arrays_that_are_no_images_are_refused(array: np.ndarray) -> None:
    with pytest.raises(ImageReadError, match="Expected an array of shape"):
        as_pixels(array)


def test_constant_pictures_are_read() -> None:
    for values in (np.full((9, 9), 77, np.uint8), np.full((9, 9), 7777, np.uint16)):
        pixels = as_pixels(values)
        assert pixels.grey().size == (9, 9)
        assert pixels.min_max().getextrema() == (0, 0)


def test_jsrt_is_told_by_its_exact_size() -> None:
    generator = np.random.default_rng(3)
    raw = generator.integers(0, 4096, (2048, 2048)).astype(">i2")
    pixels = read_pixels(raw.tobytes())
    assert pixels.source_format == "JSRT"
    # The official window 0..4096, turned over: white is 0 in the file.
    expected = 255 - (raw.astype(float) / 4096 * 255).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(pixels.grey()), expected)
    with pytest.raises(ImageReadError, match="no format"):
        read_pixels(raw.tobytes()[:-2])


def test_other_data_of_the_size_of_jsrt_is_refused() -> None:
    with pytest.raises(ImageReadError, match="not 12-bit"):
        read_pixels(b"some text " * (2048 * 2048 * 2 // 10) + b"12345678")


def test_damaged_files_give_a_picture_or_our_error() -> None:
    """A slice of `benchmarks.mutated_files`, which compares the header as well."""
    outcomes = {number: outcome(mutated(1, number)[1]) for number in range(150)}
    assert {number: said for number, said in outcomes.items() if said not in (PICTURE, REFUSED)} == {}
    assert min(list(outcomes.values()).count(said) for said in (PICTURE, REFUSED)) > 30, "the damage must be real"


def test_whatever_a_decoder_returns_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("L", (8, 8)), "PNG")
    odd = [np.zeros((2, 8, 96)), np.zeros(8), np.zeros((8, 8, 3)), np.full((8, 8), np.nan), np.zeros((0, 8))]
    for values in odd:
        pixels = XrayPixels(values, (0.0, 1.0), "PNG")
        monkeypatch.setattr("vpe_core.images.raster.read_raster", lambda *_, pixels=pixels: pixels)
        with pytest.raises(ImageReadError, match="Cannot read the image: "):
            read_pixels(data)


def test_decoders_warn_nobody(values_16: np.ndarray) -> None:
    data = dicom_bytes(dicom_dataset(values_16, PixelData=values_16.tobytes() + bytes(500)))
    with warnings.catch_warnings(record=True) as heard, ThreadPoolExecutor(4) as pool:
        warnings.simplefilter("always")
        list(pool.map(load_image, [data] * 20))
        warnings.warn("the filters are as before", stacklevel=1)
    assert [str(warning.message) for warning in heard] == ["the filters are as before"]


def test_an_open_file_is_left_alone() -> None:
    with pytest.raises(ImageReadError, match="expected a path or bytes, but got BytesIO"):
        load_image(io.BytesIO(b""))  # type: ignore[arg-type]


def test_real_radiographs(shared_data: Path) -> None:
    paths = sorted((shared_data / "nih14" / "images_001" / "images").glob("*.png"))[:5]
    assert paths
    for path in paths:
        with Image.open(path) as stored:
            expected = stored.convert("L")
        assert load_image(path).tobytes() == expected.tobytes()
