"""PNG, JPEG, TIFF and WebP: the pixels that come out are the pixels that went in."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.sound_files import png_chunk
from tests.images.by_hand import png_by_hand, tiff_by_hand
from tests.images.conftest import encoded
from vpe_core.datasets.headers import read_header
from vpe_core.errors import ImageReadError
from vpe_core.images import load_image, read_pixels

LOSSLESS = [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WebP", {"lossless": True})]


@pytest.mark.parametrize(("file_format", "options"), LOSSLESS)
def test_eight_bit_grey_keeps_its_values(values_8: np.ndarray, file_format: str, options: dict[str, object]) -> None:
    picture = load_image(encoded(Image.fromarray(values_8), file_format, **options))
    assert (picture.mode, picture.size) == ("L", (50, 40))
    np.testing.assert_array_equal(np.asarray(picture), values_8)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bit_keeps_its_depth_and_shows_its_own_range(values_16: np.ndarray, file_format: str) -> None:
    data = encoded(Image.fromarray(values_16), file_format)
    np.testing.assert_array_equal(read_pixels(data).values, values_16)
    low, high = int(values_16.min()), int(values_16.max())
    expected = np.rint((values_16.astype(float) - low) / (high - low) * 255)
    np.testing.assert_array_equal(np.asarray(load_image(data)), expected)


def test_path_and_bytes_give_the_same(tmp_path, values_8: np.ndarray) -> None:
    path = tmp_path / "chest.jpg"  # the wrong suffix: only the content counts
    path.write_bytes(encoded(Image.fromarray(values_8), "PNG"))
    assert read_pixels(path).source_format == "PNG"
    assert load_image(str(path)).tobytes() == load_image(path.read_bytes()).tobytes()


def test_jpeg_is_close(values_8: np.ndarray) -> None:
    smooth = Image.fromarray(values_8).resize((200, 160))
    decoded = load_image(encoded(smooth, "JPEG", quality=95))
    assert np.abs(np.asarray(decoded, float) - np.asarray(smooth, float)).mean() < 2


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF", "PNG", "WebP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(file_format: str, orientation: int) -> None:
    upright = Image.new("L", (32, 16), 20)
    upright.paste(220, (0, 0, 8, 8))  # a bright upper left corner
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transpositions that lay the picture down as stored
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = load_image(encoded(stored, file_format, exif=exif))
    assert picture.size == (32, 16)
    bright = np.argwhere(np.asarray(picture) > 128)
    assert bright.max() <= 8, "the bright corner is not at the upper left"


def test_colour_becomes_luma() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (10, 200, 90), (77, 77, 77)]
    picture = Image.new("RGB", (len(colours), 1))
    picture.putdata(colours)
    weights = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    grey = np.asarray(load_image(encoded(picture, "PNG")), float)[0]
    np.testing.assert_allclose(grey, np.array(colours) @ weights, atol=0.6)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_lies_over_black(mode: str) -> None:
    picture = Image.new("RGBA", (3, 1))
    picture.putdata([(200, 200, 200, 255), (200, 200, 200, 128), (200, 200, 200, 0)])
    grey = np.asarray(load_image(encoded(picture.convert(mode), "TIFF" if mode == "PA" else "PNG")), int)[0]
    np.testing.assert_allclose(grey, [200, 100, 0], atol=1)


def test_palettes_are_looked_up(values_8: np.ndarray) -> None:
    picture = Image.fromarray(values_8).convert("P")
    picture.putdata(values_8.flatten())
    picture.putpalette([level for index in range(256) for level in (255 - index,) * 3])
    np.testing.assert_array_equal(np.asarray(load_image(encoded(picture, "PNG"))), 255 - values_8)


def test_black_and_white_pictures() -> None:
    picture = Image.new("1", (4, 1))
    picture.putdata([0, 255, 255, 0])
    assert list(np.asarray(load_image(encoded(picture, "PNG")))[0]) == [0, 255, 255, 0]


def test_cmyk_is_read_as_colour() -> None:
    picture = Image.new("CMYK", (16, 16), (0, 0, 0, 255))
    assert np.asarray(load_image(encoded(picture, "TIFF"))).max() <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_white_is_zero_is_turned_over(values_16: np.ndarray, dtype: type) -> None:
    values = (values_16 >> 4).astype(dtype)
    normal = np.asarray(load_image(tiff_by_hand(values, photometric=1)), int)
    turned = np.asarray(load_image(tiff_by_hand(values, photometric=0)), int)
    np.testing.assert_allclose(turned, 255 - normal, atol=1)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32])
def test_signed_and_floating_tiff(values_16: np.ndarray, dtype: type) -> None:
    values = values_16.astype(dtype) - 1000
    pixels = read_pixels(tiff_by_hand(values, photometric=1))
    np.testing.assert_array_equal(pixels.values, values)
    assert pixels.grey().getextrema() == (0, 255)


def test_second_picture_of_a_phone_is_ignored(values_8: np.ndarray) -> None:
    first, second = Image.fromarray(values_8), Image.new("L", (50, 40), 9)
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    assert read_pixels(data).source_format == "JPEG"
    assert np.asarray(load_image(data)).std() > 10


def colours_16(values_16: np.ndarray) -> np.ndarray:
    return np.stack([values_16, values_16 // 2, 4095 - values_16, 65535 - values_16 * 3], axis=2)


@pytest.mark.parametrize("adam7", [False, True])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bit_colour_png_keeps_its_depth(values_16: np.ndarray, channels: int, adam7: bool) -> None:
    values = colours_16(values_16)[:, :, :channels]
    np.testing.assert_array_equal(read_pixels(png_by_hand(values, adam7=adam7)).values, values)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_deep_picture_looks_the_same_in_grey_and_in_colour(values_16: np.ndarray, channels: int) -> None:
    grey = np.asarray(load_image(png_by_hand(values_16)))
    opaque = np.full_like(values_16, 65535)
    planes = [values_16] * (channels - 1 + channels % 2) + [opaque] * (1 - channels % 2)
    data = png_by_hand(values_16 if channels == 1 else np.stack(planes, axis=2))
    np.testing.assert_array_equal(np.asarray(load_image(data)), grey)
    np.testing.assert_array_equal(
        np.asarray(read_pixels(data).min_max().convert("L")), np.asarray(read_pixels(png_by_hand(values_16)).min_max())
    )


def test_deep_transparency_lies_over_black(values_16: np.ndarray) -> None:
    alpha = np.where(np.arange(50) < 25, 65535, 0).astype(np.uint16) * np.ones((40, 1), np.uint16)
    grey = np.asarray(load_image(png_by_hand(values_16)))
    shown = np.asarray(load_image(png_by_hand(np.stack([values_16, alpha], axis=2))))
    np.testing.assert_array_equal(shown, np.where(alpha == 0, 0, grey))


@pytest.mark.parametrize("opacity", [0, 1, 128])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_the_same_transparency_all_over_hides_nothing(values_8: np.ndarray, mode: str, opacity: int) -> None:
    picture = Image.fromarray(values_8).convert(mode)
    picture.putalpha(opacity)
    np.testing.assert_array_equal(np.asarray(load_image(encoded(picture, "PNG"))), values_8)


@pytest.mark.parametrize(
    "chunk", [(b"tEXt", b"x"), (b"iCCP", b"\0\0\0"), (b"pHYs", b"1"), (b"zTXt", b"a\0\0" + zlib.compress(bytes(9**8)))]
)
def test_defects_beside_the_pixels_of_a_png_hide_nothing(values_16: np.ndarray, chunk: tuple[bytes, bytes]) -> None:
    sound = png_by_hand(values_16, chunks=(chunk, (b"tRNS", b"\0"), (b"eXIf", b"rubbish")))
    np.testing.assert_array_equal(read_pixels(sound).values, values_16)
    broken = sound.replace(png_chunk(*chunk), png_chunk(*chunk)[:-1] + b"?")  # its checksum
    np.testing.assert_array_equal(read_pixels(broken).values, values_16)


def test_one_transparent_grey_is_not_taken_out(values_8: np.ndarray) -> None:
    data = encoded(Image.fromarray(values_8), "PNG", transparency=int(values_8[0, 0]))
    np.testing.assert_array_equal(np.asarray(load_image(data)), values_8)


KINDS = [np.uint8, np.int8, np.uint16, np.int16, np.float16, np.uint32, np.int32, np.float32]


@pytest.mark.parametrize(
    "layout", [{}, {"tiles": 16}, {"deflated": True}, {"deflated": True, "predictor": 2}, {"big": True}], ids=str
)
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", KINDS)
def test_grey_tiff_of_every_kind(
    values_16: np.ndarray, dtype: type, order: str, photometric: int, layout: dict[str, int]
) -> None:
    kind = np.dtype(dtype)
    values = (values_16.astype(float) / 4095 * 200).astype(int)
    if kind.kind == "u":  # over the whole range, so that a wrong sign shows
        values = values * (np.iinfo(kind).max // 255) + 20
    elif kind.kind == "i":
        values = (values - 100) * (np.iinfo(kind).max // 127)
    values = values.astype(kind)
    if kind.kind == "f":
        layout = {**layout, "predictor": 1}  # the other one is for integers
    picture = read_pixels(tiff_by_hand(values, photometric, order=order, **layout))
    turned = {"u": lambda: ~values, "i": lambda: ~values, "f": lambda: values.max() + values.min() - values}
    np.testing.assert_array_equal(picture.values, values if photometric == 1 else turned[kind.kind]())
    sign = 1 if photometric == 1 else -1
    shown = np.asarray(picture.grey(), float).ravel()
    assert sign * np.corrcoef(shown, values.astype(float).ravel())[0, 1] > 0.99


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_packed_twelve_bit_tiff(values_16: np.ndarray, order: str, photometric: int) -> None:
    pairs = values_16.reshape(-1, 2).astype(int)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1)
    data = tiff_by_hand(values_16, photometric, order=order, bits=12, packed=packed.astype(np.uint8).tobytes())
    np.testing.assert_array_equal(read_pixels(data).values, values_16 if photometric else 4095 - values_16)


@pytest.mark.parametrize("layout", [{}, {"tiles": 16}, {"deflated": True, "predictor": 2}, {"big": True}], ids=str)
@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("extra", [None, 0, 2])
def test_sixteen_bit_colour_tiff_keeps_its_depth(
    values_16: np.ndarray, layout: dict[str, int], planar: int, order: str, extra: int | None
) -> None:
    values = colours_16(values_16)[:, :, : 3 if extra is None else 4]
    data = tiff_by_hand(values, 2, planar=planar, order=order, extra=extra, **layout)
    np.testing.assert_array_equal(read_pixels(data).values, values if extra == 2 else values[:, :, :3])


@pytest.mark.parametrize(
    ("dtype", "options", "said"),
    [
        (np.float64, {}, "floating-point 64-bit grey"),
        (np.uint64, {}, "unsigned 64-bit grey"),
        (np.uint16, {"bits": 10}, "unsigned 10-bit grey"),
        (np.uint16, {"bits": 14}, "unsigned 14-bit grey"),
    ],
)
def test_tiff_kinds_that_are_not_read_are_named(
    values_16: np.ndarray, dtype: type, options: dict[str, int], said: str
) -> None:
    with pytest.raises(ImageReadError, match=f"a TIFF file of {said}, which is not read here. Save it as 16-bit grey"):
        read_pixels(tiff_by_hand(values_16.astype(dtype), 1, **options))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.parametrize(
    ("big", "link"), [(False, 5), (False, 2**31), (False, 10**6), (True, 2**63), (True, 2**64 - 1)]
)
def test_a_broken_link_to_a_second_tiff_directory_hides_nothing(
    values_16: np.ndarray, dtype: type, big: bool, link: int, tmp_path: Path
) -> None:
    values = (values_16 >> 4).astype(dtype)
    path = tmp_path / "x.tif"
    path.write_bytes(tiff_by_hand(values, 1, big=big, link=link))
    np.testing.assert_array_equal(read_pixels(path).values, values)
    assert read_header(path).size_wh == (50, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_orientation_of_deep_and_flat_tiff_is_the_same(values_16: np.ndarray, orientation: int, dtype: type) -> None:
    values = (values_16 >> 4).astype(dtype)
    methods = [None, 0, 3, 1, 5, 4, 6, 2]  # Pillow's transposition for each orientation
    method = methods[orientation - 1]
    expected = Image.fromarray(values.astype(np.uint8))
    if method is not None:
        expected = expected.transpose(Image.Transpose(method))
    got = read_pixels(tiff_by_hand(values, 1, orientation=orientation)).values
    np.testing.assert_array_equal(got.astype(np.uint8), np.asarray(expected))


def test_lossless_jpeg_outside_dicom_is_refused_by_name() -> None:
    data = bytearray(encoded(Image.new("L", (8, 8)), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(ImageReadError, match="12-bit JPEG file"):
        load_image(bytes(data))


def test_a_damaged_exif_block_hides_nothing(values_8: np.ndarray) -> None:
    for file_format in ("JPEG", "WebP"):
        plain = np.asarray(load_image(encoded(Image.fromarray(values_8), file_format)))
        broken = encoded(Image.fromarray(values_8), file_format, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
        np.testing.assert_array_equal(np.asarray(load_image(broken)), plain)
