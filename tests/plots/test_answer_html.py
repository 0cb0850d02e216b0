from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest

from vpe_core.plots.answer_html import MapValues, OverlayImage, answer_bars, overlay_pair
from vpe_core.types import Heatmap

CLASSES = ("cardiomegaly", "consolidation", "lung mass")


def rows(html: str) -> list[list[str]]:
    """The table's rows as texts. `<col>` has no end tag in HTML, and here the table is read as XML."""
    table = re.sub(r"<colgroup>.*?</colgroup>", "", html[html.index("<table") :])
    return [["".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(table).iter("tr")][1:]


def test_the_order_is_that_of_the_unmarked_answer_and_the_change_is_in_points() -> None:
    table = rows(answer_bars(CLASSES, (0.31, 0.46, 0.05), (0.97, 0.0, 0.05), marker="circle"))
    assert [row[0] for row in table] == [row[0] for row in rows(answer_bars(CLASSES, (0.31, 0.46, 0.05)))]
    assert [row[0] for row in table] == ["consolidation", "cardiomegaly", "lung mass"]
    assert [row[2] for row in table] == ["46% → 0%", "31% → 97%", "5% → 5%"]
    assert [row[3] for row in table] == ["\N{MINUS SIGN}46", "+66", "0"]


def test_a_long_list_folds_what_says_nothing_and_never_what_moved() -> None:
    names = tuple(f"class {number}" for number in range(30))
    without = (0.9, *(0.1 / 29,) * 29)
    marked = (0.6, *(0.1 / 29,) * 28, 0.3)
    shown, _, folded = str(answer_bars(names, without, marked)).partition("<details")
    assert len(rows(shown)) == 12
    assert "All 30 classes: 18 more, each below 1%" in folded
    assert 'data-class="class 29"' in shown


def test_where_many_classes_get_a_little_the_likeliest_and_those_that_changed_most_stay_unfolded() -> None:
    names = tuple(f"class {number}" for number in range(40))
    without = (0.9, *(0.1 / 39,) * 39)
    marked = (0.04, *(0.96 / 39,) * 39)
    shown, _, folded = str(answer_bars(names, without, marked, winners=(37,))).partition("<details")
    assert len(rows(shown)) == 13
    assert {"class 0", "class 37"} <= {row[0] for row in rows(shown)}
    assert "27 more, each below 3%" in folded


def test_out_of_its_domain_no_class_wins_and_no_bar_has_a_colour() -> None:
    html = answer_bars(("a", "b"), (0.25, 0.75), (0.5, 1.0), means_nothing=True)
    assert "vpl-astray" in html
    assert "vpl-wins" not in html
    assert "vpl-wins" in answer_bars(("a", "b"), (0.25, 0.75), winners=(1,))


def test_bars_are_as_long_as_the_probabilities() -> None:
    html = answer_bars(("a", "b"), (0.25, 0.75), (0.5, 1.0))
    assert re.findall(r'<i class="(\S+)" style="width:([\d.]+)%">', html) == [
        ("vpl-is-without", "75.0"),
        ("vpl-is-with", "100.0"),
        ("vpl-is-without", "25.0"),
        ("vpl-is-with", "50.0"),
    ]


def test_without_a_marker_there_is_no_change() -> None:
    table = rows(answer_bars(CLASSES, (0.46, 0.31, 0.05)))
    assert [row[2:] for row in table] == [["46%", ""], ["31%", ""], ["5%", ""]]


@pytest.mark.parametrize(
    "name",
    [
        '<img src=x onerror="alert(1)">',
        "a & b",
        "**bold** [link](http://x)",
        "😀 نتيجة",
        "x" * 100,
        '"><script>x</script>',
    ],
)
def test_any_class_name_is_shown_as_plain_text(name: str) -> None:
    html = answer_bars((name, "other"), (0.9, 0.1), (0.8, 0.2), marker=name)
    assert rows(html)[0][0] == name
    assert not re.search(r"<(img|script)", html)
    assert name in unescape(html)


def test_overlays_stand_side_by_side_with_words_for_who_cannot_see_them() -> None:
    before = OverlayImage(b"\xff\xd8jpeg", (560, 400), "Where the model looks, without <a>")
    html = overlay_pair(before, OverlayImage(b"\xff\xd8other", (560, 400), "with"), marker="circle")
    assert html.count("<img") == 2
    assert "Where the model looks, without &lt;a&gt;" in html
    titled = overlay_pair(before, None, marker="circle", shows="Evidence for <b>", reason='It says "why".')
    assert '<p class="vpl-shows" title="It says &#34;why&#34;."><bdi>Evidence for &lt;b&gt;</bdi></p>' in titled
    empty = overlay_pair(before, None, marker="circle")
    assert empty.count("<img") == 1
    assert "aspect-ratio:560/400" in empty


def test_the_values_of_a_map_are_on_the_page_as_a_grid() -> None:
    ramp = Heatmap(np.tile(np.arange(140, dtype=np.float32), (70, 1)), "legrad")
    values = MapValues.of(ramp, (1024, 512))
    grid = np.frombuffer(values.levels, np.uint8).reshape(values.rows, values.columns)
    assert (values.columns, values.rows) == (64, 32)
    middles = ((np.arange(64) + 0.5) * 140 / 64).astype(int)
    np.testing.assert_array_equal(grid, np.tile(np.rint(255 * middles / 139), (32, 1)))
    html = overlay_pair(OverlayImage(b"jpeg", (140, 70), "map", values), None, marker="circle")
    assert f'data-values="{values.base64}" data-columns="64" data-rows="32" data-width="1024" data-height="512"' in html
    nothing = MapValues.of(Heatmap(np.zeros((4, 4), np.float32), "legrad"), (4, 4))
    assert set(nothing.levels) == {0}
