"""One small file of each kind of picture that is read, made anew."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
    generate_uid,
)

from vpe_core.images import tiff


@lru_cache
def sound_files() -> dict[str, bytes]:
    """One small sound file of each kind."""
    deep = (
        np.linspace(300, 3800, 48 * 56).reshape(48, 56) + np.random.default_rng(0).integers(0, 200, (48, 56))
    ).astype(np.uint16)
    flat = (deep >> 4).astype(np.uint8)
    return _pictures(deep, flat) | _dicom_files(deep, flat)


def _pictures(deep: np.ndarray, flat: np.ndarray) -> dict[str, bytes]:
    grey = Image.fromarray(flat)
    palette = grey.convert("P")
    rgb16 = {tiff.WIDTH: (56,), tiff.BITS: (16,) * 3, tiff.SAMPLES: (3,), tiff.PHOTOMETRIC: (tiff.RGB,)}
    signed_white = {tiff.PHOTOMETRIC: (tiff.WHITE_IS_ZERO,), tiff.SAMPLE_FORMAT: (tiff.SIGNED,)}
    return {
        "png8": _saved(grey, "PNG"),
        "png16": _saved(Image.fromarray(deep), "PNG"),
        "png-rgb16": _png16(np.stack([deep] * 3, axis=2), 2),
        "png-grey-alpha16": _png16(np.stack([deep, deep * 0 + 65535], axis=2), 4),
        "png-palette": _saved(palette, "PNG", transparency=3),
        "jpeg": _saved(grey, "JPEG"),
        "jpeg-cmyk": _saved(grey.convert("CMYK"), "JPEG"),
        "tiff8": _saved(grey, "TIFF"),
        "tiff16": _saved(Image.fromarray(deep), "TIFF"),
        "tiff16-lzw": _saved(Image.fromarray(deep), "TIFF", compression="tiff_lzw"),
        "tiff-float": _saved(Image.fromarray(deep.astype(np.float32)), "TIFF", compression="tiff_adobe_deflate"),
        "tiff-int": _saved(Image.fromarray(deep.astype(np.int32)), "TIFF"),
        "tiff-uint": _tiff(deep.astype(np.int32), {tiff.SAMPLE_FORMAT: (tiff.UNSIGNED,)}),
        "tiff-signed-white": _tiff(deep, signed_white),
        "tiff-int8": _tiff(flat, {tiff.SAMPLE_FORMAT: (tiff.SIGNED,)}),
        "tiff-rgb16": _tiff(np.repeat(deep, 3, axis=1), rgb16),
        "tiff-jpeg": _saved(grey.convert("RGB"), "TIFF", compression="jpeg"),
        "webp": _saved(grey, "WebP"),
        "webp-lossless": _saved(grey, "WebP", lossless=True),
    }


def _dicom_files(deep: np.ndarray, flat: np.ndarray) -> dict[str, bytes]:
    voi, modality = Dataset(), Dataset()
    for table, entries in ((voi, range(4096)), (modality, range(0, 8192, 2))):
        table.LUTDescriptor = [4096, 0, 16]
        table.add_new("LUTData", "US", list(entries))
    compressed = {"dicom-rle": RLELossless, "dicom-jpeg2000": JPEG2000Lossless}
    files = {
        "dicom": _dicom(deep, WindowCenter=[2000, 1500], WindowWidth=[3000, 100]),
        "dicom-implicit": _dicom(deep, ImplicitVRLittleEndian, RescaleSlope=2, RescaleIntercept=-100),
        "dicom-big-endian": _dicom(deep.byteswap(), ExplicitVRBigEndian),
        "dicom-monochrome1": _dicom(deep, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11),
        "dicom-luts": _dicom(deep, ModalityLUTSequence=[modality], VOILUTSequence=[voi], PixelPaddingValue=300),
        "dicom-frames": _dicom(np.concatenate([deep, deep]), Rows=48, NumberOfFrames=1),
        "dicom-rgb": _dicom(
            np.stack([flat] * 3, axis=2), SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0
        ),
    }
    files["dicom-bare"] = files["dicom"][132:]
    for name, syntax in compressed.items():
        dataset = pydicom.dcmread(BytesIO(files["dicom"]))
        dataset.compress(syntax)
        files[name] = _written(dataset)
    jpeg = pydicom.dcmread(BytesIO(_dicom(flat)))
    jpeg.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    jpeg.PixelData = encapsulate([_saved(Image.fromarray(flat), "JPEG")])
    jpeg["PixelData"].VR = "OB"
    files["dicom-jpeg"] = _written(jpeg)
    examples = Path(pydicom.__file__).parent / "data" / "test_files"
    for name in ("MR_small_jpeg_ls_lossless", "JPGExtended"):
        files[f"dicom-{name}"] = (examples / f"{name}.dcm").read_bytes()
    return files


def _saved(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    stream = BytesIO()
    picture.save(stream, file_format, **options)
    return stream.getvalue()


def _tiff(values: np.ndarray, changes: dict[int, tuple[int, ...]]) -> bytes:
    """A TIFF file of a kind that Pillow does not write: another declaration of the same bytes."""
    data = _saved(Image.fromarray(values), "TIFF")
    return tiff.declared_anew(data, tiff.read_header(BytesIO(data)), changes)


def _png16(values: np.ndarray, colour_type: int) -> bytes:
    height, width = values.shape[:2]
    rows = values.astype(">u2").reshape(height, -1)
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _dicom(values: np.ndarray, syntax: str = ExplicitVRLittleEndian, **elements: Any) -> bytes:
    dataset, bits = Dataset(), values.dtype.itemsize * 8
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid(entropy_srcs=["mutated"])
    dataset.Rows, dataset.Columns = values.shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.add_new("PixelData", "OW" if bits > 8 else "OB", values.tobytes())
    for name, value in elements.items():
        setattr(dataset, name, value)
    return _written(dataset)


def _written(dataset: Dataset) -> bytes:
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
