"""TIFF files whose tags are missing or unusual: samples that nobody explains, bits in reverse order, no data."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.images.by_hand import tiff_by_hand
from tests.images.conftest import encoded
from tests.images.test_raster import colours_16
from vpe_core.errors import ImageReadError
from vpe_core.images import load_image, read_pixels

PHOTOMETRIC, THRESHHOLDING, FILL_ORDER, PLANAR, NO_DATA = 262, 263, 266, 284, 42113
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def with_entry(data: bytes, tag: int, entry: tuple[int, int, int, bytes]) -> bytes:
    """The file with an entry (tag, type, count, value) of its directory in the place of another one."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    for place in range(start + 2, start + 2 + 12 * struct.unpack_from(f"{order}H", data, start)[0], 12):
        if struct.unpack_from(f"{order}H", data, place)[0] == tag:
            new = struct.pack(f"{order}HHI", *entry[:3]) + entry[3].ljust(4, b"\0")
            return data[:place] + new + data[place + 12 :]
    raise AssertionError(f"there is no tag {tag}")


def without_photometric(data: bytes) -> bytes:
    return with_entry(data, PHOTOMETRIC, (THRESHHOLDING, 3, 1, bytes(4)))


def with_fill_order_2(data: bytes) -> bytes:
    order = "<" if data[:2] == b"II" else ">"
    return with_entry(data, PLANAR, (FILL_ORDER, 3, 1, struct.pack(f"{order}H", 2)))


@pytest.mark.parametrize("layout", [{}, {"deflated": True}, {"order": ">"}], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_without_photometric_black_is_zero(values_16: np.ndarray, dtype: type, layout: dict[str, bool]) -> None:
    values = (values_16 >> 5).astype(dtype)
    data = without_photometric(tiff_by_hand(values, 0, **layout))
    np.testing.assert_array_equal(read_pixels(data).values, values)


def test_without_photometric_other_kinds(values_8: np.ndarray, values_16: np.ndarray) -> None:
    jpeg = encoded(Image.fromarray(values_8), "TIFF", compression="jpeg")
    np.testing.assert_array_equal(read_pixels(without_photometric(jpeg)).values, read_pixels(jpeg).values)
    fax = encoded(Image.fromarray(values_8 > 128), "TIFF", compression="group4")  # a fax is black on white
    assert struct.pack("<HHIHH", PHOTOMETRIC, 3, 1, 1, 0) in fax
    np.testing.assert_array_equal(read_pixels(without_photometric(fax)).values, 255 - read_pixels(fax).values)
    for count in (3, 4):
        colours = colours_16(values_16)[:, :, :count]
        data = without_photometric(tiff_by_hand(colours, 2))
        np.testing.assert_array_equal(read_pixels(data).values, colours)
    six = np.stack([values_8] * 6, axis=2)
    with pytest.raises(ImageReadError, match="PhotometricInterpretation is missing"):
        read_pixels(without_photometric(tiff_by_hand(six, 2)))


def reversed_strips(
    values: np.ndarray, photometric: int, *, order: str, bits: int = 0, deflated: bool = False
) -> bytes:
    raw = values.astype(values.dtype.newbyteorder(order)).tobytes()
    if bits == 12:
        pairs = values.reshape(-1, 2).astype(int)
        triples = [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255]
        raw = np.stack(triples, axis=1).astype(np.uint8).tobytes()
    if deflated:  # libtiff turns the bits of what is compressed
        raw = zlib.compress(raw)
    data = tiff_by_hand(values, photometric, order=order, bits=bits, packed=raw.translate(REVERSED))
    if deflated:
        data = with_entry(data, 259, (259, 4, 1, struct.pack(f"{order}I", 8)))
    return with_fill_order_2(data)


@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.float16, np.float32, "12"])
def test_bits_in_reverse_order(
    values_16: np.ndarray, dtype: type | str, order: str, photometric: int, deflated: bool
) -> None:
    bits = 12 if dtype == "12" else 0
    values = values_16 if bits else (values_16 >> 5).astype(dtype)
    plain = tiff_by_hand(values, photometric, order=order)
    expected = (values if photometric else 4095 - values) if bits else read_pixels(plain).values
    data = reversed_strips(values, photometric, order=order, bits=bits, deflated=deflated)
    np.testing.assert_array_equal(read_pixels(data).values, expected)


def test_colours_in_reverse_order(values_16: np.ndarray) -> None:
    for colours in (colours_16(values_16)[:, :, :3], (colours_16(values_16)[:, :, :3] >> 8).astype(np.uint8)):
        data = reversed_strips(colours, 2, order="<")
        np.testing.assert_array_equal(read_pixels(data).values, colours)


def test_what_is_not_read_in_reverse_order_is_refused_for_that_reason(values_16: np.ndarray) -> None:
    cmyk = colours_16(values_16).astype(np.uint8)
    with pytest.raises(ImageReadError, match="FillOrder 2"):
        read_pixels(reversed_strips(cmyk, 5, order="<"))


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("void", [-3.4028235e38, 3.4028235e38, -1e31])
def test_numbers_beyond_physics_are_no_data(values_16: np.ndarray, void: float, photometric: int) -> None:
    values = values_16.astype(np.float32) / 4095
    expected = np.asarray(load_image(tiff_by_hand(values[3:], photometric)))
    values[:3] = void
    shown = np.asarray(load_image(tiff_by_hand(values, photometric)))
    np.testing.assert_array_equal(shown[3:], expected)
    assert shown[:3].max() == 0
    np.testing.assert_array_equal(np.asarray(read_pixels(tiff_by_hand(values, photometric)).min_max())[:3], 0)


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize(("dtype", "written"), [(np.float32, b"-99\0"), (np.int16, b"-99\0"), (np.float32, b"nan\0")])
def test_the_file_may_name_what_stands_for_no_data(
    values_16: np.ndarray, dtype: type, written: bytes, photometric: int
) -> None:
    values = values_16.astype(dtype)
    expected = np.asarray(load_image(tiff_by_hand(values[3:], photometric)))
    values[:3] = float(written[:3])
    data = with_entry(tiff_by_hand(values, photometric), PLANAR, (NO_DATA, 2, 4, written))
    shown = np.asarray(load_image(data))
    np.testing.assert_array_equal(shown[3:], expected)
    assert shown[:3].max() == 0


def test_a_damaged_no_data_tag_hides_nothing(values_16: np.ndarray) -> None:
    data = with_entry(tiff_by_hand(values_16, 1), PLANAR, (NO_DATA, 2, 4, b"x\xff\xff\0"))
    np.testing.assert_array_equal(read_pixels(data).values, values_16)
