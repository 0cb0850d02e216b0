"""DICOM files whose header is incomplete, or says other things than the pixels do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from tests.images.conftest import PYDICOM_FILES, dicom_bytes, dicom_dataset, encoded
from vpe_core.datasets.headers import read_header
from vpe_core.errors import ImageReadError
from vpe_core.images import load_image, read_pixels
from vpe_core.images.dicom_stripped import begins_with_later_group
from vpe_core.images.formats import HEAD_BYTES


def shown(data: bytes | Dataset) -> np.ndarray:
    return np.asarray(load_image(dicom_bytes(data) if isinstance(data, Dataset) else data), int)


def in_syntax(values: np.ndarray, syntax: str, **elements: Any) -> bytes:
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    dataset = dicom_dataset(values, PixelData=values.astype(values.dtype.newbyteorder(order)).tobytes(), **elements)
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = syntax
    return dicom_bytes(dataset)


def after_meta(data: bytes) -> bytes:
    """The data set alone: (0002,0000) tells how long the file meta information is."""
    return data[144 + int.from_bytes(data[140:144], "little") :]


def meta_without_syntax(data: bytes) -> bytes:
    start = data.index(b"\x02\x00\x10\x00UI")
    end = start + 8 + int.from_bytes(data[start + 6 : start + 8], "little")
    return data[:start] + data[end:]


INCOMPLETE = {
    "no preamble": lambda data: data[132:],
    "prefix alone": lambda data: data[128:],
    "no preamble, no meta": after_meta,
    "prefix, no meta": lambda data: data[:132] + after_meta(data),
    "no transfer syntax": meta_without_syntax,
}


@pytest.mark.parametrize("incomplete", INCOMPLETE.values(), ids=INCOMPLETE)
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_files_without_complete_meta_information(
    values_16: np.ndarray, tmp_path: Path, syntax: str, incomplete: Any
) -> None:
    whole = in_syntax(values_16, syntax)
    data = incomplete(whole)
    np.testing.assert_array_equal(read_pixels(data).values, values_16)
    assert read_pixels(data).source_format == "DICOM"
    path = tmp_path / "IM000001"
    path.write_bytes(data)
    assert read_header(path).size_wh == (50, 40)


FIRST_ELEMENTS: dict[int, dict[str, Any]] = {
    0x0009: {},
    0x0010: {"PatientSex": "F", "PatientAge": "055Y"},
    0x0012: {"PatientIdentityRemoved": "YES", "DeidentificationMethod": "all but the picture"},
    0x0018: {"BodyPartExamined": "CHEST", "KVP": "110"},
    0x0020: {"StudyInstanceUID": "1.2.3", "InstanceNumber": 1},
    0x0028: {},
}


@pytest.mark.parametrize("group", FIRST_ELEMENTS)
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_files_whose_first_groups_are_stripped(values_16: np.ndarray, tmp_path: Path, syntax: str, group: int) -> None:
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    dataset = dicom_dataset(values_16, PixelData=values_16.astype(f"{order}u2").tobytes())
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = syntax
    for element in [each for each in dataset if each.tag.group < 0x0028]:
        del dataset[element.tag]
    for name, value in FIRST_ELEMENTS[group].items():
        setattr(dataset, name, value)
    if group == 0x0009:
        dataset.add_new(0x00090010, "LO", "SOME VENDOR")
        dataset.add_new(0x00091001, "UN", b"some data\0")
    data = after_meta(dicom_bytes(dataset))
    assert int.from_bytes(data[:2], "big" if order == ">" else "little") == group
    assert read_pixels(data).source_format == "DICOM"
    np.testing.assert_array_equal(read_pixels(data).values, values_16)
    (tmp_path / "IM1").write_bytes(data)
    assert read_header(tmp_path / "IM1").size_wh == (50, 40)


def other_data() -> Iterator[bytes]:
    """Texts, tables, raw images and noise, many of which begin as an element would."""
    generator = np.random.default_rng(5)
    for group in range(0x0004, 0x0029):
        start = group.to_bytes(2, "little")
        for _ in range(30):
            noise = generator.integers(0, 256, 3000, np.uint8).tobytes()
            dark = generator.integers(0, 60, 1500).astype("<u2").tobytes()
            sparse = (generator.integers(0, 60, 1500) * generator.integers(0, 2, 1500)).astype("<u2").tobytes()
            for body in (noise, dark, sparse, dark[1:], np.sort(np.frombuffer(dark, "<u2")).tobytes()):
                yield start + body
                yield start[::-1] + body
        yield start + bytes(3000)
        yield np.arange(group, group + 1500).astype("<u2").tobytes()
        yield start + b"name,age,finding\r\n" * 100
        yield (b"%PDF-1.7", b"PK\x03\x04", bytes(344) + b"n+1\0")[group % 3] + start * 1000
    yield np.full(1500, 0x0028, "<u2").tobytes()
    yield np.tile(np.array([0x28, 2, 2, 0, 1], "<u2"), 300).tobytes()


def test_other_data_is_not_taken_for_a_stripped_file() -> None:
    assert [data[:40] for data in other_data() if begins_with_later_group(data[:HEAD_BYTES])] == []


@pytest.mark.parametrize("declared", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
@pytest.mark.parametrize("true", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_wrong_transfer_syntax_is_not_believed(values_16: np.ndarray, declared: str, true: str) -> None:
    data = in_syntax(values_16, true)
    place, room = data.index(true.encode()), len(true) + len(true) % 2
    wrong = data[:place] + declared.encode()[:room].ljust(room, b"\0") + data[place + room :]
    if len(declared) <= room:
        np.testing.assert_array_equal(read_pixels(wrong).values, values_16)


@pytest.mark.parametrize("incomplete", ["no preamble, no meta", "no transfer syntax"])
@pytest.mark.parametrize("syntax", [JPEG2000Lossless, RLELossless])
def test_compressed_files_without_transfer_syntax(values_16: np.ndarray, incomplete: str, syntax: str) -> None:
    dataset = dicom_dataset(values_16)
    dataset.compress(syntax)
    np.testing.assert_array_equal(read_pixels(INCOMPLETE[incomplete](dicom_bytes(dataset))).values, values_16)


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, RLELossless])
def test_the_end_of_compressed_pixels_need_not_be_marked(values_16: np.ndarray, syntax: str) -> None:
    dataset = dicom_dataset(values_16)
    dataset.compress(syntax)
    data = dicom_bytes(dataset)
    assert data.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
    np.testing.assert_array_equal(read_pixels(data[:-8]).values, values_16)


def test_rubbish_behind_the_pixels_is_not_looked_at(values_16: np.ndarray) -> None:
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dicom_dataset(values_16)) + b"\xff" * 99).values, values_16)


@pytest.mark.parametrize("declared", [None, 1, 0, -3, ""])
@pytest.mark.parametrize("kind", ["native", "colour", "jpeg", "jpeg2000", "rle"])
def test_of_more_frames_than_declared_the_first_is_shown(values_8: np.ndarray, kind: str, declared: Any) -> None:
    other = 255 - values_8
    dataset = dicom_dataset(values_8, PixelData=values_8.tobytes() + other.tobytes() * 2)
    if kind == "colour":
        frame = np.stack([values_8] * 3, axis=2)
        dataset = dicom_dataset(frame, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
        dataset.PixelData = frame.tobytes() * 2
    elif kind == "jpeg":
        frames = [encoded(Image.fromarray(values), "JPEG", quality=100) for values in (values_8, other)]
        dataset.PixelData = encapsulate(frames, has_bot=False)
        dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    elif kind != "native":
        dataset.NumberOfFrames, dataset.PixelData = 2, values_8.tobytes() + other.tobytes()
        dataset.compress(JPEG2000Lossless if kind == "jpeg2000" else RLELossless)
    dataset["PixelData"].VR = "OB"
    if declared is None:
        dataset.pop("NumberOfFrames", None)
    else:
        dataset.NumberOfFrames = declared
    np.testing.assert_allclose(shown(dataset), values_8, atol=2)


def test_several_declared_frames_are_refused_unless_one_is_there(values_16: np.ndarray) -> None:
    two = dicom_dataset(values_16, PixelData=values_16.tobytes() * 2, NumberOfFrames=2)
    with pytest.raises(ImageReadError, match="2 frames"):
        shown(two)
    one = dicom_dataset(values_16, NumberOfFrames=2)
    np.testing.assert_array_equal(read_pixels(dicom_bytes(one)).values, values_16)


@pytest.mark.parametrize("extra", [1, 2, 500])
def test_excess_padding_is_left_out(values_16: np.ndarray, extra: int) -> None:
    dataset = dicom_dataset(values_16, PixelData=values_16.tobytes() + b"\x55" * extra + b"\0" * (extra % 2))
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, values_16)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("window", [{}, {"WindowCenter": 2000, "WindowWidth": 1500}])
def test_bits_above_the_stored_ones_are_cleared(
    values_16: np.ndarray, syntax: str, signed: bool, window: dict[str, int]
) -> None:
    overlay = values_16.copy()
    overlay[10:20, 5:15] |= 0x8000
    overlay[30:, 30:] |= 0x3000
    values = values_16.astype(np.int16) - 2048 if signed else values_16
    stored = (values.view(np.uint16) & 0x0FFF) | (overlay & 0xF000)
    plain = shown(dicom_dataset(values, **window))
    dataset = dicom_dataset(stored, **window)
    dataset.compress(syntax) if syntax != ExplicitVRLittleEndian else None
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, int(signed)
    np.testing.assert_array_equal(shown(dataset), plain)


def test_bits_above_the_stored_ones_in_jpeg_ls() -> None:
    plain = pydicom.dcmread(PYDICOM_FILES / "MR_small.dcm")
    dataset = pydicom.dcmread(PYDICOM_FILES / "MR_small_jpeg_ls_lossless.dcm")
    assert dataset.file_meta.TransferSyntaxUID == JPEGLSLossless
    dataset.BitsStored, dataset.HighBit = 8, 7
    del dataset.WindowCenter, dataset.WindowWidth
    expected = (plain.pixel_array.astype(np.int16) << 8) >> 8
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, expected)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_a_header_that_names_too_few_bits_folds_nothing(bits: int, signed: bool) -> None:
    y, x = np.mgrid[:48, :64]
    values = (900 * y + 100 * x + 7 * (x * y % 5)).astype(np.uint16)
    if signed:
        values = (values.astype(int) - 25_000).astype(np.int16)
    dataset = dicom_dataset(values, BitsStored=bits, HighBit=bits - 1)
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, values)


def test_left_aligned_values(values_16: np.ndarray) -> None:
    dataset = dicom_dataset((values_16 << 4) | 5, BitsStored=12, HighBit=15)
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, values_16)
    careless = dicom_dataset(values_16, BitsStored=12, HighBit=15)
    np.testing.assert_array_equal(read_pixels(dicom_bytes(careless)).values, values_16)


@pytest.mark.parametrize(
    "elements",
    [
        {"BitsStored": 0}, {"BitsStored": 40}, {"BitsStored": None}, {"HighBit": None}, {"HighBit": 99},
        {"BitsAllocated": None}, {"BitsAllocated": 0}, {"PixelRepresentation": None}, {"PixelRepresentation": 7},
        {"SamplesPerPixel": None}, {"SamplesPerPixel": 0}, {"PhotometricInterpretation": None},
        {"PhotometricInterpretation": ""}, {"PhotometricInterpretation": "GREY"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless])
def test_header_values_that_are_missing_or_impossible(
    values_16: np.ndarray, elements: dict[str, Any], syntax: str
) -> None:
    dataset = dicom_dataset(values_16)
    dataset["PixelData"].VR = "OW"
    if syntax != ExplicitVRLittleEndian:
        dataset.compress(syntax)
    for name, value in elements.items():
        if value is None:
            del dataset[name]
        else:
            setattr(dataset, name, value)
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, values_16)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless])
def test_grey_pixels_that_are_said_to_have_three_samples(values_16: np.ndarray, syntax: str) -> None:
    dataset = dicom_dataset(values_16)
    if syntax != ExplicitVRLittleEndian:
        dataset.compress(syntax)
    dataset.SamplesPerPixel = 3
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, values_16)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_native_colour(values_8: np.ndarray, planar: int, syntax: str) -> None:
    colours = np.stack([values_8, values_8 // 2, 255 - values_8], axis=2)
    dataset = dicom_dataset(colours, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    dataset["PixelData"].VR = "OB"
    if syntax == RLELossless:
        dataset.compress(syntax)
    elif planar == 1:
        dataset.PixelData = np.ascontiguousarray(colours.transpose(2, 0, 1)).tobytes()
    dataset.PlanarConfiguration = planar
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, colours)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422", "RGB", "MONOCHROME2"])
def test_a_colour_jpeg_whatever_the_header_says(values_8: np.ndarray, photometric: str) -> None:
    grey = Image.fromarray(values_8).resize((64, 48)).convert("RGB")
    dataset = dicom_dataset(np.asarray(grey.convert("L")), PhotometricInterpretation=photometric)
    if photometric != "MONOCHROME2":
        dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([encoded(grey, "JPEG", quality=98)])
    dataset["PixelData"].VR = "OB"
    assert np.abs(shown(dataset) - np.asarray(grey.convert("L"), int)).mean() < 3


@pytest.mark.parametrize("allocated", [8, 16])
def test_a_grey_jpeg_in_a_header_of_colour_or_of_other_depth(values_8: np.ndarray, allocated: int) -> None:
    smooth = Image.fromarray(values_8).resize((64, 48))
    dataset = dicom_dataset(np.asarray(smooth), SamplesPerPixel=3, PhotometricInterpretation="RGB")
    dataset.BitsAllocated = dataset.BitsStored = allocated
    dataset.PlanarConfiguration, dataset.file_meta.TransferSyntaxUID = 0, RLELossless  # wrong, too
    dataset.PixelData = encapsulate([encoded(smooth, "JPEG", quality=98)])
    dataset["PixelData"].VR = "OB"
    assert np.abs(shown(dataset) - np.asarray(smooth, int)).mean() < 3


def test_a_jpeg_that_ends_early_is_refused() -> None:
    for name in ("JPGExtended", "MR_small_jpeg_ls_lossless"):
        dataset = pydicom.dcmread(PYDICOM_FILES / f"{name}.dcm")
        frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
        dataset.PixelData = encapsulate([frame[: len(frame) // 2]])
        with pytest.raises(ImageReadError, match="end early"):
            shown(dataset)


def test_frames_in_several_fragments(values_8: np.ndarray) -> None:
    picture = Image.fromarray(values_8).resize((64, 48))
    dataset = dicom_dataset(np.asarray(picture))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    whole = encapsulate([encoded(picture, "JPEG")])
    dataset.PixelData = whole
    dataset["PixelData"].VR = "OB"
    expected = shown(dataset)
    dataset.PixelData = encapsulate([encoded(picture, "JPEG")], fragments_per_frame=3)
    np.testing.assert_array_equal(shown(dataset), expected)


def test_floating_point_pixels_are_refused_by_name(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16)
    del dataset.PixelData
    dataset.FloatPixelData = values_16.astype(np.float32).tobytes()
    with pytest.raises(ImageReadError, match="floating-point"):
        shown(dataset)
