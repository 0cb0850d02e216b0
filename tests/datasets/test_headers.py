"""Headers against the decoders of `vpe_core.images`: the size that a box is checked in is the size that is drawn on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.datasets.conftest import write_dicom, write_img, write_png
from vpe_core.datasets.headers import read_header
from vpe_core.datasets.rows import UnusableRow
from vpe_core.images import load_image
from vpe_core.settings import get_settings


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "dcm", "IMG"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_size_is_that_of_the_decoded_image(suffix: str, orientation: int, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    if suffix == "dcm":
        write_dicom(path, (70, 40), "040Y", "M")
    elif suffix == "IMG":
        write_img(path)
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new("L", (70, 40), 90).save(path, exif=exif)
    assert read_header(path).size_wh == load_image(path).size


def test_a_picture_as_large_as_a_jsrt_file_is_still_a_picture(tmp_path: Path) -> None:
    path = write_png(tmp_path / "x.png", (70, 40))
    path.write_bytes(path.read_bytes().ljust(2048 * 2048 * 2, b"\0"))
    assert read_header(path).size_wh == (70, 40)


@pytest.mark.parametrize("place", ["before the pixels", "behind the pixels", "behind the pixels and a second header"])
def test_the_orientation_of_a_png_file_is_found_wherever_it_stands(tmp_path: Path, place: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "x.png"
    Image.new("L", (70, 40), 90).save(path, exif=exif)
    data = path.read_bytes()
    start = data.index(b"eXIf") - 4
    chunk = data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]
    ending = data.index(b"IEND") - 4
    if place != "before the pixels":
        second = data[8:33] if "second" in place else b""
        path.write_bytes(data[:ending].replace(chunk, b"") + second + chunk + data[ending:])
    assert read_header(path).size_wh == load_image(path).size == (40, 70)


@pytest.mark.parametrize(("age", "sex", "expected"), [
    ("061Y", "F", (61, "F")), ("000Y", "O", (None, "O")), ("006M", "", (None, "")), ("", "unknown", (None, "")),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*[Ii]nvalid value for VR")
def test_age_and_sex_of_dicom_files(tmp_path: Path, age: str, sex: str, expected: tuple[float | None, str]) -> None:
    header = read_header(write_dicom(tmp_path / "x.dicom", (30, 20), age, sex))
    assert (header.age_years, header.sex) == expected


def test_the_limits_of_the_settings_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_png(tmp_path / "x.png", (70, 40))
    for name, message in (("VPE_MAX_IMAGE_PIXELS", "70 x 40 pixels"), ("VPE_MAX_IMAGE_BYTES", "MB")):
        monkeypatch.setenv(name, "100")
        get_settings.cache_clear()
        with pytest.raises(UnusableRow, match=message) as refused:
            read_header(path)
        assert refused.value.kind == "unreadable image"
        monkeypatch.delenv(name)
