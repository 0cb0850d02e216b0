"""What an image file tells without being decoded, and whether a box lies in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vpe_core.datasets.rows import UnusableRow
from vpe_core.errors import ImageReadError, RegionError, SettingsError
from vpe_core.types import Box

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
    """The header of an X-ray, of any format that `vpe_core.load_image` reads, told by the same test.

    Raises:
        UnusableRow: There is no such file, it is no X-ray, or larger than the settings allow.
    """
    from vpe_core.images.limits import check_byte_count, check_pixel_count
    from vpe_core.images.quiet import without_warnings

    try:
        if not path.is_file():
            raise UnusableRow("missing image", f"There is no image {path.name}.")
        n_bytes = path.stat().st_size
        check_byte_count(n_bytes)
        with path.open("rb") as file, without_warnings():
            header = _header(file, n_bytes)
        check_pixel_count(*header.size_wh)
    except UnusableRow:
        raise
    except ImageReadError as error:
        raise UnusableRow("unreadable image", f"The image {path.name} cannot be read: {error}.") from None
    except SettingsError:
        raise
    except Exception as error:  # on damaged data, decoders raise nearly everything there is
        reason = " ".join(f"{error}".split())[:200].rstrip(".") or type(error).__name__
        raise UnusableRow("unreadable image", f"The image {path.name} is damaged or no image ({reason}).") from error
    return header


def _header(file: BinaryIO, n_bytes: int) -> Header:
    from vpe_core.images.formats import HEAD_BYTES, refusal, told_format
    from vpe_core.images.jsrt import SIDE_PX

    head = file.read(HEAD_BYTES)
    source_format = told_format(head, n_bytes)
    file.seek(0)
    if source_format is None:
        raise ImageReadError(refusal(head))
    if source_format == "DICOM":
        return _dicom_header(file)
    if source_format == "JSRT":
        return Header((SIDE_PX, SIDE_PX))
    from vpe_core.images.raster import declared_size_wh

    return Header(declared_size_wh(file, source_format))


def _dicom_header(file: BinaryIO) -> Header:
    from vpe_core.images.dicom_elements import integer, text
    from vpe_core.images.dicom_file import read_elements

    tags = ["Rows", "Columns", "PatientAge", "PatientSex"]
    dataset, _ = read_elements(file, tags, with_pixels=False)
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    if rows is None or columns is None:
        raise ImageReadError("it is a DICOM file without an image")
    age, sex = _AGE.fullmatch(text(dataset, "PatientAge")), text(dataset, "PatientSex")
    years = float(age[1]) if age and int(age[1]) > 0 else None  # "000Y" is how VinDr-CXR says that it is not known
    return Header((columns, rows), years, sex if sex in ("F", "M", "O") else "")


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
