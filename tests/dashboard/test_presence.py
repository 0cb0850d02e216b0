"""Whether verdicts on single classes count: what the live demo says of them follows from the stored counts."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from dashboard.demo.answers.presence import MEASURED, MeasuredPresence, presence_doubt, presence_note
from dashboard.frame.verdicts import CHOOSE, EACH
from vpe_core.models import VisionLanguageModel
from vpe_core.settings import get_settings


@pytest.fixture
def counts(model: VisionLanguageModel) -> MeasuredPresence:
    return MeasuredPresence(
        model="made up", weights_sha256=model.record.weights_sha256, xrays=9, findings=10, findings_present=8,
        absent=90, absent_present=0, circled=10, circled_present=9, circled_absent=100, circled_absent_present=0,
        command="none",
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    get_settings.cache_clear()
    (tmp_path / MEASURED).parent.mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(("wrong", "doubted"), [(54, True), (21, True), (20, False), (0, False)])
def test_verdicts_that_call_absent_findings_present_do_not_count(
    wrong: int, doubted: bool, model: VisionLanguageModel, counts: MeasuredPresence, folder: Path
) -> None:
    rows = [asdict(replace(counts, circled_absent_present=wrong))]
    (folder / MEASURED).write_text(json.dumps(rows), encoding="utf-8")
    doubt = presence_doubt(model, EACH, (0.9, 0.2))
    assert (doubt is not None) is doubted
    if doubt:
        name = model.spec.short_title
        assert doubt.headline.startswith(f"With a circle, {name} calls {wrong}% of absent findings present: ")
        assert doubt.details.endswith(f"{wrong} of 100")
    summary, figures = presence_note(model)
    assert f"takes {wrong}% of the findings that an X-ray does not show for present" in summary
    assert figures.endswith(f"of 9 of 10 that are there, and of {wrong} of 100 that are not.")
    assert presence_doubt(model, EACH, None) is None, "without a marker nothing is doubted"
    assert presence_doubt(model, CHOOSE, (0.9, 0.2)) is None, "nor where one class is chosen"


def test_of_a_model_that_was_not_measured_nothing_is_claimed(model: VisionLanguageModel, folder: Path) -> None:
    assert presence_doubt(model, EACH, (0.9, 0.2)) is None
