"""Step 5: where the model looks, and whether looking means knowing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PIL import Image

from dashboard.demo.answers.answer import Answer, Impression, RegionShare
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.attention_words import attention_sentence
from dashboard.lesson.asking import Asker, Chances
from dashboard.lesson.phrases import named, says
from dashboard.lesson.samples import sample_for, scene_of
from dashboard.lesson.step import Bars, Feedback, Guess, LessonScene, Setting, Step, Trial, Visuals
from dashboard.library.steering import class_of
from vpe_core import attention
from vpe_core.attention.overlay import overlay
from vpe_core.plots.percent import percent

BOTH, LOOKS, NAMES, NEITHER = "both", "looks", "names", "neither"
_MORE = 0.02
_OPACITY = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class AttentionFacts:
    """Attention and answer without and with a circle.

    Attributes:
        finding: The class of what is circled.
        classes: What there is to choose from.
        before: Their probabilities without the circle.
        after: With it.
        inside: Attention inside the circle.
        shown: The two maps.
        state: With the circle.
    """

    finding: str
    classes: tuple[str, ...]
    before: Chances
    after: Chances
    inside: RegionShare
    shown: tuple[tuple[Image.Image, str], ...]
    state: DemoState

    @property
    def outcome(self) -> str:
        """Which of the four came true."""
        looks = self.inside.after > self.inside.before + _MORE
        names = self.finding in named(self.classes, self.after)
        return (BOTH if names else LOOKS) if looks else NAMES if names else NEITHER


def _scene(setting: Setting) -> LessonScene:
    sample = sample_for("gaze", setting.entries)
    return scene_of(
        setting,
        sample,
        marker="circle",
        question=f"We circle the {sample.finding.label}. Does the model look there more, and does it name it?",
        choices={
            BOTH: "It looks there more, and names it",
            LOOKS: "It looks there more, but does not name it",
            NAMES: "It does not look there more, but names it",
            NEITHER: "Neither",
        },
    )


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> AttentionFacts:  # noqa: ARG001
    finding, answer, inside = _asked(scene, ask, scene.state)
    assert answer.marked is not None
    return AttentionFacts(
        finding=finding,
        classes=answer.classes,
        before=answer.without.probabilities,
        after=answer.marked.probabilities,
        inside=inside,
        shown=_maps(answer),
        state=scene.state,
    )


def _asked(scene: LessonScene, ask: Asker, state: DemoState) -> tuple[str, Answer, RegionShare]:
    finding = class_of(scene.findings[0].label, state.shown_classes) or ""
    answer = ask.answer(scene.picture, replace(state, target=finding))
    assert answer.inside is not None  # the circle lies on the X-ray
    return finding, answer, answer.inside


def _maps(answer: Answer) -> tuple[tuple[Image.Image, str], ...]:
    assert answer.marked is not None
    return ((_map(answer.without), "without a marker"), (_map(answer.marked), "with the circle"))


def _map(impression: Impression) -> Image.Image:
    return overlay(impression.preview, impression.heatmap, opacity=_OPACITY)


def _tell(facts: AttentionFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    at, inside, finding = facts.classes.index(facts.finding), facts.inside, facts.finding
    known = finding in named(facts.classes, facts.before)
    last = {
        BOTH: f"It looks there more, and names it{_TOO if known else ''}. {_ONE_CASE}",
        LOOKS: f"It looks there more, and {'no longer names it' if known else 'still does not name it'}. {_MEANING}",
        NAMES: f"It names it{_TOO if known else ''}, and does not look there more. {_MEANING}",
        NEITHER: f"So the circle drew neither the look nor the name. {_MEANING}",
    }[facts.outcome]
    return Feedback(
        right={facts.outcome},
        model=(
            f"attention in the circle {percent(inside.before)} → {percent(inside.after)}; "
            f"it says {says(facts.classes, facts.after)}"
        ),
        truth=f"the {finding} is in the circle",
        sentences=(
            f"The circle covers {percent(inside.area)} of the picture. It holds {percent(inside.before)} of the "
            f"attention before it is drawn, {percent(inside.after)} after.",
            f"For {finding} the model gives {percent(facts.before[at])} before and {percent(facts.after[at])} after.",
            last,
        ),
        shown=Visuals(
            bars=(
                Bars.of_change("Attention in the circle", inside.before, inside.after, "with"),
                Bars.of_change(f"Probability of {finding}", facts.before[at], facts.after[at], "with"),
            ),
            pictures=facts.shown,
        ),
        link=facts.state,
    )


_MEANING = "Attention tells where a model looks, not why it answers."
_TOO = ", as it did without the circle"
_ONE_CASE = "One case is no rule: attention tells where a model looks, not why it answers."


def _options(scene: LessonScene) -> Mapping[str, str]:
    first = scene.state.method
    return {name: attention.get(name).title for name in (first, *attention.quick_names())}


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:  # noqa: ARG001
    state = replace(scene.state, method=option)
    finding, answer, inside = _asked(scene, ask, state)
    target = finding if attention.get(option).reads_text else ""
    what = "Evidence" if target else "Attention"
    return Visuals(
        bars=(Bars.of_change(f"{what} in the circle", inside.before, inside.after, "with"),),
        pictures=_maps(answer),
        sentence=attention_sentence(inside.before, inside.after, inside.area, "inside the circle", target),
    )


ATTENTION = Step(
    "Does looking mean knowing?", _scene, _find, _tell, Trial("Try another attention method", _options, _try)
)
