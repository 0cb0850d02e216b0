"""Which format some bytes are in: the one test for decoding, for headers and for messages."""

from __future__ import annotations

from collections.abc import Mapping

from vpe_core.extras import is_installed
from vpe_core.images import jsrt
from vpe_core.images.dicom_file import HEAD_BYTES as DICOM_HEAD_BYTES
from vpe_core.images.dicom_file import has_prefix, looks_like_elements
from vpe_core.images.dicom_stripped import begins_with_later_group

HEAD_BYTES = max(DICOM_HEAD_BYTES, 512)
READABLE = "PNG, JPEG, TIFF, WebP, DICOM and JSRT .IMG"

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",  # BigTIFF
    b"MM\x00+": "TIFF",
}
_OTHERS = {
    0: {
        b"GIF8": "a GIF picture",
        b"BM": "a BMP picture",
        b"%PDF": "a PDF document",
        b"PK\x03\x04": "a ZIP archive",
        b"\x1f\x8b": "a gzip archive, such as a NIfTI volume (.nii.gz)",
        b"NRRD": "an NRRD volume",
        b"\x93NUMPY": "a NumPy array",
        b"\x89HDF": "an HDF5 file",
        b"\x00\x00\x00\x0cjP  ": "a JPEG 2000 picture",
        b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    },
    4: {b"ftyp": "a HEIC or AVIF picture, or a film"},
    344: {b"n+1\x00": "a NIfTI volume", b"ni1\x00": "a NIfTI volume"},
}
"""By the place of the signature."""


def told_format(head: bytes, n_bytes: int) -> str | None:
    """The format of a file: "DICOM", "PNG", "JPEG", "TIFF", "WebP", "JSRT", or None for any other.

    Args:
        head: At least its first `HEAD_BYTES`, or all of it.
        n_bytes: Its length.
    """
    if has_prefix(head):  # first: its free preamble may hold a TIFF header
        return "DICOM"
    if name := _named(head, _SIGNATURES):
        return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if n_bytes == jsrt.N_BYTES:
        return "JSRT"
    if looks_like_elements(head) or (is_installed("pydicom") and begins_with_later_group(head)):
        return "DICOM"
    return None


def refusal(head: bytes) -> str:
    """Why a file that `told_format` does not know is refused."""
    for place, signatures in _OTHERS.items():
        if name := _named(head[place:], signatures):
            return f"it is {name}, and that is no format that is read here. Use {READABLE}"
    return f"it is in no format that is read here. Use {READABLE}"


def _named(head: bytes, signatures: Mapping[bytes, str]) -> str | None:
    """What begins with one of the signatures."""
    return next((name for signature, name in signatures.items() if head.startswith(signature)), None)
