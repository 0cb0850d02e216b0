from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages.test_pages import open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from vpe_core.settings import get_settings

PAGE = "pages/benchmark.py"


@pytest.mark.parametrize(("per_patient", "tested"), [(1, True), (4, False)])
def test_on_one_class_delongs_test_stands_beside_the_bootstrap_where_samples_are_independent(
    per_patient: int, tested: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model, strengths in (("tiny", PAPER_STRENGTHS), ("zero", {"none": 0.12, "circle/red/1/paper": 0.12})):
        run = MemoryRun(strengths, model=model, n_patients=120 // per_patient, per_patient=per_patient)
        store(run, tmp_path / "made-up" / model)
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    app = open_app(PAGE, {"class": "mass", "model": ["tiny", "zero"]})  # type: ignore[dict-item]
    assert not app.exception
    (pairs,) = [str(one.body) for one in app.get("html") if "Comparisons on one class" in str(one.body)]
    titles = re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', pairs)
    assert {"no marker", "arrow", "circle, named in the prompt", "circle, zero"} <= set(titles)
    assert (">DeLong<" in pairs) is tested
    (caption,) = [one.value.replace("\\", "") for one in app.caption if "Sun and Xu" in one.value]
    assert caption.endswith(
        "each is of another patient, or of another image where patients are not known."
        if tested
        else "120 samples are of 30 patients, so it is not shown."
    )
    app.selectbox(key="class").set_value("all").run()
    assert not [one for one in app.get("html") if "Comparisons on one class" in str(one.body)]


def test_a_class_that_only_the_second_data_set_has_is_answered_by_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = MemoryRun(PAPER_STRENGTHS, name="first-set", n_patients=20)
    samples = first.samples.replace({"label": {"mass": "pacemaker"}})
    for run in (first, MemoryRun(PAPER_STRENGTHS, name="second-set", samples=samples)):
        store(run, tmp_path / run.manifest.dataset.name / "tiny")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    app = open_app(PAGE, {"class": "pacemaker"})
    assert not app.exception
    assert not app.error
    (table,) = [str(one.body) for one in app.get("html") if 'class="vpl-finding"' in str(one.body)]
    assert "On second-set, a red circle lifts" in table
