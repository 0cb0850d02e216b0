"""What an image file tells without being decoded, and whether a box lies in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vpe_core.datasets.rows import UnusableRow
from vpe_core.errors import ImageReadError, RegionError
from vpe_core.types import Box

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_ORIENTATION_TAG, _TURNED = 0x0112, (5, 6, 7, 8)
_HEAD_BYTES = 132
_AGE = re.compile(r"(\d{3})Y")


@dataclass(frozen=True, slots=True)
class Header:
    """What a file tells without being decoded.

    Attributes:
        size_wh: Width and height in pixels, as the image is shown.
        age_years: Of the patient, where a DICOM file tells.
        sex: "F", "M" or "O", where a DICOM file tells; else empty.
    """

    size_wh: tuple[int, int]
    age_years: float | None = None
    sex: str = ""


def read_header(path: Path) -> Header:
    """The header of an X-ray, of any format that `vpe_core.load_image` reads.

    Raises:
        UnusableRow: There is no such file, it is no X-ray, or larger than the settings allow.
    """
    from vpe_core.images.jsrt import N_BYTES, SIDE_PX
    from vpe_core.images.limits import check_byte_count, check_pixel_count

    try:
        if not path.is_file():
            raise UnusableRow("missing image", f"There is no image {path.name}.")
        n_bytes = path.stat().st_size
        check_byte_count(n_bytes)
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if head[128:132] == b"DICM":
            header = _dicom_header(path)
        elif n_bytes == N_BYTES and not head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"II", b"MM", b"RIFF")):
            header = Header((SIDE_PX, SIDE_PX))
        else:
            header = _picture_header(path)
        check_pixel_count(*header.size_wh)
    except UnusableRow:
        raise
    except ImageReadError as error:
        raise UnusableRow("unreadable image", f"The image {path.name} cannot be read: {error}.") from None
    except Exception as error:  # on damaged data, decoders raise nearly everything there is
        reason = " ".join(f"{error}".split())[:200] or type(error).__name__
        raise UnusableRow("unreadable image", f"The image {path.name} is damaged or no image ({reason}).") from error
    return header


def _picture_header(path: Path) -> Header:
    from PIL import Image

    with Image.open(path, formats=_FORMATS) as picture:
        width, height = picture.size
        # Pillow gives a TIFF file its size as shown, and would decode a PNG file without "exif" in info to look for it.
        has_exif = picture.format != "TIFF" and "exif" in picture.info
        turned = has_exif and picture.getexif().get(_ORIENTATION_TAG) in _TURNED
    return Header((height, width) if turned else (width, height))


def _dicom_header(path: Path) -> Header:
    from pydicom import dcmread

    tags = ["Rows", "Columns", "PatientAge", "PatientSex"]
    dataset = dcmread(path, stop_before_pixels=True, specific_tags=list(tags))
    if "Rows" not in dataset or "Columns" not in dataset:
        raise ImageReadError("it is a DICOM file without an image")
    age = _AGE.fullmatch(str(dataset.get("PatientAge") or ""))
    years = float(age[1]) if age and int(age[1]) > 0 else None  # "000Y" is how VinDr-CXR says that it is not known
    sex = str(dataset.get("PatientSex") or "")
    return Header((int(dataset.Columns), int(dataset.Rows)), years, sex if sex in ("F", "M", "O") else "")


def place(xyxy: Sequence[float], size_wh: tuple[int, int]) -> Box:
    """The box (x0, y0, x1, y1) of a finding.

    It may reach beyond the image, as the paper's JSRT boxes do, but its centre lies inside.

    Raises:
        UnusableRow: It has no area, or lies outside the image.
    """
    try:
        box = Box(*xyxy)
    except RegionError as error:
        raise UnusableRow("box", str(error)) from None
    (x, y), (width, height) = box.center, size_wh
    if not (0 <= x < width and 0 <= y < height):
        raise UnusableRow("box", f"The box {box.xyxy} is centred outside the image of {width} x {height} pixels.")
    return box
