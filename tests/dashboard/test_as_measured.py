"""A benchmark's case in the live demo: the same picture, the same prompts, and so the same probabilities."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard.benchmark.case_link import case_state, class_words, question_of
from dashboard.demo.answers.answer import answer
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.demo.state.state_link import query_from_state, state_from_query
from tests.app_home import chest
from tests.tiny_models import write_native_model
from vpe_core.benchmark.plan import Plan
from vpe_core.benchmark.runner import run_plan
from vpe_core.cache import BoundedCache
from vpe_core.datasets import open_dataset
from vpe_core.datasets.gallery import Finding
from vpe_core.images import load_image
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.results import Run, open_run
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.results.analysis.tables import scored_pair
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.variants import Variant

LOOKS = (
    "circle/red/1/paper", "circle/blue/5/native", "bbox/green/3/paper", "arrow/red/1/paper", "arrow/yellow/3/native",
    "contour/red/1/paper", "point/red/1/paper", "crop", "crop/native", "spotlight", "blur", "grayscale-tint/red/paper",
)  # fmt: skip
LABELS = ("lung mass", "pleural effusion", "small nodule")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, VisionLanguageModel, Path]]:
    """A run of a small set: pictures that are not square, 16 bits deep, with boxes in fractions of a pixel."""
    folder = tmp_path_factory.mktemp("set")
    with (folder / "own.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("image", "label", "x0", "y0", "x1", "y1"))
        for number in range(6):
            deep = np.asarray(chest((333, 411), number)).astype(np.uint16) * 150 + 700
            Image.fromarray(deep).save(folder / f"{number}.png")
            x, y = 90.061 + 7.777 * number, 201.04 - 13.337 * number
            table.writerow((f"{number}.png", LABELS[number % 3], x, y, x + 77.13, y + 51.49))
    with pytest.MonkeyPatch.context() as patch:
        home = folder / "precomputed"
        write_native_model(home / "models" / "simclip")
        for name, value in {"PRECOMPUTED_DIR": home, "DEVICE": "cpu", "PRECISION": "fp32"}.items():
            patch.setenv(f"VPE_{name}", str(value))
        get_settings.cache_clear()
        model = load_model("simclip")
        blocks = [_block(Variant.parse(key)) for key in LOOKS]
        plan = Plan.model_validate({"name": "all", "blocks": [*blocks, {"markers": ["none"], "protocols": ["native"]}]})
        run = run_plan(plan, open_dataset("table", folder), model, folder / "results")
        yield run, model, folder
    get_settings.cache_clear()


def _block(look: Variant) -> dict[str, list[object]]:
    drawn = {"colors": [look.color], "widths": [look.width], "protocols": [look.protocol]}
    return {"markers": ["none", look.marker], **drawn}  # type: ignore[dict-item]


def xray_of(run: Run, row: int, folder: Path) -> Xray:
    sample = run.samples.iloc[row]
    path = folder / sample["image_path"]
    (box,) = (one.box for one in open_dataset("table", folder) if one.image_id == sample["image_id"])
    assert box is not None
    finding = Finding(str(sample["label"]), box)
    return Xray("case", load_image(path), findings=(finding,), file=path)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("key", LOOKS)
def test_the_demo_answers_a_case_with_the_stored_probabilities(
    measured: tuple[Run, VisionLanguageModel, Path], key: str, named: bool
) -> None:
    run, model, folder = measured
    question = Question(
        suffix="pointed out by a friend" if named else True,
        template="reports" if key == "crop" else None if named else "Film of {class}{suffix}",
        class_words=(("lung mass", "a large lump"),),
    )
    evaluation = Evaluation(0, lambda _, texts: model.encode_texts(list(texts)))
    before, after = scored_pair(evaluation, run, TableRow(Variant.parse(key), named), question)
    for row in (0, 2, 5):
        state = case_state(run, row, Variant.parse(key), question, named)
        assert state is not None
        shown, problems = state_from_query(query_from_state(state))
        assert (shown, problems) == (state, ())
        assert shown.measured.endswith(f":{row}:{key}")
        result = answer(model, xray_of(run, row, folder), shown, shown.shown_classes, BoundedCache())
        assert result.marked is not None
        assert result.without.probabilities == pytest.approx(before.scores[row], abs=1e-4)
        assert result.marked.probabilities == pytest.approx(after.scores[row], abs=1e-4)
        assert question_of(run, shown).class_words == question.class_words


def test_a_case_that_the_demo_cannot_ask_alike_is_not_called_measured(
    measured: tuple[Run, VisionLanguageModel, Path],
) -> None:
    run, _, _ = measured
    look = Variant.parse("circle/red/1/paper")
    for question in (Question(scoring="cosine"), Question(class_words=(("lung mass", "a|b"),))):
        state = case_state(run, 0, look, question, named=False)
        assert state is not None
        assert state.measured == ""
    assert case_state(run, 0, replace(look, color="black"), Question(), named=False) is None


@pytest.mark.parametrize("text", ["x", "0" * 12 + ":1:<b>", "0" * 12 + ":-1:crop", "0" * 11 + ":1:crop"])
def test_a_case_in_a_link_that_makes_no_sense_is_left_out(text: str) -> None:
    state, problems = state_from_query({"measured": text})
    assert state == DemoState()
    assert len(problems) == 1


def test_classes_that_the_demo_has_in_another_order_keep_their_names() -> None:
    run = open_run(PROJECT_DIR / "precomputed" / "results" / "benchmark" / "sim-multi" / "simclip")
    labels = run.samples["label"]
    for label in run.manifest.dataset.classes:
        row = int(labels.index[labels == label][0])
        state = case_state(run, row, Variant("circle"), Question(suffix=True), named=False)
        assert state is not None
        arrived, _ = state_from_query(query_from_state(state))
        asked = question_of(run, arrived)
        assert dict(zip(run.manifest.dataset.classes, class_words(run, asked), strict=True))[label] == label
        assert asked.class_words == ()
    exchanged = (("pacemaker", "no abnormality"), ("no abnormality", "pacemaker"))
    state = case_state(run, 0, Variant("circle"), Question(class_words=exchanged), named=False)
    assert state is not None
    assert not state.measured
