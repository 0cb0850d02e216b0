"""The lesson with the embedded models and the gallery that come with the app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import pytest

from dashboard.demo.answers.answer import Answer
from dashboard.demo.answers.control import picture_for
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.lesson.asking import Asker, Chances
from dashboard.lesson.step import Guess, LessonScene, Setting
from dashboard.library.steering import in_order
from vpe_core.cache import BoundedCache
from vpe_core.datasets.gallery import GalleryImage, offered
from vpe_core.images import load_image
from vpe_core.leaks import stored_leaks
from vpe_core.markers.marks import mark_on
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.results import find_runs
from vpe_core.results.analysis.leak_card import LeakCard, leak_card
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.variants import Variant

Asked = tuple[Xray, DemoState, Chances]


@dataclass(frozen=True)
class Noting(Asker):
    """Takes note of all that is asked, and what was answered."""

    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[Xray, DemoState, Answer]] = field(default_factory=list)

    def chances(self, xray: Xray, states: Sequence[DemoState]) -> tuple[Chances, ...]:
        found = super().chances(xray, states)
        self.asked.extend((xray, state, chances) for state, chances in zip(states, found, strict=True))
        return found

    def answer(self, xray: Xray, state: DemoState) -> Answer:
        found = super().answer(xray, state)
        self.answers.append((xray, state, found))
        assert found.marked is not None
        for marks, impression in (((), found.without), (state.marks, found.marked)):
            self.asked.append((xray, DemoState(model=state.model, marks=marks), impression.probabilities))
        return found


@cache
def model_of(name: str) -> VisionLanguageModel:
    """An embedded model, loaded once."""
    return load_model(name)


@cache
def card_of(dataset: str, model: str) -> LeakCard | None:
    """By the stored results."""
    runs = {(run.manifest.dataset.name, run.manifest.model.name): run for run in find_runs()}
    run = runs.get((dataset, model))
    return leak_card(run, TableRow(Variant("circle")), Question(suffix=True)) if run else None


def xray_of(entry: GalleryImage) -> Xray:
    """A gallery entry, read anew."""
    image = load_image(entry.path)
    return Xray(entry.name, image, simulated=entry.simulated, findings=entry.findings, twin=entry.twin)


@pytest.fixture(scope="session")
def setting() -> Setting:
    return Setting("simclip", in_order(offered()), cache(xray_of), lambda xray: picture_for("twin", xray, None))


@pytest.fixture
def asker() -> Noting:
    memory = BoundedCache(1000)
    return Noting(model_of, lambda _: memory, card_of, stored_leaks)


@pytest.fixture(scope="session")
def guess_for() -> Callable[[LessonScene], Guess]:
    """Some guess that fits the scene."""

    def guess(scene: LessonScene) -> Guess:
        if scene.choices:
            return next(iter(scene.choices))
        return (mark_on("circle", scene.findings[0].box, scene.picture.size_wh),)

    return guess
