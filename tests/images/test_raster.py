"""PNG, JPEG, TIFF and WebP: the pixels that come out are the pixels that went in."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from tests.images.conftest import encoded
from vpe_core.images import load_image, read_pixels

LOSSLESS = [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WebP", {"lossless": True})]


def tiff_by_hand(values: np.ndarray, photometric: int) -> bytes:
    """A minimal TIFF (TIFF 6.0, baseline): one strip, little-endian."""
    sample_format = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    height, width = values.shape
    tags = [(256, width), (257, height), (258, values.dtype.itemsize * 8), (259, 1), (262, photometric), (273, None)]
    tags += [(277, 1), (278, height), (279, values.nbytes), (339, sample_format)]
    first_pixel = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, first_pixel if v is None else v) for tag, v in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + values.tobytes()


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
