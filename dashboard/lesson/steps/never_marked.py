"""Step 6: the twin model that never saw a marker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dashboard.demo.state.demo_state import DemoState
from dashboard.lesson.asking import Asker
from dashboard.lesson.samples import sample_for, scene_of
from dashboard.lesson.step import Bars, Feedback, Guess, LessonScene, Setting, Step, Trial, Visuals
from dashboard.library.steering import class_of
from vpe_core import models
from vpe_core.markers import get
from vpe_core.markers.marks import mark_on
from vpe_core.plots.percent import percent

TRAINED, PLAIN = "simclip", "simclip-plain"
UP, SAME, DOWN = "up", "same", "down"
_SAME, _CLEARLY = 0.02, 0.05
_MARKERS = {name: get(name).short_title.capitalize() for name in ("circle", "bbox", "arrow", "crop")}


@dataclass(frozen=True, slots=True)
class TwinFacts:
    """What a circle does to a finding's probability.

    Attributes:
        finding: What is circled.
        changes: For each model, the twin's first, its probability without and with the circle.
        state: With the circle, the twin beside the trained one.
    """

    finding: str
    changes: Mapping[str, tuple[float, float]]
    state: DemoState


def direction(change: tuple[float, float]) -> str:
    """Whether a probability rises, stays or falls."""
    before, after = change
    return UP if after > before + _SAME else DOWN if after < before - _SAME else SAME


def _scene(setting: Setting) -> LessonScene:
    sample = sample_for("several", setting.entries)
    label = sample.finding.label
    return scene_of(
        setting,
        sample,
        marker="circle",
        question=(
            f"{_short(PLAIN)} is the twin of {_short(TRAINED)}: the same training, but never a marker in a picture. "
            f"We circle the {label} for both. What happens to the twin's {label}?"
        ),
        choices={UP: "It becomes more likely", SAME: "It stays about the same", DOWN: "It becomes less likely"},
    )


def _short(model: str) -> str:
    return models.get(model).short_title


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> TwinFacts:  # noqa: ARG001
    finding = class_of(scene.findings[0].label, scene.state.shown_classes) or ""
    changes = _changes(scene, ask, finding, scene.state)
    return TwinFacts(finding, changes, replace(scene.state, model=TRAINED, second=PLAIN))


def _changes(scene: LessonScene, ask: Asker, finding: str, marked: DemoState) -> dict[str, tuple[float, float]]:
    found = {}
    for name in dict.fromkeys((PLAIN, TRAINED, scene.state.model)):
        states = [replace(scene.state, model=name, marks=()), replace(marked, model=name)]
        before, after = ask.chances(scene.picture, states)
        at = marked.shown_classes.index(finding)
        found[name] = (before[at], after[at])
    return found


def _tell(facts: TwinFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    twin, trained = facts.changes[PLAIN], facts.changes[TRAINED]
    ahead = (trained[1] - trained[0]) - (twin[1] - twin[0])
    second = {
        UP: "So the circle helps even a model that nobody taught what it means.",
        SAME: "It looks as if the circle meant nothing to the twin.",
        DOWN: "To the twin the circle is no hint: it is ink on the picture.",
    }[direction(twin)]
    if ahead > _CLEARLY:
        last = "What the other one gains beyond that came with the markers in its training."
    elif ahead < -_CLEARLY:
        last = f"On this X-ray the training with markers did not pay: {_short(TRAINED)} gains less."
    else:
        last = "On this X-ray the training with markers makes no clear difference."
    others = "".join(
        f" {_short(name)}: {_change(change)}." for name, change in facts.changes.items() if name not in (PLAIN, TRAINED)
    )
    return Feedback(
        right={direction(twin)},
        model=f"{facts.finding} {_change(twin)} ({_short(PLAIN)}), {_change(trained)} ({_short(TRAINED)})",
        truth=f"the {facts.finding} is in the circle",
        sentences=(f"{_first(facts)}{others}", second, last),
        shown=_visuals(facts.changes, facts.finding, "circle"),
        link=facts.state,
    )


def _first(facts: TwinFacts) -> str:
    (before, after), how = facts.changes[PLAIN], direction(facts.changes[PLAIN])
    verb = {UP: "rises", SAME: "stays about the same", DOWN: "falls"}[how]
    return f"The twin's {facts.finding} {verb}: {percent(before)} without, {percent(after)} with the circle."


def _change(change: tuple[float, float]) -> str:
    return f"{percent(change[0])} → {percent(change[1])}"


def _visuals(changes: Mapping[str, tuple[float, float]], finding: str, marker: str) -> Visuals:
    return Visuals(
        bars=tuple(
            Bars.of_change(f"{_short(name)}, {finding}", before, after, f"with the {marker}")
            for name, (before, after) in changes.items()
        )
    )


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:  # noqa: ARG001
    assert scene.xray is not None
    finding = class_of(scene.findings[0].label, scene.state.shown_classes) or ""
    treatment = get(option).drawn_as is None
    mark = mark_on("bbox" if treatment else option, scene.findings[0].box, scene.xray.size_wh)
    marked = replace(scene.state, marks=(mark,), treatment=option if treatment else scene.state.treatment)
    changes, title = _changes(scene, ask, finding, marked), get(option).short_title
    sentence = f"With the {title}: {_change(changes[PLAIN])} for the twin, {_change(changes[TRAINED])} for the other."
    return replace(_visuals(changes, finding, title), state=marked, sentence=sentence)


NEVER_MARKED = Step(
    "The twin that never saw a marker", _scene, _find, _tell, Trial("Try another marker", _MARKERS, _try)
)
