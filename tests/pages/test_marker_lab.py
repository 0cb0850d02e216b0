"""The marker lab through Streamlit's own test runner: its numbers are those of the library, and nothing is lost."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from dashboard.demo.film.outlining import outlined
from dashboard.demo.state.demo_state import COLORS, DemoState
from dashboard.lab.catalog import MARKER_PARTS
from dashboard.lab.page import NO_REGION
from dashboard.lab.parts.stored_scans import NONE_STORED
from dashboard.lab.subject import state_with
from dashboard.library.pictures import gallery, gallery_xray
from tests.pages.lab_pages import LINK, MARKS, finished, forget_jobs, html_of, open_part, scene
from tests.pages.test_pages import LIVE, answer_of, link_of, open_app
from vpe_core import jobs, lab, load_model
from vpe_core.errors import RegionError
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.lab.compare import Compared
from vpe_core.lab.scan import Scan
from vpe_core.lab.scan_record import ScannedFinding, ScanOrder, ScanRecord
from vpe_core.markers.marks import Mark
from vpe_core.plots.percent import percent
from vpe_core.types import Box

PAGE = "pages/marker_lab.py"


@pytest.fixture(autouse=True)
def no_jobs() -> None:
    st.cache_resource.clear()  # another file's tests may have loaded another model under the same name
    forget_jobs()


def test_without_a_region_the_page_says_how_to_get_one() -> None:
    app = open_app(PAGE, {"sample": "case_a", "target": "lung mass"})
    assert NO_REGION in app.info[0].value
    assert not [fold for fold in app.expander if "Compare" in fold.label]
    app.button(key="lab_mark_0").click().run()
    assert link_of(app)["marks"] == MARKS
    assert "lung mass" in html_of(app)
    assert [fold.label for fold in app.expander] == [part.heading for _, part in MARKER_PARTS.items()]


def test_nothing_is_computed_that_is_not_opened() -> None:
    app = open_app(PAGE, LINK)
    assert not app.exception
    assert not [key for key in jobs.running() if key.startswith("marker lab")]
    assert not app.get("plotly_chart")


def test_compare_all_shows_the_librarys_numbers() -> None:
    app = open_part(PAGE, "compare")
    found: Compared = lab.get("compare").run(scene(), load_model("simclip"), colors=COLORS)
    page = html_of(app)
    assert found.words() in page
    assert f"Fragility {found.fragility.score:.2f}" in page
    shown = re.findall(r"</b> ([\d<>%]+)<small>([^<]+?)(?:, now)?</small>", page)
    assert shown == [
        (percent(float(found.probabilities[place, found.column])), found.styles[place].title) for place in found.order
    ]
    assert len(app.get("plotly_chart")) == 1


def test_a_variant_opens_in_the_live_demo_with_the_same_number() -> None:
    app = open_part(PAGE, "compare")
    found: Compared = lab.get("compare").run(scene(), load_model("simclip"), colors=COLORS)
    place = next(n for n, one in enumerate(found.styles) if one.title == "yellow box, 6 px")
    app.selectbox(key="lab_way").set_value(place).run()
    app.button(key="lab_send_way").click().run()
    assert app.session_state["demo:state"].marks == (Mark("bbox", Box(140, 110, 220, 200)),)
    app.switch_page(LIVE).run()
    assert not app.exception
    assert link_of(app) | {"color": "yellow", "width": "6", "marks": "bbox:140,110,220,200"} == link_of(app)
    assert percent(float(found.probabilities[place, found.column])) in answer_of(app)
    assert link_of(app)["target"] == "lung mass"


def test_what_the_live_demo_shows_is_there_and_comes_back() -> None:
    app = open_app(LIVE, {**LINK, "color": "blue", "width": "4", "model": "simclip-plain"})
    before = app.session_state["demo:state"]
    app.switch_page(PAGE).run()
    assert not app.exception
    assert app.session_state["demo:state"] == before
    assert link_of(app) | {"marks": MARKS, "color": "blue", "model": "simclip-plain"} == link_of(app)
    app.switch_page(LIVE).run()
    assert app.session_state["demo:state"] == before


def test_the_scan_map_shows_the_librarys_words() -> None:
    app = open_part(PAGE, "scan")
    found: Scan = lab.get("scan").run(scene(), load_model("simclip"), n=14)
    assert found.found is not None
    page = html_of(app)
    assert found.words() in page
    assert f"<td>{found.found.iou:.2f}</td>" in page


@pytest.mark.parametrize(("part", "study"), [("text", "text"), ("ink", "ink"), ("counter", "counter")])
def test_other_parts_show_the_librarys_words(part: str, study: str) -> None:
    page = html_of(open_part(PAGE, part))
    if part == "counter":  # with another patient's X-ray, which the page finds
        assert "on another patient with no abnormality" in page
        assert "only simulated ones have a twin" in page
        return
    assert lab.get(study).run(scene(), load_model("simclip")).words() in page


def test_sweeps_show_a_chart_for_each_axis_that_fits() -> None:
    assert len(open_part(PAGE, "sweeps").get("plotly_chart")) == 6
    blurred = open_part(PAGE, "sweeps", {**LINK, "treatment": "blur"})
    assert len(blurred.get("plotly_chart")) == 4
    assert "has no width" in " ".join(caption.value for caption in blurred.caption).replace("\\", "")


def test_a_study_can_be_stopped_and_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run, slow = lab.STUDIES.get("text").run, {"s": 0.2}

    def slowly(scene: LabScene, model: object, *, report: object) -> object:
        for step in range(100):
            time.sleep(slow["s"])
            report(step, 100)  # type: ignore[operator]
        return run(scene, model)

    with lab.STUDIES.restored():
        lab.STUDIES._entries["text"] = replace(lab.STUDIES.get("text"), run=slowly)
        app = open_app(PAGE, LINK, unfolded="lab_part_text")
        (stop,) = [button for button in app.button if button.label == "Stop"]
        stop.click().run()
        finished(app)
        assert "Stopped." in [caption.value for caption in app.caption]
        app.button(key="lab_begin_text").click().run()
        assert [button.label for button in app.button if button.label == "Stop"]
        slow["s"] = 0.02  # another class is asked for meanwhile: the study begins anew, with that
        app.selectbox(key="demo_target-1").set_value("pleural effusion").run()
        finished(finished(app))
        assert "Over all markers, pleural effusion gets" in html_of(app)


@pytest.mark.parametrize(
    ("style", "said"),
    [
        (MarkerStyle("bbox", "#1e90ff", 6, color_name="blue"), ("bbox", "as drawn", "blue", 6)),
        (MarkerStyle("circle", "#00ff80", 2), ("circle", "as drawn", "#00ff80", 2)),
        (MarkerStyle("crop"), ("circle", "crop", "red", 3)),
        (MarkerStyle("arrow"), ("arrow", "as drawn", "red", 3)),
    ],
)
def test_a_style_as_the_live_demo_has_it(style: MarkerStyle, said: tuple[str, str, str, int]) -> None:
    box = Box(140, 110, 220, 200)
    state = state_with(DemoState(marks=(Mark("circle", box),), treatment="blur"), style, box, (512, 512))
    (mark,) = state.marks
    assert (mark.marker, state.treatment, state.color, state.width) == said


def test_stored_scans_of_a_set_are_shown_and_without_one_the_command(precomputed: Path) -> None:
    app = open_part(PAGE, "scan")
    assert NONE_STORED in [caption.value for caption in app.caption]
    assert "lab scan --dataset sim-multi --model simclip" in app.code[0].value
    rows = tuple(
        ScannedFinding(f"s{k}", f"p{k}", ("mass", "nodule")[k % 2], k % 3 > 0, 0.4, 0.0, 0.1, 0.05, 0.1, 0.2)
        for k in range(12)
    )
    order = ScanOrder(
        "sim-multi", "test", "f", True, "simclip", "w", "circle", "red", 3.0, 14, 0.2, (1.0,), ("mass", "none"),
        "{class}",
    )  # fmt: skip
    record = ScanRecord(order, 20, "", rows)
    file = precomputed / "lab" / "scan-sim-multi-test-simclip.json"
    file.parent.mkdir()
    try:
        record.write(file)
        page = html_of(finished(app.run()))
        assert record.words() in page
        assert "other weights" in app.warning[0].value
        assert "<td>0.67<small>" in page
        assert "simulated" in page
        assert "12 of 20 findings are done" in " ".join(caption.value for caption in app.caption)
    finally:
        file.unlink()
        file.parent.rmdir()


def test_a_region_becomes_the_outline_of_what_is_there_and_says_where_it_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = open_app(PAGE, LINK)
    app.button(key="lab_outline").click().run()
    assert not app.exception
    (mark,) = app.session_state["demo:state"].marks
    entry = next(one for one in gallery() if one.name == "case_a")
    assert mark == outlined(gallery_xray(entry), Mark("circle", Box(140, 110, 220, 200)))
    assert mark.marker == "contour"
    assert link_of(app)["marks"].startswith("contour:")
    assert "Look before you trust it" in " ".join(caption.value for caption in app.caption)
    app.switch_page(LIVE).run()
    assert app.session_state["demo:state"].marks == (mark,)

    def nothing(*_: object) -> None:
        raise RegionError("No outline was found here.")

    monkeypatch.setattr("dashboard.demo.film.outlining.outlines.outline", nothing)
    app.switch_page(PAGE).run()
    app.button(key="lab_outline").click().run()
    assert app.session_state["demo:state"].marks == (mark,)
    assert "No outline was found here." in " ".join(caption.value for caption in app.caption).replace("\\", "")


def test_show_answer_draws_the_known_boxes_and_says_so() -> None:
    hidden = html_of(open_app(PAGE, LINK))
    shown = html_of(open_app(PAGE, {**LINK, "findings": "1"}))
    assert "and the answer: lung mass" not in hidden
    assert "and the answer: lung mass" in shown
    pictures = [re.findall(r'data:image/jpeg;base64,([^"]+)"', page)[0] for page in (hidden, shown)]
    assert pictures[0] != pictures[1]


def test_the_share_of_attention_is_the_same_at_the_top_and_in_every_part() -> None:
    app = open_part(PAGE, "ink")
    found = lab.get("ink").run(scene(), load_model("simclip"))
    drawn = next(way for way in found.ways if way.name == "drawn")
    before, after, area = (percent(share) for share in (found.unmarked.attention, drawn.attention, found.area))
    page = html_of(app)
    assert f"Attention inside the circle: {before} → {after}. That area is {area} of the picture." in page


def test_an_arrow_that_leaves_the_picture_leaves_a_gap_in_its_sweep() -> None:
    app = open_part(PAGE, "sweeps", {**LINK, "marks": "arrow:20,250,90,115"})
    assert not app.exception
    assert len(app.get("plotly_chart")) == 6


def test_where_nothing_is_known_no_finding_is_offered() -> None:
    entry = next(one for one in gallery() if not one.findings)
    app = open_app(PAGE, {"sample": entry.name})
    assert app.info[0].value == f"{NO_REGION}."
    with_finding = open_app(PAGE, {"sample": "case_a"})
    assert with_finding.info[0].value == f"{NO_REGION}, or mark a known finding."
