"""Files of every readable format, made here, so that each test knows what the pixels should be."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

PYDICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def encoded(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    """The bytes of a picture file."""
    stream = BytesIO()
    picture.save(stream, file_format, **options)
    return stream.getvalue()


def dicom_dataset(values: np.ndarray, **elements: Any) -> Dataset:
    """A DICOM data set around 8- or 16-bit values, with a patient in it; `elements` are added or replaced."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Roentgen^Anna", "SECRET-1895", "18391230"
    dataset.Rows, dataset.Columns = values.shape[:2]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    bits = values.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    dataset.PixelData = values.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def dicom_bytes(dataset: Dataset) -> bytes:
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@pytest.fixture(scope="session")
def values_16() -> np.ndarray:
    """A 12-bit ramp with some structure in uint16, 40 high and 50 wide, that does not touch 0 or 4095."""
    generator = np.random.default_rng(7)
    ramp = np.linspace(300, 3800, 40 * 50).reshape(40, 50)
    return (ramp + generator.integers(-200, 200, ramp.shape)).astype(np.uint16)


@pytest.fixture(scope="session")
def values_8(values_16: np.ndarray) -> np.ndarray:
    return (values_16 >> 4).astype(np.uint8)
