"""Step 7: a circle on nothing, once small and once big."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.demo.state.demo_state import DemoState
from dashboard.lesson.asking import Asker, Chances
from dashboard.lesson.phrases import finding_named, named, says
from dashboard.lesson.samples import Tried, place_to_fool, tried_on
from dashboard.lesson.step import Bar, Bars, Feedback, Guess, LessonScene, Setting, Step, Trial, Visuals
from vpe_core.datasets.gallery import another_patient
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import DatasetError
from vpe_core.markers.marks import Mark, rounded
from vpe_core.plots.percent import percent
from vpe_core.types import Box

NEITHER, SMALL, BIG, BOTH = "neither", "small", "big", "both"
SIZES = {"small": 0.12, "middle": 0.25, "big": 0.5, "huge": 0.85}
"""Diameters in parts of the picture's shorter side."""
_TITLES = {size: size.capitalize() for size in SIZES}
_SAME = 0.02


@dataclass(frozen=True, slots=True)
class FooledFacts:
    """Answers to a chest with nothing to find.

    Attributes:
        classes: What there is to choose from.
        bare: Their probabilities without a circle.
        small: With a small circle.
        big: With a big one around the same place.
        tried: How often that happens at other places; None where that was not measured.
        link: The live demo with an X-ray to fool it on; None without one.
    """

    classes: tuple[str, ...]
    bare: Chances
    small: Chances
    big: Chances
    tried: Tried | None
    link: DemoState | None


def _scene(setting: Setting) -> LessonScene:
    place = place_to_fool(setting.model, setting.entries)
    entry = place.sample.entry
    xray = setting.xray(entry)
    twin = setting.twin(xray)
    if twin is None:
        raise DatasetError(
            "This step needs a simulated X-ray with a picture of the same X-ray without the finding, and the gallery "
            "has none. Restore the folder precomputed/samples."
        )
    normal = another_patient(setting.entries, patient=entry.patient, simulated=True)
    (x, y), (width, height) = place.sample.finding.box.center, xray.size_wh
    circle = circle_at(place.xy or (x / width, y / height), SMALL, twin.size_wh)
    return LessonScene(
        question=(
            "This is the same X-ray without the finding: no abnormality. We draw a small circle, then a big one around "
            "the same place. Which of them makes the model name a finding?"
        ),
        choices={
            NEITHER: "Neither",
            SMALL: "Only the small one",
            BIG: "Only the big one",
            BOTH: "Both",
        },
        state=DemoState(sample=entry.name, model=setting.model, marks=(circle,)),
        xray=xray,
        drawn_on=twin,
        elsewhere=DemoState(sample=normal.name, model=setting.model) if normal else None,
    )


def circle_at(center: tuple[float, float], size: str, size_wh: tuple[int, int]) -> Mark:
    """A circle of one of `SIZES`, in pixels of a picture.

    Args:
        center: In parts of the picture's sides.
        size: How big.
        size_wh: Of the picture.
    """
    (x, y), (width, height), half = center, size_wh, SIZES[size] * min(size_wh) / 2
    box = Box(x * width - half, y * height - half, x * width + half, y * height + half)
    return rounded(Mark("circle", box.clipped(width - 1, height - 1)))


def _circled(scene: LessonScene, size: str) -> DemoState:
    """With a circle of this size around the place."""
    (mark,), (width, height) = scene.state.marks, scene.picture.size_wh
    x, y = mark.region.box.center
    return replace(scene.state, marks=(circle_at((x / width, y / height), size, (width, height)),))


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> FooledFacts:  # noqa: ARG001
    states = [replace(scene.state, marks=()), _circled(scene, "small"), _circled(scene, "big")]
    bare, small, big = ask.chances(scene.picture, states)
    return FooledFacts(scene.state.shown_classes, bare, small, big, tried_on(scene.state.model), scene.elsewhere)


def fooled(classes: tuple[str, ...], chances: Chances) -> bool:
    """Whether the answer names a finding."""
    return any(name != HEALTHY for name in named(classes, chances))


def _tell(facts: FooledFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    classes, at = facts.classes, facts.classes.index(HEALTHY)
    small, big = fooled(classes, facts.small), fooled(classes, facts.big)
    came_true = BOTH if small and big else SMALL if small else BIG if big else NEITHER
    before, by_small, by_big = (chances[at] for chances in (facts.bare, facts.small, facts.big))
    first = f"“{HEALTHY.capitalize()}” has {percent(before)} without a circle"
    first += f", {percent(by_small)} with the small one and {percent(by_big)} with the big one."
    if fooled(classes, facts.bare):
        first += f" Without any circle it already says {says(classes, facts.bare)}."
    guessed = finding_named(classes, facts.small), finding_named(classes, facts.big)
    chance = facts.small[classes.index(guessed[0])], facts.big[classes.index(guessed[1])]
    second = (
        f"The likeliest finding is {guessed[0]} ({percent(chance[0])}) with the small circle"
        f"{' and' if guessed[0] == guessed[1] else ','} "
        f"{'' if guessed[0] == guessed[1] else f'{guessed[1]} '}({percent(chance[1])}) with the big one."
    )
    if fooled(classes, facts.bare) and came_true != NEITHER:
        last = "It names a finding without any circle, too, so the circle is not alone to blame."
    elif came_true != NEITHER:
        last = "Nothing but the circle was added, so the finding comes from it."
    elif min(by_small, by_big) < before - _SAME:
        last = "The circles did not fool it, but cost it some of its certainty."
    else:
        last = "The circles did not fool it. One place of one chest proves little."
    return Feedback(
        right={came_true},
        model=f"small: {says(classes, facts.small)}; big: {says(classes, facts.big)}",
        truth="there is nothing to find",
        sentences=(first, second, f"{last}{_of_all_places(facts.tried)}"),
        shown=Visuals(
            bars=(
                Bars(f"Probability of “{HEALTHY}”", tuple(_bars(before, by_small, by_big))),
                Bars(
                    "Likeliest finding",
                    (Bar(f"{guessed[0]}, small", chance[0], True), Bar(f"{guessed[1]}, big", chance[1], True)),
                ),
            )
        ),
        link=facts.link,
    )


def _of_all_places(tried: Tried | None) -> str:
    """That the place was picked, and out of how many."""
    if tried is None:
        return ""
    if not tried.small + tried.big:
        return f" Of {tried.places:,} places that were tried, not one fooled it."
    return (
        f" This place was picked: of {tried.places:,} on {tried.twins} such X-rays, the small circle fools it at "
        f"{tried.small:,}, the big one at {tried.big:,}."
    )


def _bars(before: float, small: float, big: float) -> tuple[Bar, ...]:
    return Bar("without", before), Bar("small circle", small, True), Bar("big circle", big, True)


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:  # noqa: ARG001
    state = _circled(scene, option)
    bare, marked = ask.chances(scene.picture, [replace(state, marks=()), state])
    classes = state.shown_classes
    at, other = classes.index(HEALTHY), finding_named(classes, marked)
    return Visuals(
        bars=(
            Bars.of_change(f"Probability of “{HEALTHY}”", bare[at], marked[at], f"{option} circle"),
            Bars("Likeliest finding", (Bar(other, marked[classes.index(other)], True),)),
        ),
        state=state,
        sentence=f"With this circle the model says {says(classes, marked)}.",
    )


FOOLED = Step("Fool it", _scene, _find, _tell, Trial("Try another size", _TITLES, _try))
