"""The page Attention through Streamlit's own test runner: its numbers are those of the library, and nothing is lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from dashboard.lab.catalog import ATTENTION_PARTS
from dashboard.lab.page import NO_REGION
from dashboard.lab.parts.over_set import looks_of
from dashboard.lab.show import MARKER_LAB
from tests.pages.lab_pages import LINK, MARKS, finished, forget_jobs, html_of, open_part, scene
from tests.pages.test_pages import LIVE, imports, link_of, open_app
from tests.results.memory_run import store
from tests.results.test_gaze import BOX, CIRCLE, Looking
from vpe_core import jobs, lab, load_image, load_model
from vpe_core.lab.faithfulness import Faithfulness
from vpe_core.lab.layers import Layers
from vpe_core.lab.mapping import title_of
from vpe_core.lab.maps import Maps
from vpe_core.lab.sanity import Sanity
from vpe_core.lab.set_maps import quick_maps
from vpe_core.lab.truth import Truth
from vpe_core.plots.percent import percent
from vpe_core.results import find_runs
from vpe_core.results.analysis.gaze import gaze_by_marker
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.settings import get_settings

PAGE = "pages/attention.py"
METHODS = quick_maps()


@pytest.fixture(autouse=True)
def no_jobs() -> None:
    st.cache_resource.clear()  # another file's tests may have loaded another model under the same name
    forget_jobs()


@pytest.fixture
def twin(precomputed: Path, tmp_path: Path, change_settings: Callable[..., None]) -> Path:
    """A home in which case_a has a twin: the same picture, darker where the mass is."""
    home = tmp_path / "home"
    shutil.copytree(precomputed, home)
    file = home / "samples" / "healthy" / "case_a.png"
    file.parent.mkdir()
    image = load_image(home / "samples" / "case_a.png").convert("L")
    image.paste(30, (150, 120, 210, 190))
    image.save(file)
    change_settings(VPE_PRECOMPUTED_DIR=home)
    return file


def test_without_a_region_the_page_says_how_to_get_one() -> None:
    app = open_app(PAGE, {"sample": "case_a", "target": "lung mass"})
    assert NO_REGION in app.info[0].value
    app.button(key="lab_mark_0").click().run()
    assert link_of(app)["marks"] == MARKS
    assert [fold.label for fold in app.expander] == [part.heading for _, part in ATTENTION_PARTS.items()]
    assert not jobs.running()


def test_all_maps_show_the_librarys_numbers() -> None:
    app = open_part(PAGE, "maps")
    found: Maps = lab.get("maps").run(scene(), load_model("simclip"), methods=METHODS)
    page = html_of(app)
    assert found.words() in page
    for name, (before, after) in zip(found.names, found.shares, strict=True):
        assert f"{title_of(name)}</b>" in page
        assert f"In the region {percent(float(before))} → {percent(float(after))}" in page
        assert f"IoU {found.found[name].iou:.2f}" in page
    assert page.count(">difference</figcaption>") == len(found.names)
    empty = (found.grid("fixed-scale") < 0.5).all()
    assert ("No marker: empty, no patch shows lung mass" in page) == empty
    app.selectbox(key="lab_map").set_value(found.names[0]).run()
    assert "vpl-lab-large" in html_of(app)


def test_maps_of_another_class_and_of_a_slow_method_are_those_that_are_asked_for() -> None:
    app = open_part(PAGE, "maps", LINK | {"target": "pleural effusion"})
    words = lab.get("maps").run(replace(scene(), target="pleural effusion"), load_model("simclip"), methods=METHODS)
    assert words.words().split("On the fixed scale")[1] in html_of(app)
    assert title_of("occlusion") not in html_of(app)
    finished(app.button_group(key="lab_slow_maps").set_value(["occlusion"]).run())
    assert f"{title_of('occlusion')}</b>" in html_of(app)


def test_a_crop_shows_no_difference_and_no_share() -> None:
    page = html_of(open_part(PAGE, "maps", LINK | {"treatment": "crop"}))
    assert "A crop shows other places" in page
    assert ">difference</figcaption>" not in page
    assert "cannot be compared" in html_of(open_part(PAGE, "layers", LINK | {"treatment": "crop"}))


def test_layers_show_the_librarys_numbers_and_enlarge_one_head() -> None:
    app = open_part(PAGE, "layers")
    found: Layers = lab.get("layers").run(scene(), load_model("simclip"))
    page = html_of(app)
    assert found.words() in page
    assert page.count("data:image/png") == 1
    assert len(app.get("plotly_chart")) == 1
    app.selectbox(key="lab_layer").set_value(0)
    app.selectbox(key="lab_one_head").set_value(0).run()
    before, after = (percent(float(share)) for share in found.curves[:, 0])
    assert f"Layer 1, mean of its heads: {before} → {after} in the region" in html_of(app)


def test_deletion_and_insertion_show_the_librarys_areas() -> None:
    app = open_part(PAGE, "faithfulness")
    found: Faithfulness = lab.get("faithfulness").run(scene(), load_model("simclip"), methods=METHODS)
    page = html_of(app)
    assert found.words() in page
    assert len(app.get("plotly_chart")) == 2
    for name, one in found.curves.items():
        assert f"{title_of(name)}</th><td>{one.deletion_area:.2f}</td><td>{one.insertion_area:.2f}</td>" in page


def test_the_truth_is_the_twins_where_there_is_one(twin: Path) -> None:
    page = html_of(open_part(PAGE, "truth"))
    with_twin = replace(scene(), others={"twin": load_image(twin)})
    found: Truth = lab.get("truth").run(with_twin, load_model("simclip"), methods=METHODS)
    assert found.words() in page
    for name in METHODS:
        assert f"<td>{found.scores[name].auc:.2f}</td>" in page
    secret = open_part(PAGE, "truth", LINK | {"hidden": "1"})
    assert "gives the finding away" in secret.info[0].value


def test_without_a_twin_the_page_says_why_there_is_no_truth() -> None:
    app = open_part(PAGE, "truth")
    assert "only simulated ones have a twin" in app.info[0].value
    assert not jobs.running()


def test_random_weights_show_the_librarys_words() -> None:
    found: Sanity = lab.get("sanity").run(scene(), load_model("simclip"), methods=METHODS)
    page = html_of(open_part(PAGE, "sanity"))
    assert found.words() in page
    assert [f'scope="col">{stage}</th>' in page for stage in found.stages] == [True] * len(found.stages)


def test_over_a_data_set_the_numbers_are_those_of_stored_results(
    tmp_path: Path, change_settings: Callable[..., None]
) -> None:
    blue = "circle/blue/1/paper"
    store(Looking({"none": 0.5, CIRCLE: 1.5, BOX: 1.0, blue: 1.2}, name="looked"), tmp_path / "looked" / "tiny")
    change_settings(VPE_RESULTS_DIR=tmp_path)
    app = open_part(PAGE, "over_set")
    (run,) = find_runs()
    assert list(looks_of(run)) == ["red, 1 px, as in the paper", "blue, 1 px, as in the paper"]
    red = looks_of(run)["red, 1 px, as in the paper"]
    assert [one.key for one in red] == [CIRCLE, BOX]
    rows = gaze_by_marker(run, evaluation=Evaluation(2000), variants=red)
    page = html_of(app)
    assert f"Circle: {rows[0].words()}" in page
    for row in rows:
        correlation = f"{row.correlation.value:.2f} <small>{row.correlation.low:.2f} to {row.correlation.high:.2f}"
        assert correlation.replace("-", "−") in page
    assert len(app.get("plotly_chart")) == 3
    finished(app.selectbox(key="lab_set_look").set_value("blue, 1 px, as in the paper").run())
    assert "box</th>" not in html_of(app)


def test_without_stored_results_the_page_says_how_to_get_some(
    tmp_path: Path, change_settings: Callable[..., None]
) -> None:
    change_settings(VPE_RESULTS_DIR=tmp_path)
    app = open_part(PAGE, "over_set")
    assert "benchmark run --dataset sim-multi" in app.code[0].value


def test_from_the_demo_to_the_lab_to_attention_and_back_nothing_is_lost() -> None:
    app = open_app(LIVE, {**LINK, "color": "blue", "width": "4", "model": "simclip-plain"})
    before, address = app.session_state["demo:state"], link_of(app)
    for page in (MARKER_LAB, PAGE, MARKER_LAB, LIVE):
        app.switch_page(page).run()
        assert not app.exception
        assert app.session_state["demo:state"] == before
        assert link_of(app) | address == link_of(app)


def test_a_study_of_maps_can_be_stopped_and_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    study, wait = lab.STUDIES.get("sanity"), {"s": 0.2}

    def slowly(*asked: object, report: Callable[[int, int], None], **options: object) -> object:
        for step in range(100):
            time.sleep(wait["s"])
            report(step, 100)
        return study.run(*asked, **options)

    monkeypatch.setitem(lab.STUDIES._entries, "sanity", replace(study, run=slowly))
    app = open_app(PAGE, LINK, unfolded="lab_part_sanity")
    (stop,) = [button for button in app.button if button.label == "Stop"]
    stop.click().run()
    finished(app)
    assert "Stopped." in [caption.value for caption in app.caption]
    wait["s"] = 0.0
    finished(app.button(key="lab_begin_sanity").click().run())
    assert "Rank correlation with the model's own map" in html_of(app)


def test_the_page_does_not_import_torch_before_a_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_LOAD_AHEAD", "0")
    get_settings.cache_clear()
    assert not imports("torch", PAGE)
