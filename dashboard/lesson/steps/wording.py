"""Step 1, zero-shot: the words on the list decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dashboard.demo.state.demo_state import default_classes
from dashboard.lesson.asking import Asker, Chances
from dashboard.lesson.phrases import a_finding, likeliest, named, says
from dashboard.lesson.samples import sample_for, scene_of
from dashboard.lesson.step import Bars, Feedback, Guess, LessonScene, Setting, Step, Trial, Visuals
from dashboard.library.steering import class_of
from vpe_core.datasets.gallery import Finding
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.plots.percent import percent

NORMAL, OTHER, OPEN = "normal", "other", "open"
_N_WRONG = 3


@dataclass(frozen=True, slots=True)
class WordingFacts:
    """What two lists lead to.

    Attributes:
        finding: What is there.
        place: The same with its place.
        classes: The whole list.
        full: Their probabilities.
        fewer: The list without the finding.
        reduced: Their probabilities.
    """

    finding: str
    place: Finding
    classes: tuple[str, ...]
    full: Chances
    fewer: tuple[str, ...]
    reduced: Chances


def _scene(setting: Setting) -> LessonScene:
    sample = sample_for("plain", setting.entries)
    finding = sample.finding.label
    return scene_of(
        setting,
        sample,
        question=(
            f"This X-ray shows {a_finding(finding)}. The model picks the class that fits best from a list of "
            f"{len(default_classes())}. We take “{_class(finding)}” off the list. What does it say now?"
        ),
        choices={
            NORMAL: f"“{HEALTHY.capitalize()}”",
            OTHER: "Another finding",
            OPEN: "Nothing clear: it stays undecided",
        },
    )


def _class(finding: str) -> str:
    return class_of(finding, default_classes()) or finding


def _lists(scene: LessonScene) -> dict[str, tuple[str, ...]]:
    finding, classes = _class(scene.findings[0].label), default_classes()
    others = tuple(name for name in classes if name not in (finding, HEALTHY))
    return {
        "without": tuple(name for name in classes if name != finding),
        "all": classes,
        "pair": (finding, HEALTHY),
        "wrong": others[:_N_WRONG],
    }


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> WordingFacts:  # noqa: ARG001
    lists = _lists(scene)
    whole, fewer = lists["all"], lists["without"]
    states = [replace(scene.state, classes=classes) for classes in (whole, fewer)]
    full, reduced = ask.chances(scene.picture, states)
    return WordingFacts(_class(scene.findings[0].label), scene.findings[0], whole, full, fewer, reduced)


def _tell(facts: WordingFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    finding, n = facts.finding, len(facts.classes)
    before, after = named(facts.classes, facts.full), named(facts.fewer, facts.reduced)
    chance = percent(facts.full[facts.classes.index(finding)])
    if before == (finding,):
        first = f"With all {n} classes the answer was {finding}, at {chance}."
    else:
        first = f"With all {n} classes {finding} got {chance}; the answer was {says(facts.classes, facts.full)}."
    shared = "It compares the X-ray with one prompt for each class on its list, and deals out 100% among them."
    if not after:
        last = "Here the rest shares them so evenly that nothing can be read from it."
    elif set(after) == {HEALTHY}:
        last = "So a gap in the list can make an ill patient look healthy."
    else:
        last = "So a gap in the list can put a wrong name on what is there."
    return Feedback(
        right={NORMAL if name == HEALTHY else OTHER for name in after} or {OPEN},
        model=says(facts.fewer, facts.reduced),
        truth=f"{finding}, which was no longer on the list",
        sentences=(first, shared, last),
        boxes=(facts.place,),
        shown=_visuals(facts.fewer, facts.reduced, f"without “{finding}”"),
    )


def _options(scene: LessonScene) -> Mapping[str, str]:
    finding = _class(scene.findings[0].label)
    return {
        "without": f"Without “{finding}”",
        "all": f"All {len(default_classes())}",
        "pair": f"“{finding}” or “{HEALTHY}”",
        "wrong": f"{_N_WRONG} that are not there",
    }


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:  # noqa: ARG001
    classes = _lists(scene)[option]
    (chances,) = ask.chances(scene.picture, [replace(scene.state, classes=classes)])
    return replace(_visuals(classes, chances, "this list"), sentence=f"It says {says(classes, chances)}.")


def _visuals(classes: tuple[str, ...], chances: Chances, title: str) -> Visuals:
    return Visuals(bars=(Bars(f"Probability, {title}", likeliest(classes, chances)),))


WORDING = Step("Zero-shot: words decide", _scene, _find, _tell, Trial("Try another list of classes", _options, _try))
