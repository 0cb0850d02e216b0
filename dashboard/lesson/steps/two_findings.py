"""Step 2: several findings, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.demo.state.demo_state import default_classes
from dashboard.frame.verdicts import CHOOSE, EACH, winners
from dashboard.frame.words import as_series
from dashboard.lesson.asking import Asker, Chances
from dashboard.lesson.phrases import a_finding, named, says
from dashboard.lesson.samples import sample_for, scene_of
from dashboard.lesson.step import Bar, Bars, Feedback, Guess, LessonScene, Setting, Step, Trial, Visuals
from dashboard.library.steering import class_of
from vpe_core.datasets.gallery import Finding
from vpe_core.plots.percent import percent

WRONG, OPEN = "wrong", "open"
_SHOWN = 5
_QUESTIONS = {CHOOSE: "Choose one", EACH: "Each: present or not"}


@dataclass(frozen=True, slots=True)
class SeveralFacts:
    """One answer to an X-ray with several findings.

    Attributes:
        present: The findings.
        classes: What there is to choose from.
        chances: Their probabilities.
        places: The findings with their places.
    """

    present: tuple[str, ...]
    classes: tuple[str, ...]
    chances: Chances
    places: tuple[Finding, ...]


def _scene(setting: Setting) -> LessonScene:
    sample = sample_for("several", setting.entries)
    present = _present(sample.entry.findings)
    return scene_of(
        setting,
        sample,
        question=(
            f"This X-ray shows {as_series([a_finding(label) for label in present])}. The model may give one answer. "
            "Which one?"
        ),
        choices={
            **{label: label.capitalize() for label in present},
            WRONG: "Something that is not there",
            OPEN: "Nothing clear: it stays undecided",
        },
        findings=sample.entry.findings,
    )


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> SeveralFacts:  # noqa: ARG001
    (chances,) = ask.chances(scene.picture, [scene.state])
    return SeveralFacts(_present(scene.findings), scene.state.shown_classes, chances, scene.findings)


def _present(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The classes of the findings, each once."""
    return tuple(dict.fromkeys(class_of(one.label, default_classes()) or one.label for one in findings))


def _tell(facts: SeveralFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    said = named(facts.classes, facts.chances)
    chances = dict(zip(facts.classes, facts.chances, strict=True))
    listed = as_series([f"{label} {percent(chances[label])}" for label in facts.present if label in chances])
    first = f"Of what is there, it gives {listed}."
    shared = f"A single choice deals out 100% among {len(facts.classes)} classes, so one finding takes from the other."
    missed = [label for label in facts.present if label not in said]
    wrong = [label for label in said if label not in facts.present]
    if not said:
        last = "So an X-ray with a lot to see can end without an answer."
    elif wrong:
        last = f"But there is no {' and no '.join(wrong)}: the answer is the closest sentence, and no more."
    elif missed:
        last = f"Nothing in this answer says that there is also {as_series([a_finding(label) for label in missed])}."
    else:
        last = "Here the near tie does name all that is there."
    return Feedback(
        right={label if label in facts.present else WRONG for label in said} or {OPEN},
        model=says(facts.classes, facts.chances),
        truth=f"all of them: {as_series(facts.present)}",
        sentences=(first, shared, last),
        boxes=facts.places,
        shown=Visuals(bars=(_bars("Probability, choosing one", facts.classes, facts.chances, facts.present),)),
    )


def _bars(title: str, classes: tuple[str, ...], chances: Chances, present: tuple[str, ...]) -> Bars:
    order = sorted(range(len(classes)), key=lambda index: -chances[index])[:_SHOWN]
    names = {index: f"{classes[index]}{' (there)' if classes[index] in present else ''}" for index in order}
    return Bars(title, tuple(Bar(names[index], chances[index]) for index in order))


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:  # noqa: ARG001
    state = replace(scene.state, question=option)
    (chances,) = ask.chances(scene.picture, [state])
    classes, present = state.shown_classes, _present(scene.findings)
    if option == CHOOSE:
        return Visuals(bars=(_bars("Probability, choosing one", classes, chances, present),))
    said = [classes[index] for index in winners(EACH, chances)]
    found = [label for label in present if label in said]
    wrong = sum(label not in present for label in said)
    sentence = f"Asked about each by itself, it finds {len(found)} of the {len(present)} that are there"
    sentence += f", and {wrong} that {'is' if wrong == 1 else 'are'} not there." if wrong else ", and nothing else."
    return Visuals(bars=(_bars("Probability of “present”", classes, chances, present),), sentence=sentence)


TWO_FINDINGS = Step("Two findings, one answer", _scene, _find, _tell, Trial("Ask in another way", _QUESTIONS, _try))
