"""DICOM: pixels, display and privacy, on files made here, on pydicom's own test files and on a real radiograph."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import apply_windowing
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from tests.images.conftest import PYDICOM_FILES, dicom_bytes, dicom_dataset, encoded
from vpe_core.errors import ImageReadError
from vpe_core.images import load_image, read_pixels


def shown(dataset: Dataset) -> np.ndarray:
    return np.asarray(load_image(dicom_bytes(dataset)), int)


def stretched(values: np.ndarray) -> np.ndarray:
    values = values.astype(float)
    return np.rint((values - values.min()) / (values.max() - values.min()) * 255)


def lookup_table(entries: np.ndarray, first: int, bits: int, vr: str = "US") -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.add_new("LUTData", vr, entries.tobytes() if vr == "OW" else entries.tolist())
    return item


def test_without_a_window_deep_values_show_their_own_range(values_16: np.ndarray) -> None:
    np.testing.assert_array_equal(shown(dicom_dataset(values_16)), stretched(values_16))


def test_without_a_window_eight_bit_values_are_kept(values_8: np.ndarray) -> None:
    np.testing.assert_array_equal(shown(dicom_dataset(values_8)), values_8)
    rescaled = dicom_dataset(values_8, RescaleSlope=2, RescaleIntercept=-100)
    np.testing.assert_array_equal(shown(rescaled), values_8)


def test_monochrome1_is_turned_over(values_16: np.ndarray) -> None:
    normal = shown(dicom_dataset(values_16))
    turned = shown(dicom_dataset(values_16, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_allclose(turned, 255 - normal, atol=1)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(2000, 1500), (1500.5, 1), (4000, 300)])
def test_windows_agree_with_pydicom(values_16: np.ndarray, function: str, center: float, width: float) -> None:
    dataset = dicom_dataset(values_16, WindowCenter=center, WindowWidth=width, VOILUTFunction=function)
    if width == 1 and function == "LINEAR":  # pydicom divides by zero beside the step; the standard has no such values
        expected = np.where(values_16 <= center - 0.5, 0, 255)
    else:
        with np.errstate(over="ignore"):
            expected = apply_windowing(values_16, dataset) / (2**16 - 1) * 255
    np.testing.assert_allclose(shown(dataset), expected, atol=0.51)


def test_the_first_of_several_windows_counts(values_16: np.ndarray) -> None:
    one = dicom_dataset(values_16, WindowCenter=2000, WindowWidth=1500)
    several = dicom_dataset(values_16, WindowCenter=[2000, 100], WindowWidth=[1500, 50])
    np.testing.assert_array_equal(shown(several), shown(one))


def test_the_window_applies_after_the_rescale(values_16: np.ndarray) -> None:
    plain = dicom_dataset(values_16, WindowCenter=2000, WindowWidth=1500)
    rescaled = dicom_dataset(
        values_16, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=3000, WindowWidth=3000, VOILUTFunction="LINEAR"
    )
    np.testing.assert_allclose(shown(rescaled), shown(plain), atol=1)


@pytest.mark.parametrize("vr", ["US", "OW"])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_voi_lookup_table(values_16: np.ndarray, bits: int, vr: str) -> None:
    entries = (np.linspace(1, 0, 3000) ** 2 * (2**bits - 1)).astype(np.uint16)  # falling, so not just a stretch
    dataset = dicom_dataset(values_16, VOILUTSequence=[lookup_table(entries, 500, bits, vr)])
    index = np.clip(values_16.astype(int) - 500, 0, 2999)
    np.testing.assert_allclose(shown(dataset), entries[index] / (2**bits - 1) * 255, atol=0.51)


def test_modality_lookup_table(values_16: np.ndarray) -> None:
    entries = (np.arange(4096, dtype=float) ** 2 / 4096).astype(np.uint16)
    dataset = dicom_dataset(values_16, ModalityLUTSequence=[lookup_table(entries, 0, 16)])
    np.testing.assert_array_equal(shown(dataset), stretched(entries[values_16]))


def test_padding_does_not_widen_the_range(values_16: np.ndarray) -> None:
    padded = values_16.copy()
    padded[:5] = 60000
    grey = shown(dicom_dataset(padded, PixelPaddingValue=60000))
    np.testing.assert_array_equal(grey[5:], stretched(values_16[5:]))


def test_signed_values(values_16: np.ndarray) -> None:
    signed = values_16.astype(np.int16) - 2000
    np.testing.assert_array_equal(shown(dicom_dataset(signed)), stretched(signed))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_lossless_compression_changes_nothing(values_16: np.ndarray, syntax: str) -> None:
    dataset = dicom_dataset(values_16)
    expected = shown(dataset)
    dataset.compress(syntax)
    np.testing.assert_array_equal(shown(dataset), expected)


def test_jpeg_baseline(values_8: np.ndarray) -> None:
    smooth = Image.fromarray(values_8).resize((64, 48))
    dataset = dicom_dataset(np.asarray(smooth))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([encoded(smooth, "JPEG", quality=95)])
    dataset["PixelData"].VR = "OB"
    assert np.abs(shown(dataset) - np.asarray(smooth, int)).mean() < 3


@pytest.mark.parametrize(
    "name",
    [
        "JPGExtended.dcm", "JPEG2000.dcm", "JPEGLSNearLossless_16.dcm", "MR_small_RLE.dcm",
        "MR_small_jpeg_ls_lossless.dcm", "MR_small_bigendian.dcm", "SC_rgb_jpeg_dcmtk.dcm", "693_J2KI.dcm",
    ],
)  # fmt: skip
def test_transfer_syntaxes_of_other_programs(name: str) -> None:
    picture = load_image(PYDICOM_FILES / name)
    header = pydicom.dcmread(PYDICOM_FILES / name, stop_before_pixels=True)
    assert picture.size == (header.Columns, header.Rows)
    low, high = picture.getextrema()
    assert high - low > 100


@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_bigendian.dcm"])
def test_the_same_image_in_several_syntaxes(name: str) -> None:
    expected = load_image(PYDICOM_FILES / "MR_small.dcm")
    assert load_image(PYDICOM_FILES / name).tobytes() == expected.tobytes()


def test_a_real_radiograph(shared_data: Path) -> None:
    picture = load_image(shared_data / "dicom" / "rsna_sample.dcm")
    assert (picture.mode, picture.size) == ("L", (1024, 1024))
    grey = np.asarray(picture, float)
    lungs, spine = grey[300:600, [300, 700]].mean(), grey[300:600, 480:540].mean()
    assert lungs < spine, "air must be darker than bone"


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Rows": 60000, "Columns": 60000}, r"60000 x 60000 pixels \(3600.0 megapixels\), and at most"),
        ({"Rows": 0}, "50 x 0 pixels"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "PALETTE COLOR"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}, "16 bits"),
        ({"Rows": 400}, "end early: 4000 of 40000 bytes"),
        ({"BitsAllocated": 12, "PixelData": bytes(3000)}, "12 bits allocated"),
        ({"SamplesPerPixel": 4, "PhotometricInterpretation": "ARGB"}, "4 samples"),
    ],
)
def test_what_cannot_be_read_is_refused(values_16: np.ndarray, elements: dict[str, object], message: str) -> None:
    data = dicom_bytes(dicom_dataset(values_16, **elements))
    with pytest.raises(ImageReadError, match=message):
        load_image(data)


def test_files_without_an_image_are_refused() -> None:
    with pytest.raises(ImageReadError, match="without an image"):
        load_image(PYDICOM_FILES / "reportsi.dcm")


def test_deflated_files_are_refused_unread(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    with pytest.raises(ImageReadError, match="deflated"):
        load_image(dicom_bytes(dataset))


def test_a_frame_larger_than_its_header_is_refused(values_8: np.ndarray) -> None:
    dataset = dicom_dataset(values_8)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([encoded(Image.new("L", (3000, 2000)), "JPEG")])
    dataset["PixelData"].VR = "OB"
    with pytest.raises(ImageReadError, match=r"50 x 40 pixels, its frame \(3000, 2000\)"):
        load_image(dicom_bytes(dataset))


def test_a_jpeg_2000_frame_larger_than_its_header_is_refused(values_8: np.ndarray) -> None:
    large = dicom_dataset(np.zeros((300, 200), np.uint8))
    large.compress(JPEG2000Lossless)
    large.Rows, large.Columns = 40, 50
    with pytest.raises(ImageReadError, match=r"its frame \(200, 300\)"):
        load_image(dicom_bytes(large))


def test_the_patient_is_not_even_parsed(values_16: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[Dataset] = []
    read = pydicom.filereader.read_dataset

    def watched(*args: object, **options: object) -> Dataset:
        parsed.append(read(*args, **options))  # type: ignore[arg-type]
        return parsed[-1]

    monkeypatch.setattr("pydicom.filereader.read_dataset", watched)
    read_pixels(dicom_bytes(dicom_dataset(values_16)))
    assert any("Rows" in dataset for dataset in parsed)
    assert not any(element.tag.group == 0x0010 for dataset in parsed for element in dataset)


def test_the_patient_is_neither_kept_nor_logged(values_16: np.ndarray, caplog: pytest.LogCaptureFixture) -> None:
    dataset = dicom_dataset(values_16)
    dataset.PatientComments = "Roentgen^Anna"
    intact, damaged = dicom_bytes(dataset), dicom_bytes(dataset)[:-500]
    with caplog.at_level(logging.DEBUG):
        pixels = read_pixels(intact)
        with pytest.raises(ImageReadError) as caught:
            read_pixels(damaged)
    everything = f"{pixels!r} {pixels.grey().info} {caught.value} {caught.value.__cause__} {caplog.text}"
    for secret in ("Roentgen", "SECRET-1895", "18391230"):
        assert secret not in everything
