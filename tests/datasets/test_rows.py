"""Reading tables: row numbers as a spreadsheet shows them, and no row lost at a stray quotation mark."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pandas as pd
import pytest

from vpe_core.datasets.rows import SourceRow, attribute_reader, collect, number, read_rows
from vpe_core.errors import DatasetError

HEADING = "image,label,note\n"


def read(folder: Path, text: str, encoding: str = "utf-8", **options: object) -> tuple[SourceRow, ...]:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return read_rows(path, ("image", "label"), "image", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (HEADING + "a,x,\n\n\nb,y,\n", {2: "a", 5: "b"}),
        ("\n \n" + HEADING + "\t\na,x,\n", {5: "a"}),
        (",,\n" + HEADING + "a,x,\n,,\nb,y,\n", {3: "a", 4: "", 5: "b"}),
        (HEADING + 'a,x,"one\n\ntwo"\nb,y,\n', {2: "a", 3: "b"}),
        (HEADING.replace("\n", "\r\n") + "a,x,\r\n\r\nb,y,\r\n", {2: "a", 4: "b"}),
        (HEADING.replace("\n", "\r") + "a,x,\r\rb,y,", {2: "a", 4: "b"}),
    ],
)
def test_rows_have_the_numbers_of_a_spreadsheet(tmp_path: Path, text: str, rows: dict[int, str]) -> None:
    assert {row.number: row["image"] for row in read(tmp_path, text)} == rows


def test_positions_for_splits_are_those_of_pandas(tmp_path: Path) -> None:
    text = "\n" + HEADING + 'a,x,\n\n   \n"b",y,"1\n2"\n,,\n\t\nc,"z, z"\n""\nd,x,"say ""hm"""\n'
    expected = pd.read_csv(io.StringIO(text), keep_default_na=False)
    rows = read(tmp_path, text)
    assert [[row["image"], row["label"], row["note"]] for row in rows] == expected.to_numpy().tolist()


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        (['a,"x,', "b,y,", "c,z,"], [2]),
        (['a,"x,', "b,y,", 'c,"z,'], [2, 4]),
        (['a,"x,', 'b,y",', "c,z,"], [2]),
        (["a,x,", 'b,y,"left', "c,z,"], [3]),
        (["a,x,", 'b,y,"left', "c,z,right", 'd,y,end"'], [3]),
        (["a,x,", '"b,y,', "c,z,", '"d,x,'], [3, 5]),
        (['a,"x"", 1', "b,y,"], [2]),
        (['a,"y" x,', 'c,"6" mass",', "d,z,"], [2, 3]),
        (['a,5" x,', 'b,y,the "left" one', '"c",z,""', 'd,"x" ,'], []),
        (['a,x,"of several', "lines, with, many, commas", 'and an end"', "b,y,"], []),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_stray_quotation_mark_costs_its_own_row_only(
    tmp_path: Path, lines: list[str], broken: list[int], delimiter: str
) -> None:
    rows = read(tmp_path, (HEADING + "\n".join(lines)).replace(",", delimiter), delimiter=delimiter)
    assert [row.number for row in rows if row.flaw] == broken
    images = [row["image"].strip('"') for row in rows]
    assert images == [line.strip('"')[0] for line in lines if line.strip('"')[1] in ',"']
    assert all(re.search("not closed in this row|goes on after", row.flaw) for row in rows if row.flaw)


def test_a_broken_row_does_not_change_what_the_others_hold(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADING + 'a,x,1\nb,y,"2\nc,z,3\n')
    assert [attribute_reader(rows, ["note"])(row)["note"] for row in rows if not row.flaw] == [1, 3]


def test_headings_are_known_in_any_case_and_spacing(tmp_path: Path) -> None:
    text = "\ufeffIMAGE , La bel,The_Note,Label 2,note\na,x,1,2,3\n"
    (row,) = read(tmp_path, text, optional=("the note", "absent"))
    assert row.cells == {"image": "a", "label": "x", "the note": "1", "Label 2": "2", "note": "3"}


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        ("label,image,label", "'label' (column 1) and 'label' (column 3)"),
        ("Label,image,label", "'Label' (column 1) and 'label' (column 3)"),
        ("la_bel,image,LABEL", "'la_bel' (column 1) and 'LABEL' (column 3)"),
        ("x,x,label,Image,image", "'Image' (column 4) and 'image' (column 5)"),
        ("label,image,Note,note", "'Note' (column 3) and 'note' (column 4)"),
    ],
)
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, headings: str, columns: str) -> None:
    with pytest.raises(DatasetError, match=re.escape(f"but got {columns}. Remove or rename")):
        read(tmp_path, f"{headings}\na,b,c,d,e\n", optional=["note"])
    assert read(tmp_path, "x,image,x,label,X\n1,a,2,b,3\n")[0]["label"] == "b"


@pytest.mark.parametrize("text", ["1_0", "1 0", "0x1", "١", "inf", "nan", "1e999", "1,5", "", "+", "1e", "½"])
def test_a_number_is_of_digits_sign_point_and_exponent(text: str) -> None:
    assert number(text) is None
    assert [number(one) for one in ("-1.5", "+.5", "2.", "1E-2", "007")] == [-1.5, 0.5, 2, 0.01, 7]


def test_blank_rows_are_no_problems_and_keep_their_place(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADING + "a,x,\n,,\n ,, \nb,y,\n")
    used, problems = collect(rows, "table.csv", lambda row: row.number)  # type: ignore[arg-type, return-value]
    assert (used, problems, len(rows)) == ((2, 5), (), 4)
    with pytest.raises(DatasetError, match="holds no rows"):
        read(tmp_path, HEADING + ",,\n,,\n")


def test_a_cell_that_is_too_long_costs_its_own_row(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADING + "a,x,\nb,y," + "z" * 200_000 + '\nc,"z' + "z" * 200_000 + '",\nd,w,\n')
    assert [(row.number, row["image"]) for row in rows] == [(2, "a"), (3, "b"), (4, "c"), (5, "d")]
    assert [row.number for row in rows if "longer than 131,072 characters" in row.flaw] == [3, 4]


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        (HEADING + "a,x,", "utf-16", "UTF-8 text .* Save it as CSV in UTF-8"),
        (HEADING + "a,x,", "utf-16-le", "looks like UTF-16"),
        (HEADING + "a,x,é", "latin-1", "UTF-8 text .* Save it as CSV in UTF-8"),
        (HEADING.replace(",", ";") + "a;x;", "utf-8", "Found: image;label;note"),
        ("\n\n", "utf-8", "Found: none"),
        ("", "utf-8", "Found: none"),
    ],
)
def test_text_of_another_kind_is_refused(tmp_path: Path, text: str, encoding: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read(tmp_path, text, encoding)
