"""The page Attention through Streamlit's own test runner: its numbers are those of the library, and nothing is lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from dashboard.frame.words import as_text
from dashboard.lab.catalog import ATTENTION_PARTS
from dashboard.lab.head_tiles import CHOSEN, HEAD, LAYER, TILES, most_gained, take_tile, tile_title
from dashboard.lab.map_charts import chart_of_set_maps
from dashboard.lab.page import NO_REGION
from dashboard.lab.parts.over_set import looks_of
from dashboard.lab.parts.set_maps import NONE_STORED as MAPS_NONE_STORED
from dashboard.lab.parts.set_maps import best_first
from dashboard.lab.show import MARKER_LAB
from tests.pages.lab_pages import LINK, MARKS, finished, forget_jobs, html_of, open_part, scene
from tests.pages.test_pages import LIVE, imports, link_of, open_app
from tests.results.memory_run import store
from tests.results.test_gaze import BOX, CIRCLE, Looking
from vpe_core import jobs, lab, load_image, load_model, models
from vpe_core.lab.faithfulness import Faithfulness
from vpe_core.lab.layers import Layers
from vpe_core.lab.mapping import title_of
from vpe_core.lab.maps import Maps
from vpe_core.lab.sanity import Sanity
from vpe_core.lab.set_maps import ClassOfSet, ClassScore, MapOverSet, SetMaps, SetScore, quick_maps
from vpe_core.lab.truth import Truth
from vpe_core.metrics import Interval
from vpe_core.plots.percent import percent
from vpe_core.plots.theme import DARK
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
    finished(app.button_group(key="lab_slow").set_value(["occlusion"]).run())
    assert f"{title_of('occlusion')}</b>" in html_of(app)


def test_a_crop_shows_no_difference_and_no_share() -> None:
    page = html_of(open_part(PAGE, "maps", LINK | {"treatment": "crop"}))
    assert "A crop shows other places" in page
    assert ">difference</figcaption>" not in page
    assert "cannot be compared" in html_of(open_part(PAGE, "layers", LINK | {"treatment": "crop"}))


def test_layers_show_the_librarys_numbers_and_enlarge_one_head() -> None:
    app = open_part(PAGE, "layers")
    found: Layers = lab.get("layers").run(scene(), load_model("simclip"))
    assert found.words() in html_of(app)
    assert len(app.get("plotly_chart")) == 1
    best = most_gained(found)
    assert best.head is not None
    assert found.gains[best.layer, best.head] == found.gains.max()
    assert f"{tile_title(found, best)} (even attention: {percent(found.area)})" in html_of(app)
    chosen = [app.selectbox(key=key).value for key in (LAYER, HEAD)]
    assert chosen == [best.layer, best.head + 1]
    app.selectbox(key="lab_layer").set_value(0)
    app.selectbox(key="lab_one_head").set_value(0).run()
    before, after = (percent(float(share)) for share in found.curves[:, 0])
    assert f"Layer 1, mean of its heads: {before} → {after} in the region" in html_of(app)
    app.query_params["marks"] = "circle:300,360,420,440"  # what is chosen stays for another region
    finished(app.run())
    assert [app.selectbox(key=key).value for key in (LAYER, HEAD)] == [0, 0]


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"number": "1", "place": [1, 1]},
        {"number": 1},
        {"number": 1, "place": [1]},
        {"number": 1, "place": "11"},
    ]
    + [{"number": 1, "place": place} for place in ([-1, 0], [99, 0], [0, 99], [0.5, 1], [None, 1])],
)
def test_a_tile_that_there_is_not_chooses_nothing(told: object, monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {TILES: {"chosen": told}}
    monkeypatch.setattr(st, "session_state", state)
    take_tile(12, 3)
    assert CHOSEN not in state
    state[TILES] = {"chosen": {"number": 2, "place": [11, 3]}}
    take_tile(12, 3)
    assert state[CHOSEN] == (11, 3)


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
    assert "gives it away" in secret.info[0].value


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
    assert MAPS_NONE_STORED in [caption.value for caption in app.caption]
    assert "lab maps --dataset sim-multi --model simclip" in app.code[0].value
    assert "benchmark run --dataset sim-multi" in app.code[1].value


def set_maps(model: str, n: int) -> SetMaps:
    """Maps over a made-up set of two classes."""
    spread = np.random.default_rng(n).uniform(0.1, 0.4, (3, 2, 3))

    def score(row: np.ndarray) -> SetScore:
        hit, iou, share = (Interval(value, value - 0.05, value + 0.05, 9, 1000) for value in row.tolist())
        by_class = {
            label: ClassScore(*(row + place / 10).tolist(), 0.06) for place, label in enumerate(("mass", "node"))
        }
        return SetScore(hit, iou, share, 0.05, by_class)

    gains = {name: Interval(0.02, -0.01, 0.05, 9, 1000) for name in ("hit", "iou", "share")}
    names = ("last-layer", "legrad", "fixed-scale")
    return SetMaps(
        "sim-multi", "Simulated X-rays", "test", True, model, "w", "red circle", n, 40, 9, 0.04,
        {"mass": ClassOfSet(n - 9, 8, 0.05), "node": ClassOfSet(9, 7, 0.02)},
        {name: MapOverSet(*map(score, rows), gains) for name, rows in zip(names, spread, strict=True)},
        {"rollout": "There is no such map of this model."},
    )  # fmt: skip


def test_stored_maps_of_a_set_are_shown_the_models_own_first_and_by_class_when_asked(
    tmp_path: Path, change_settings: Callable[..., None]
) -> None:
    plain, found = set_maps("simclip-plain", 30), set_maps("simclip", 20)
    (tmp_path / "lab").mkdir()
    for one in (plain, found):
        (tmp_path / "lab" / f"maps-{one.model}.json").write_text(one.to_json())
    (tmp_path / "lab" / "maps-broken.json").write_text("{}")
    change_settings(VPE_RESULTS_DIR=tmp_path)
    app = open_part(PAGE, "over_set")
    page = html_of(app)
    assert [one.value.partition(" of ")[0] for one in app.warning] == ["These numbers come from other weights"]
    assert found.words() in page
    assert "20 findings drawn at random from 40" in page
    assert "simulated</span>" in page
    assert "There is no such map of this model." in page
    for name, one in found.maps.items():
        assert f'scope="row">{title_of(name)}</th>' in page
        for way in (one.unmarked, one.marked):
            assert f"<td>{percent(way.hit.value)} <small>{percent(way.hit.low)} to {percent(way.hit.high)}" in page
            assert f"<td>{way.iou.value:.2f} <small>{way.iou.low:.2f} to {way.iou.high:.2f}" in page
    assert "<td>+2 <small>−1 to +5</small>" in page
    assert len(app.get("plotly_chart")) == 2
    assert "mass</th>" not in page
    app.button_group(key="lab_set_class").set_value("hit").run()
    by_class = html_of(app)
    one = found.maps["legrad"]
    assert f"{percent(one.unmarked.by_class['node'].hit)} → {percent(one.marked.by_class['node'].hit)}" in by_class
    assert "mass</th><td>11</td><td>5%</td>" in by_class
    app.button_group(key="lab_set_class").set_value("iou").run()
    assert f"{one.unmarked.by_class['mass'].iou:.2f} → {one.marked.by_class['mass'].iou:.2f}" in html_of(app)
    app.selectbox(key="lab_stored_maps_simclip").select_index(1).run()
    assert plain.words() in html_of(app)
    assert app.info[0].value.startswith(f"These numbers are of {as_text(models.get('simclip-plain').title)}, not of")
    assert not app.warning


def test_the_chart_of_stored_maps_has_the_records_numbers() -> None:
    found = set_maps("simclip", 20)
    names = best_first(found)
    assert [found.maps[name].unmarked.iou.value for name in names] == sorted(
        (one.unmarked.iou.value for one in found.maps.values()), reverse=True
    )
    for measure, chance in (("hit", 0.04), ("iou", 0.05)):
        lines = [trace for trace in chart_of_set_maps(found, names, measure, DARK).data if trace.mode == "lines"]
        dots = [trace for trace in chart_of_set_maps(found, names, measure, DARK).data if trace.mode == "markers"]
        assert {x for line in lines for x in line.x if x is not None} == {chance}
        for way, trace in zip(("unmarked", "marked"), dots, strict=True):
            values = [getattr(getattr(found.maps[name], way), measure) for name in names]
            assert list(trace.x) == [one.value for one in values]
            assert list(trace.x + trace.error_x.array) == pytest.approx([one.high for one in values])
            assert list(trace.x - trace.error_x.arrayminus) == pytest.approx([one.low for one in values])


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
