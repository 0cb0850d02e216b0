"""Step 4: which marker, which colour; then, how thick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dashboard.lesson.asking import Asker
from dashboard.lesson.samples import sample_for, scene_of
from dashboard.lesson.step import Feedback, Guess, LessonScene, Matrix, Setting, Step, Trial, Visuals
from dashboard.library.steering import class_of
from vpe_core.markers import get
from vpe_core.markers.marks import mark_on
from vpe_core.plots.percent import percent

LITTLE, SOME, MUCH, MOST = "little", "some", "much", "most"
ENDS = {LITTLE: 0.05, SOME: 0.2, MUCH: 0.5, MOST: 1.0}
"""Up to which distance between the lowest and the highest probability each choice is right."""
SHAPES, COLOURS, WIDTHS = ("circle", "bbox", "arrow"), ("red", "blue", "white"), (3, 1, 8)
"""The usual line comes first."""
_LINES = {str(width): f"{width} px" for width in WIDTHS}

Look = tuple[str, str]
"""Shape and colour."""


@dataclass(frozen=True, slots=True)
class MarkerFacts:
    """One place, marked in many ways.

    Attributes:
        finding: What is there.
        unmarked: Its probability without a marker.
        by_look: Its probability for each way of marking it.
    """

    finding: str
    unmarked: float
    by_look: Mapping[Look, float]

    @property
    def distance(self) -> float:
        """Between the lowest and the highest probability."""
        return max(self.by_look.values()) - min(self.by_look.values())

    @property
    def outcome(self) -> str:
        """Which choice came true."""
        return next(key for key, end in ENDS.items() if self.distance <= end)


def _scene(setting: Setting) -> LessonScene:
    sample = sample_for("marker", setting.entries)
    return scene_of(
        setting,
        sample,
        marker=SHAPES[0],
        question=(
            f"We mark the same {sample.finding.label} in {len(_looks())} ways: a circle, a box or an arrow, each in "
            "red, blue or white. How far apart are the answers?"
        ),
        choices={
            LITTLE: "Within 5 points",
            SOME: "5 to 20 points",
            MUCH: "20 to 50 points",
            MOST: "More than 50 points",
        },
    )


def _looks() -> tuple[Look, ...]:
    return tuple((shape, colour) for shape in SHAPES for colour in COLOURS)


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> MarkerFacts:  # noqa: ARG001
    unmarked, by_look = _chances(scene, ask, WIDTHS[0])
    return MarkerFacts(scene.findings[0].label, unmarked, by_look)


def _chances(scene: LessonScene, ask: Asker, width: int) -> tuple[float, dict[Look, float]]:
    """The finding's probability without a marker, and in each look."""
    box, size_wh, classes = scene.findings[0].box, scene.picture.size_wh, scene.state.shown_classes
    states = [replace(scene.state, marks=())]
    states += [
        replace(scene.state, marks=(mark_on(shape, box, size_wh),), color=colour, width=width)
        for shape, colour in _looks()
    ]
    at = classes.index(class_of(scene.findings[0].label, classes) or "")
    unmarked, *found = (chances[at] for chances in ask.chances(scene.picture, states))
    return unmarked, dict(zip(_looks(), found, strict=True))


def _tell(facts: MarkerFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    low, high = (pick(facts.by_look, key=facts.by_look.__getitem__) for pick in (min, max))
    ends = f"{percent(facts.by_look[low])} ({_words(low)}) to {percent(facts.by_look[high])} ({_words(high)})"
    below = sum(chance < facts.unmarked for chance in facts.by_look.values())
    if not below:
        second = f"Each of them is above the {percent(facts.unmarked)} without a marker."
    elif below == len(facts.by_look):
        second = f"Each of them is below the {percent(facts.unmarked)} without a marker."
    else:
        verb = "is" if below == 1 else "are"
        second = f"{below} of {len(facts.by_look)} {verb} below the {percent(facts.unmarked)} without a marker."
    last = {
        LITTLE: "On this X-ray it hardly matters how the place is marked. Ask that of more than one.",
        SOME: "It is the same X-ray each time: shape and colour alone move the answer.",
        MUCH: "It is the same X-ray each time: whoever reports a marker has to say how it was drawn.",
        MOST: "It is the same X-ray each time: by choosing the marker one could nearly choose the answer.",
    }[facts.outcome]
    return Feedback(
        right={facts.outcome},
        model=f"{facts.finding} from {ends}",
        truth=f"the {facts.finding} is there, however it is marked",
        sentences=(f"The answers are {100 * facts.distance:.0f} points apart. {second}", last),
        shown=Visuals(matrix=_matrix(facts.by_look, facts.finding, WIDTHS[0])),
    )


def _words(look: Look) -> str:
    shape, colour = look
    return f"{colour} {get(shape).short_title}"


def _matrix(by_look: Mapping[Look, float], finding: str, width: int) -> Matrix:
    rows = tuple((get(shape).short_title, tuple(by_look[shape, colour] for colour in COLOURS)) for shape in SHAPES)
    return Matrix(f"{finding}, line {width} px", COLOURS, rows)


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:  # noqa: ARG001
    width = int(option)
    _, by_look = _chances(scene, ask, width)
    low, high = (pick(by_look, key=by_look.__getitem__) for pick in (min, max))
    return Visuals(
        matrix=_matrix(by_look, scene.findings[0].label, width),
        state=replace(scene.state, width=width),
        sentence=(
            f"With a line of {width} px: from {percent(by_look[low])} ({_words(low)}) to "
            f"{percent(by_look[high])} ({_words(high)})."
        ),
    )


MARKERS = Step("Which marker, which colour", _scene, _find, _tell, Trial("Try another line width", _LINES, _try))
