"""DICOM display attributes that are empty, malformed or contradicted by the pixels: the picture stays what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from tests.images.conftest import dicom_bytes, dicom_dataset
from vpe_core.images import XrayPixels, load_image, read_pixels


def shown(dataset: Dataset) -> np.ndarray:
    return np.asarray(load_image(dicom_bytes(dataset)), int)


def stretched(values: np.ndarray) -> np.ndarray:
    values = values.astype(float)
    return np.rint((values - values.min()) / (values.max() - values.min()) * 255)


def raw(dataset: Dataset, keyword: str, vr: str, value: bytes) -> None:
    """Set an element to bytes that pydicom would not write."""
    tag = Tag(keyword)
    dataset[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


def table(entries: Any, descriptor: list[int] | None, vr: str = "US") -> Dataset:
    item, entries = Dataset(), np.asarray(entries, np.uint16)
    if descriptor is not None:
        item.add_new("LUTDescriptor", "US", descriptor)
    item.add_new("LUTData", vr, entries.tobytes() if vr == "OW" else entries.tolist())
    return item


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("vr", ["US", "OW"])
@pytest.mark.parametrize(("entry_bits", "declared"), [(12, 16), (10, 16), (12, 8), (12, 0), (12, 77)])
def test_the_entries_of_a_voi_lut_tell_its_range(
    values_16: np.ndarray, photometric: str, vr: str, entry_bits: int, declared: int
) -> None:
    entries = np.arange(4096) >> (12 - entry_bits)
    item = table(entries, [4096, 0, declared], vr)
    dataset = dicom_dataset(values_16, VOILUTSequence=[item], PhotometricInterpretation=photometric)
    expected = (values_16 >> (12 - entry_bits)) / entries.max() * 255
    expected = 255 - expected if photometric == "MONOCHROME1" else expected
    np.testing.assert_allclose(shown(dataset), expected, atol=0.51)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_voi_lut_of_signed_values_with_65536_entries(values_16: np.ndarray, syntax: str) -> None:
    signed = values_16.astype(np.int16) - 2000
    entries = np.arange(2**16)
    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [0, -(2**15), 16])
    item.add_new("LUTData", "OW", entries.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes())
    dataset = dicom_dataset(signed, VOILUTSequence=[item])
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = signed.astype(">i2").tobytes()
    np.testing.assert_allclose(shown(dataset), (signed + 2.0**15) / (2**16 - 1) * 255, atol=0.51)


def test_eight_bit_entries_may_be_packed_in_words(values_16: np.ndarray) -> None:
    entries = (255 - np.arange(4096) // 16).astype(np.uint8)
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4096, 0, 8])
    item.add_new("LUTData", "OW", entries.tobytes())
    np.testing.assert_array_equal(shown(dicom_dataset(values_16, VOILUTSequence=[item])), entries[values_16])


@pytest.mark.parametrize(
    "item",
    [
        Dataset(),
        table(range(4096), None),
        table(range(4096), [4096, 0]),
        table([], [4096, 0, 12]),
        table([0] * 4096, [4096, 0, 12]),
        table(range(10), [4096, 0, 12]),  # shorter than declared, and the pixels reach beyond its end
    ],
    ids=["empty", "no descriptor", "short descriptor", "no data", "all zero", "cut short"],
)
@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
def test_tables_that_cannot_be_used_count_as_absent(values_16: np.ndarray, item: Dataset, sequence: str) -> None:
    np.testing.assert_array_equal(shown(dicom_dataset(values_16, **{sequence: [item]})), stretched(values_16))


def test_a_voi_lut_that_shows_one_grey_counts_as_absent(values_16: np.ndarray) -> None:
    item = table(range(5, 4101), [4096, 30000, 12])  # all pixels lie below its first entry
    np.testing.assert_array_equal(shown(dicom_dataset(values_16, VOILUTSequence=[item])), stretched(values_16))


def test_a_second_table_or_a_window_takes_the_place_of_a_bad_table(values_16: np.ndarray) -> None:
    bad, good = table([0, 0], [4096, 0, 12]), table(range(4096), [4096, 0, 12])
    expected = values_16 / 4095 * 255
    np.testing.assert_allclose(shown(dicom_dataset(values_16, VOILUTSequence=[bad, good])), expected, atol=0.51)
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    np.testing.assert_allclose(shown(dicom_dataset(values_16, VOILUTSequence=[bad], **window)), expected, atol=0.51)


@pytest.mark.parametrize("name", ["RescaleSlope", "RescaleIntercept"])
@pytest.mark.parametrize("value", [b"", b"abc ", b"nan ", b"inf ", b"0 ", b"1e999 "])
def test_a_rescale_that_cannot_be_used_counts_as_one_and_zero(values_16: np.ndarray, name: str, value: bytes) -> None:
    dataset = dicom_dataset(values_16, WindowCenter=2000, WindowWidth=1500)
    expected = shown(dataset)
    raw(dataset, name, "DS", value)
    np.testing.assert_array_equal(shown(dataset), expected)


def test_a_rescale_that_levels_everything_is_left_out(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16, RescaleSlope="1e-300", RescaleIntercept="-1000")
    np.testing.assert_array_equal(shown(dataset), stretched(values_16))


@pytest.mark.parametrize(
    ("center", "width"),
    [
        (b"2000", b"0 "), (b"2000", b"-5"), (b"2000", b""), (b"", b"300 "), (b"2000", b"nan "), (b"x ", b"300 "),
        (b"60000 ", b"100 "), (b"-900", b"100 "), (b"1,2,3 ", b"1,000.5 "), (b"\\", b"\\ "), (b"1e400 ", b"1 "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("function", ["LINEAR", "SIGMOID", "LINEAR_EXACT", ""])
def test_impossible_windows_count_as_absent(values_16: np.ndarray, center: bytes, width: bytes, function: str) -> None:
    dataset = dicom_dataset(values_16, VOILUTFunction=function)
    raw(dataset, "WindowCenter", "DS", center)
    raw(dataset, "WindowWidth", "DS", width)
    np.testing.assert_array_equal(shown(dataset), stretched(values_16))


@pytest.mark.parametrize(
    ("center", "width"),
    [(b"2000,0", b"1500,0"), (b"2000\\100", b"1500\\50 "), (b"7\\2000", b"0\\1500"), (b"90000\\2000 ", b"10\\1500 ")],
)
def test_the_first_window_that_can_be_used_counts(values_16: np.ndarray, center: bytes, width: bytes) -> None:
    dataset = dicom_dataset(values_16)
    raw(dataset, "WindowCenter", "DS", center)
    raw(dataset, "WindowWidth", "DS", width)
    window = dicom_dataset(values_16, WindowCenter=2000, WindowWidth=1500)
    np.testing.assert_array_equal(shown(dataset), shown(window))


def test_an_unknown_window_function_counts_as_linear(values_16: np.ndarray) -> None:
    window = {"WindowCenter": 2000, "WindowWidth": 1500}
    expected = shown(dicom_dataset(values_16, **window))
    np.testing.assert_array_equal(shown(dicom_dataset(values_16, VOILUTFunction="CUBIC", **window)), expected)


def test_a_narrow_window_after_a_small_slope(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16, RescaleSlope="0.0002", WindowCenter="0.4", WindowWidth="0.41")
    expected = ((values_16 * 0.0002 - 0.4) / 0.41 + 0.5).clip(0, 1) * 255
    np.testing.assert_allclose(shown(dataset), expected, atol=0.51)


@pytest.mark.parametrize("value", [b"", b"\x01\x00\x02\x00"])
def test_malformed_padding_counts_as_absent(values_16: np.ndarray, value: bytes) -> None:
    dataset = dicom_dataset(values_16)
    raw(dataset, "PixelPaddingValue", "US", value)
    np.testing.assert_array_equal(shown(dataset), stretched(values_16))


def test_padding_of_signed_values_and_ranges(values_16: np.ndarray) -> None:
    padded = values_16.astype(np.int16)
    padded[:5], padded[5] = -2000, -1990
    dataset = dicom_dataset(padded, PixelRepresentation=1)
    raw(dataset, "PixelPaddingValue", "US", (-2000 & 0xFFFF).to_bytes(2, "little"))
    dataset.add_new("PixelPaddingRangeLimit", "SS", -1980)
    np.testing.assert_array_equal(shown(dataset)[6:], stretched(padded[6:]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int8])
@pytest.mark.parametrize("bits", [1, 6, 8])
def test_up_to_eight_bits_show_all_levels_that_they_allow(dtype: type, bits: int) -> None:
    signed = np.dtype(dtype).kind == "i"
    lowest = -(2 ** (bits - 1)) if signed else 0
    levels = np.arange(lowest, lowest + 2**bits)
    values = np.resize(levels, (12, 24)).astype(dtype)
    dataset = dicom_dataset(values, BitsStored=bits, HighBit=bits - 1)
    expected = np.rint((values.astype(int) - lowest) / (2**bits - 1) * 255)
    np.testing.assert_array_equal(shown(dataset), expected)
    dataset.PhotometricInterpretation = "MONOCHROME1"
    np.testing.assert_allclose(shown(dataset), 255 - expected, atol=1)


def test_one_bit_a_pixel() -> None:
    values = np.random.default_rng(1).integers(0, 2, (13, 17)).astype(np.uint8)
    packed = np.packbits(values.ravel(), bitorder="little").tobytes()
    dataset = dicom_dataset(
        values, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=packed + b"\0" * (len(packed) % 2)
    )
    np.testing.assert_array_equal(shown(dataset), values * 255)


def test_ten_and_twelve_bits_show_their_own_range(values_16: np.ndarray) -> None:
    for bits in (10, 12):
        values = values_16 >> (12 - bits)
        np.testing.assert_array_equal(
            shown(dicom_dataset(values, BitsStored=bits, HighBit=bits - 1)), stretched(values)
        )


@pytest.mark.parametrize("border", [0, 1, 400])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("center", "width"),
    [(b"2,048 ", b"4,096 "), (b"2,048.0 ", b"4,096.00"), (b"2,048 ", b"4096"), (b"2048", b"4,096 ")],
)
def test_commas_between_thousands(
    values_16: np.ndarray, center: bytes, width: bytes, photometric: str, border: int
) -> None:
    values = values_16.copy()
    values.ravel()[:border] = 0
    dataset = dicom_dataset(values, PhotometricInterpretation=photometric)
    raw(dataset, "WindowCenter", "DS", center)
    raw(dataset, "WindowWidth", "DS", width)
    window = dicom_dataset(values, PhotometricInterpretation=photometric, WindowCenter=2048, WindowWidth=4096)
    np.testing.assert_array_equal(shown(dataset), shown(window))


def test_a_comma_with_three_places_behind_it(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16, RescaleSlope="0.001", VOILUTFunction="LINEAR_EXACT")
    raw(dataset, "WindowCenter", "DS", b"2,048 ")
    raw(dataset, "WindowWidth", "DS", b"4,096 ")
    np.testing.assert_allclose(shown(dataset), (values_16 / 4096).clip(0, 1) * 255, atol=1)


def test_an_intercept_with_a_comma_between_thousands(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16, RescaleIntercept="-1024", WindowCenter=900, WindowWidth=3000)
    expected = shown(dataset)
    raw(dataset, "RescaleIntercept", "DS", b"-1,024")
    np.testing.assert_array_equal(shown(dataset), expected)


@pytest.mark.parametrize("n_border", [1, 500])
@pytest.mark.parametrize("border", [0, 4095])
def test_a_window_that_shows_the_border_alone_counts_as_absent(
    values_16: np.ndarray, border: int, n_border: int
) -> None:
    values = values_16.copy()
    values.ravel()[:n_border] = border
    dataset = dicom_dataset(values, WindowCenter=abs(border - 2), WindowWidth=4)
    np.testing.assert_array_equal(shown(dataset), stretched(values))


@pytest.mark.parametrize("n_border", [0, 1200])
@pytest.mark.parametrize(("center", "width"), [(2000, 200), (3700, 100), (400, 60), (1500, 1)])
def test_narrow_windows_and_large_borders_are_believed(
    values_16: np.ndarray, center: int, width: int, n_border: int
) -> None:
    values = np.tile(values_16, (2, 1))
    values.ravel()[:n_border] = 0
    dataset = dicom_dataset(values, WindowCenter=center, WindowWidth=width, VOILUTFunction="LINEAR_EXACT")
    expected = ((values - float(center)) / width + 0.5).clip(0, 1) * 255
    np.testing.assert_allclose(shown(dataset), expected, atol=0.51)


@pytest.mark.parametrize("signed", [False, True])
def test_a_large_picture_is_what_its_pixels_are_one_by_one(signed: bool) -> None:
    """Larger than a block of levels, with levels that do not occur, turned over, its window cutting on both sides."""
    shift = 2000 if signed else 0
    stored = np.random.default_rng(0).normal(2000, 500, (700, 611)).clip(0, 4095).astype(np.uint16)
    values = (stored.astype(int) - shift).astype(np.int16 if signed else np.uint16)
    window = {"WindowCenter": 2100 - shift, "WindowWidth": 1500}
    dataset = dicom_dataset(values, **window, PhotometricInterpretation="MONOCHROME1")
    expected = ((values.astype(float) - (window["WindowCenter"] - 0.5)) / 1499 + 0.5).clip(0, 1)
    np.testing.assert_array_equal(shown(dataset), np.rint((1 - expected) * 255))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_pictures_are_the_same_by_level_and_by_pixel(dtype: type) -> None:
    bits, sign = 8 * np.dtype(dtype).itemsize, int(np.dtype(dtype).kind == "i")
    values = np.random.default_rng(2).integers(90 - 40 * sign, 200, (40, 30)).astype(dtype) - dtype(60 * sign)
    changes = {"BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": sign}
    window = {"RescaleSlope": 1.5, "RescaleIntercept": -7, "WindowCenter": 120.3, "WindowWidth": 130}
    pixels = read_pixels(dicom_bytes(dicom_dataset(values, PixelData=values.tobytes(), **changes, **window)))
    expected = ((values * 1.5 - 7 - (120.3 - 0.5)) / (130 - 1) + 0.5).clip(0, 1)
    np.testing.assert_allclose(pixels.values, expected, rtol=0, atol=1e-12)
    by_pixel = XrayPixels(pixels.values, pixels.display_range, "DICOM")
    assert pixels.table is not None
    assert pixels.size_wh == by_pixel.size_wh
    assert pixels.grey().tobytes() == by_pixel.grey().tobytes()
    assert pixels.min_max().tobytes() == by_pixel.min_max().tobytes()
