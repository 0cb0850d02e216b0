"""Files that a person gives: a table and X-rays, alone or in a ZIP file; what is wrong with them is said in words."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.app_home import chest
from vpe_core.datasets import open_dataset
from vpe_core.datasets.own_files import MAX_FILES, MAX_UNPACKED_BYTES, write_own_files
from vpe_core.errors import DatasetError

TABLE = b"image,label,x0,y0,x1,y1\na.png,mass,10,10,40,40\nsub/b.png,effusion,10,20,50,60\n"


def png(seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    chest((64, 64), seed).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(files: dict[str, bytes], **options: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for name, mode in options.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, "/etc/passwd")
    return content.getvalue()


def test_a_zip_file_with_a_folder_of_its_own_is_read(tmp_path: Path) -> None:
    clutter = {"__MACOSX/mine/._a.png": b"x", "mine/.DS_Store": b"x"}
    files = {"mine/t.csv": TABLE, "mine/a.png": png(), "mine/sub/b.png": png(1), **clutter}
    written = write_own_files([("all.zip", zipped(files))], tmp_path)
    assert (written.images, written.refused) == (2, ())
    assert len(open_dataset("table", written.table)) == 2


def test_images_that_came_without_their_folders_are_found_where_the_table_names_them(tmp_path: Path) -> None:
    written = write_own_files([("t.csv", TABLE), ("a.png", png()), ("b.png", png(1))], tmp_path / "files")
    assert len(open_dataset("table", written.table)) == 2
    files = {"mine/t.csv": TABLE, "mine/images/a.png": png(), "mine/images/sub/b.png": png(1)}
    written = write_own_files([("all.zip", zipped(files))], tmp_path / "zip")
    assert len(open_dataset("table", written.table)) == 2


def test_several_files_are_read_and_those_that_are_no_xrays_are_named(tmp_path: Path) -> None:
    files = [
        ("t.csv", TABLE),
        ("a.png", png()),
        ("empty.png", b""),
        ("page.png", b"<html>" * 200),
        ("x.csv.png", TABLE),
    ]
    written = write_own_files([*files, ("doc.pdf", b"%PDF-1.7 " * 100), ("a.png", png(2))], tmp_path)
    assert written.images == 1
    said = " ".join(written.refused)
    assert "“empty.png” is empty." in said
    assert "“page.png” is not used: it is in no format that is read here" in said
    assert "“doc.pdf” is not used: it is a PDF document" in said
    assert "“a.png” is there twice" in said
    (problem,) = open_dataset("table", written.table).problems
    assert problem.row == 3


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "x/../../a.png", "..\\a.png", "C:\\a.png"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "in"
    for files in ([("all.zip", zipped({"t.csv": TABLE, name: png()}))], [("t.csv", TABLE), (name, png())]):
        with pytest.raises(DatasetError, match="leads out of its folder"):
            write_own_files(files, inside)
    assert not list(tmp_path.glob("**/a.png"))


def test_bombs_links_and_damage_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    big = zipped({f"{number}.png": b"\0" * 25_000_000 for number in range(MAX_UNPACKED_BYTES // 25_000_000 + 1)})
    assert len(big) < 1_000_000
    many = zipped({f"{number}.png": b"" for number in range(MAX_FILES + 1)})
    inner = zipped({"t.csv": TABLE, "inner.zip": zipped({"a.png": png()})})
    for data, words in (
        (big, "MB are the most"),
        (many, "2,000 are the most"),
        (zipped({"t.csv": TABLE}, link=0o120777), "holds a link"),
        (zipped({"t.csv": TABLE, "a.png": png()})[:-30], "is damaged or no ZIP file"),
        (b"PK\3\4 and nothing else", "is damaged or no ZIP file"),
    ):
        with pytest.raises(DatasetError, match=words):
            write_own_files([("all.zip", data)], tmp_path / "in")
    assert not (tmp_path / "in").exists()
    assert "ZIP file inside a ZIP file" in write_own_files([("all.zip", inner)], tmp_path / "in").refused[0]


def test_without_a_table_or_with_two_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"Expected a CSV file .* but there is none"):
        write_own_files([("a.png", png())], tmp_path)
    with pytest.raises(DatasetError, match=r"Expected one CSV file among the files, but found 2: a.csv, b.csv"):
        write_own_files([("a.csv", TABLE), ("b.csv", TABLE)], tmp_path)


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_table_as_european_spreadsheets_write_it_is_read_with_its_decimal_commas(tmp_path: Path, sign: str) -> None:
    corner = "40,5" if sign == ";" else "40.5"
    rows = (("Image", "Label", "X0", "Y0", "X1", "Y1"), ("sub/a.png", "mass, left", "10", "10", corner, "40"))
    table = "\n".join(map(sign.join, rows))
    written = write_own_files([("t.csv", b"\xef\xbb\xbf" + table.encode()), ("a.png", png())], tmp_path)
    (sample,) = open_dataset("table", written.table)
    assert sample.label == "mass, left"
    assert sample.box is not None
    assert sample.box.xyxy == (10, 10, 40.5, 40)


def test_an_image_in_another_folder_than_the_table_says_is_told_with_its_place(tmp_path: Path) -> None:
    two = {"imgs/a.png": png(), "more/a.png": png(1)}
    written = write_own_files([("all.zip", zipped({"t.csv": TABLE, **two}))], tmp_path)
    first, second = open_dataset("table", written.table).problems
    assert first.reason.endswith("A file of that name is at imgs/a.png: write that path.")
    assert "A file of that name" not in second.reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"just text", "is called a ZIP file, but its content is none"), (zipped({}), "is a ZIP file that holds nothing")],
)
def test_what_is_called_a_zip_file_and_holds_none_is_not_called_damaged(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(DatasetError, match=f"“fake.zip” {reason}"):
        write_own_files([("fake.zip", data)], tmp_path)


def test_an_image_goes_to_the_one_place_that_names_it_and_to_no_other(tmp_path: Path) -> None:
    """Two patients' images of one name; a bare one beside; a name that no system can write; other case and spelling."""
    names = ("p1/im.png", "p2/im.png", "/abs/q.png", "./more/B.png", "lone/c.png")
    table = "image,label,x0,y0,x1,y1\n" + "".join(f"{name},mass,10,10,30,30\n" for name in names)
    files = {"im.png": png(1), "x/p1/im.png": png(2), "x/p2/im.png": png(3), "x/more/b.PNG": png(4), "c.png": png(5)}
    write_own_files([("all.zip", zipped({"t.csv": table.encode(), **files}))], tmp_path)
    placed = {name: (tmp_path / name).read_bytes() for name in ("p1/im.png", "p2/im.png", "more/B.png", "lone/c.png")}
    assert placed == dict(zip(placed, (png(2), png(3), png(4), png(5)), strict=True))


def test_one_file_does_not_serve_two_rows_that_name_two(tmp_path: Path) -> None:
    table = b"image,label,x0,y0,x1,y1\np1/im.png,mass,10,10,30,30\np2/im.png,mass,10,10,30,30\n"
    written = write_own_files([("t.csv", table), ("im.png", png())], tmp_path)
    assert len(open_dataset("table", written.table).problems) == 2
