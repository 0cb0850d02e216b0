"""What the laboratory's pages save: the numbers that they show, with all that is needed to ask again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from dashboard.demo.state.demo_state import COLORS
from dashboard.lab.take_along import OWN, Row, _file
from tests.pages.lab_pages import LINK, finished, forget_jobs, open_part, scene
from tests.pages.test_attention import set_maps
from tests.pages.test_pages import open_app
from tests.results.memory_run import store
from tests.results.test_gaze import BOX, CIRCLE, Looking
from vpe_core import lab, load_model
from vpe_core.lab.compare import Compared
from vpe_core.lab.counter_tests import CounterTests
from vpe_core.lab.layers import Layers
from vpe_core.lab.mapping import title_of
from vpe_core.lab.sweeps import SweepCurve
from vpe_core.results import find_runs
from vpe_core.results.analysis.gaze import gaze_by_marker
from vpe_core.results.analysis.scores import Evaluation

MARKER_LAB, ATTENTION = "pages/marker_lab.py", "pages/attention.py"


@pytest.fixture(autouse=True)
def no_jobs() -> None:
    st.cache_resource.clear()  # another file's tests may have loaded another model under the same name
    forget_jobs()


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[str, list[dict[str, str]]]]:
    """The file of the last CSV button: its name and its rows."""
    made: dict[str, Any] = {}

    def button(label: str, data: Callable[[], bytes], file_name: str, *_: object, **__: object) -> bool:
        assert label == "CSV"
        made.update(data=data, name=file_name)
        return False

    monkeypatch.setattr("dashboard.lab.take_along.st.download_button", button)
    return lambda: (made["name"], list(csv.DictReader(io.StringIO(made["data"]().decode()))))


def test_the_ways_are_saved_with_what_was_asked(saved: Callable[[], tuple[str, list[dict[str, str]]]]) -> None:
    open_part(MARKER_LAB, "compare")
    name, rows = saved()
    model = load_model("simclip")
    found: Compared = lab.get("compare").run(scene(), model, colors=COLORS)
    assert name.endswith("compare.csv")
    assert [row["way"] for row in rows] == [found.styles[place].title for place in found.order]
    for row, place in zip(rows, found.order, strict=True):
        assert float(row["probability"]) == pytest.approx(float(found.probabilities[place, found.column]), abs=1e-5)
    first = rows[0]
    assert (first["model"], first["weights_sha256"]) == ("simclip", model.record.weights_sha256)
    assert (first["xray"], first["class"], first["region"]) == ("case_a", "lung mass", "box 140,110,220,200")
    assert first["prompt"]
    assert first["simulated"] in {"True", "False"}


@pytest.mark.parametrize(
    ("page", "part", "study"), [(MARKER_LAB, "counter", "counter"), (ATTENTION, "layers", "layers")]
)
def test_other_parts_save_a_row_a_number(
    saved: Callable[[], tuple[str, list[dict[str, str]]]], page: str, part: str, study: str
) -> None:
    open_part(page, part)
    _, rows = saved()
    found: CounterTests | Layers = lab.get(study).run(scene(), load_model("simclip"))
    if isinstance(found, Layers):
        assert len(rows) == found.gains.size
        assert float(rows[0]["share_with_marker"]) == pytest.approx(float(found.shares[1, 0, 0]), abs=1e-4)
    else:
        assert rows[0]["place"] == "here, on the region"
        assert float(rows[0]["probability"]) == pytest.approx(found.here.marked, abs=1e-4)
    assert all(row["weights_sha256"] for row in rows)


def test_sweeps_save_every_model_under_its_own_name(
    saved: Callable[[], tuple[str, list[dict[str, str]]]],
) -> None:
    app = open_app(MARKER_LAB, LINK, unfolded="lab_part_sweeps")
    finished(app)
    finished(app.multiselect(key="lab_models").set_value(["simclip-plain"]).run())
    _, rows = saved()
    weights = {row["model"]: row["weights_sha256"] for row in rows}
    assert set(weights) == {"simclip", "simclip-plain"}
    assert weights["simclip-plain"] == load_model("simclip-plain").record.weights_sha256
    for model in weights:
        curve: SweepCurve = lab.get("sweep").run(scene(), load_model(model), axis="width")
        of_width = [row for row in rows if (row["axis"], row["model"]) == ("width", model)]
        assert [float(row["value"]) for row in of_width] == pytest.approx(curve.values)
        assert [float(row["probability"]) for row in of_width] == pytest.approx(list(curve.probability), abs=1e-4)
        assert [float(row["attention_inside"]) for row in of_width] == pytest.approx(list(curve.attention), abs=1e-4)


def test_the_attention_of_stored_results_is_saved(
    saved: Callable[[], tuple[str, list[dict[str, str]]]], tmp_path: Path, change_settings: Callable[..., None]
) -> None:
    store(Looking({"none": 0.5, CIRCLE: 1.5, BOX: 1.0}, name="looked"), tmp_path / "results" / "looked" / "tiny")
    change_settings(VPE_RESULTS_DIR=tmp_path / "results")
    open_part(ATTENTION, "over_set")
    name, rows = saved()
    assert name.endswith("attention-over-set.csv")
    (run,) = find_runs()
    expected = {one.variant.marker: one for one in gaze_by_marker(run, evaluation=Evaluation(2000))}
    assert len(rows) == len(expected)
    for row in rows:
        one = expected[row["marker"]]
        assert float(row["share_marked_50%"]) == pytest.approx(one.marked[2], abs=1e-5)
        assert float(row["adds_high"]) == pytest.approx(one.gain.high, abs=1e-5)
        assert float(row["correlation"]) == pytest.approx(one.correlation.value, abs=1e-5)
        assert row["weights_sha256"] == (run.manifest.model.weights_sha256 or "")


def test_texts_are_safe_in_a_spreadsheet_and_what_cannot_be_told_is_empty() -> None:
    rows: list[Row] = [{"way": "=1+1", "probability": float("nan"), "n": 3}]
    (row,) = csv.DictReader(io.StringIO(_file(lambda: rows, {"xray": OWN}, "m", {"m": "abc"}).decode()))
    assert row == {"way": "'=1+1", "probability": "", "n": "3", "model": "m", "weights_sha256": "abc", "xray": OWN}


def test_over_a_data_set_each_row_has_its_own_model_and_weights(
    saved: Callable[[], tuple[str, list[dict[str, str]]]], tmp_path: Path, change_settings: Callable[..., None]
) -> None:
    found = set_maps("simclip", 20)
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "maps-simclip.json").write_text(found.to_json())
    change_settings(VPE_RESULTS_DIR=tmp_path)
    open_part(ATTENTION, "over_set")
    name, rows = saved()
    assert name == "simulated-maps-over-set.csv"
    assert len(rows) == len(found.maps) * 3 * (3 + 2 * 2)
    assert {(row["model"], row["weights_sha256"], row["simulated"]) for row in rows} == {("simclip", "w", "True")}
    for row in rows:
        one = next(one for key, one in found.maps.items() if title_of(key) == row["map"])
        if row["way"] == "adds":
            expected = one.gains[row["measure"]].value
        else:
            score = one.marked if row["way"] == "marked" else one.unmarked
            whole = getattr(score, row["measure"]).value
            expected = whole if row["class"] == "all" else getattr(score.by_class[row["class"]], row["measure"])
        assert float(row["value"]) == pytest.approx(expected, abs=1e-5)
