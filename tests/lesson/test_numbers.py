"""Each number that a step quotes, computed again with the library alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import AS_DRAWN, COLORS, DemoState
from dashboard.frame.verdicts import EACH
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.step import Guess, LessonScene, Setting, Visuals
from dashboard.lesson.steps.how_sure import SETS, SureFacts
from dashboard.lesson.steps.markers import MarkerFacts
from tests.lesson.conftest import Noting, model_of
from vpe_core import draw_marker, explain
from vpe_core.attention import attention_inside
from vpe_core.plots.percent import percent
from vpe_core.prompts import PAPER_TEMPLATE, negated
from vpe_core.results import find_runs
from vpe_core.results.analysis.geometry import RunBoxes
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import score_variant
from vpe_core.settings import get_settings
from vpe_core.types import Box
from vpe_core.variants import Variant

_NUMBER = re.compile(r"[<>]?\d+%|[+−]?\d\.\d{3}")
ATTENTION_ATOL = 0.003
"""The page measures on a picture of 560 pixels, in which a small circle has a ragged edge."""


def drawn(xray: Xray, state: DemoState) -> Image.Image:
    image = xray.image.convert("RGB")
    for mark in xray.exact(state.marks):  # a link rounds a mark to a tenth of a pixel
        marker = mark.marker if state.treatment == AS_DRAWN else state.treatment
        image = draw_marker(image, mark.region, marker, color=COLORS[state.color], width=state.width)
    return image


def by_hand(xray: Xray, state: DemoState) -> list[float]:
    model, image = model_of(state.model), drawn(xray, state)
    if state.question != EACH:
        return list(model.classify([image], state.shown_classes)[0].tolist())
    picture = model.encode_images([image])[0]
    found = []
    for name in state.shown_classes:
        yes, no = (
            model.encode_texts([text.format(**{"class": name, "suffix": ""})])[0]
            for text in (PAPER_TEMPLATE, negated(PAPER_TEMPLATE))
        )
        found.append(float(1 / (1 + np.exp(model.logit_scale * (picture @ no - picture @ yes)))))
    return found


def told(shown: Visuals) -> Iterator[tuple[str, float]]:
    """Numbers as they are written beside what they are."""
    for bars in shown.bars:
        yield from ((bar.text or percent(bar.share), bar.share) for bar in bars.bars)
    for _, cells in shown.matrix.rows if shown.matrix else ():
        yield from ((percent(cell), cell) for cell in cells)


def everything(
    name: str, setting: Setting, asker: Noting, guess_for: Callable[[LessonScene], Guess]
) -> tuple[object, list[str], list[Visuals]]:
    """What a step finds, and all texts and pictures that it and its trial come to."""
    step = STEPS.get(name)
    scene = step.scene(setting)
    guess = guess_for(scene)
    facts = step.find(scene, asker, guess)
    words = step.tell(facts, guess)
    texts, shown = [words.you, words.model, words.truth, *words.sentences], [words.shown]
    for option in list(step.trial.options_of(scene))[1:] if step.trial else ():
        shown.append(step.trial.show(scene, asker, guess, option))  # type: ignore[union-attr]
        texts.append(shown[-1].sentence)
    return facts, texts, shown


@pytest.mark.parametrize("name", [name for name in STEPS.names() if name not in ("how_sure", "trust")])
def test_what_a_step_says_of_a_model_is_what_the_library_computes(
    name: str, setting: Setting, asker: Noting, guess_for: Callable[[LessonScene], Guess]
) -> None:
    facts, texts, shown = everything(name, setting, asker, guess_for)
    known = {"100%"} if name in ("wording", "two_findings") else set()
    for xray, state, chances in asker.asked:
        np.testing.assert_allclose(chances, by_hand(xray, state), atol=5e-4)
        known.update(map(percent, chances))
    for xray, state, answer in asker.answers:
        inside = answer.inside
        assert inside is not None
        shares = [
            attention_inside(
                explain(model_of(state.model), drawn(xray, one), state.target, method=state.method),
                ellipse(state.marks[0].region.box, xray.size_wh),
            )
            for one in (DemoState(), state)
        ]
        expected = (shares[0].share, shares[1].share, shares[0].area)
        np.testing.assert_allclose((inside.before, inside.after, inside.area), expected, atol=ATTENTION_ATOL)
        known.update(map(percent, (inside.before, inside.after, inside.area)))
    if name == "circle":
        known.add(percent(1))  # the circle of this test covers the finding's box
    if isinstance(facts, MarkerFacts):
        highest, lowest = max(facts.by_look.values()), min(facts.by_look.values())
        assert f"{100 * (highest - lowest):.0f} points apart" in texts[3]
    said = {number for text in texts for number in _NUMBER.findall(text)}
    assert said
    assert said <= known
    assert {text for one in shown for text, _ in told(one)} <= known


def ellipse(box: Box, size_wh: tuple[int, int]) -> np.ndarray:
    (x, y), (width, height) = box.center, size_wh
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    return np.asarray(((columns - x) / (box.width / 2)) ** 2 + ((rows - y) / (box.height / 2)) ** 2 <= 1)


@pytest.mark.parametrize("dataset", SETS)
def test_what_a_step_says_of_the_benchmark_is_what_scikit_learn_computes(
    dataset: str, setting: Setting, asker: Noting
) -> None:
    (run,) = [
        run for run in find_runs() if (run.manifest.dataset.name, run.manifest.model.name) == (dataset, "simclip")
    ]
    step = STEPS.get("how_sure")
    scene = step.scene(setting)
    facts: SureFacts = step.find(scene, asker, "above")
    shown = step.tell(facts, "above").shown
    if dataset != facts.dataset:
        assert step.trial is not None
        shown = step.trial.show(scene, asker, "above", dataset)

    twins = Variant("circle", picture="twin")  # where there are some, all is of the findings that have one
    rows = run.rows(twins) if twins in run else np.arange(len(run.samples))

    def mean(labels: np.ndarray, scores: np.ndarray) -> float:
        kinds = np.unique(labels[rows])
        return float(np.mean([roc_auc_score(labels[rows] == kind, scores[rows, kind]) for kind in kinds]))

    def auroc(variant: Variant) -> float:
        scored = score_variant(run, variant, Question(suffix=False))
        return mean(scored.labels, scored.scores)

    boxes = RunBoxes.of(run)
    alone = mean(boxes.known.labels, np.load(boxes.file))
    unmarked, marked = auroc(Variant("none", protocol="paper")), auroc(Variant("circle"))
    bars = [bar.share for bar in shown.bars[0].bars]
    np.testing.assert_allclose(bars, [unmarked, marked, alone], atol=1e-6)
    sentence = shown.sentence or " ".join(step.tell(facts, "above").sentences)
    assert f"{marked - unmarked:+.3f}".replace("-", "−") in sentence


def test_what_a_step_says_of_real_boxes_is_what_was_stored(setting: Setting, asker: Noting) -> None:
    step = STEPS.get("how_sure")
    facts: SureFacts = step.find(step.scene(setting), asker, "above")
    assert facts.real
    stored = [json.loads(file.read_text()) for file in (get_settings().precomputed_dir / "leaks").glob("*.json")]
    by_title = {one["source"]["title"]: one for one in stored if not one["source"]["simulated"]}
    assert facts.real.keys() == by_title.keys()
    text = step.tell(facts, "above").sentences[-1]
    for title, (interval, boxes) in facts.real.items():
        one = by_title[title]
        value = one["groups"][one["markers"]["circle"]]["auroc"]["value"]
        assert (interval.value, boxes) == (value, one["boxes"])
        assert f"{value:.3f} on {title}" in text
