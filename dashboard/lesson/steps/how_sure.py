"""Step 8: how sure that is, by the benchmark's stored results and by the boxes of real data sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.words import as_series
from dashboard.lesson.asking import Asker
from dashboard.lesson.step import Bar, Bars, Feedback, Guess, LessonScene, Setting, Step, Trial, Visuals
from vpe_core import models
from vpe_core.errors import ResultsError
from vpe_core.metrics import Interval
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text

BELOW, BETWEEN, ABOVE = "below", "between", "above"
SETS = {"sim-multi": "Usual X-rays", "sim-shift": "Portable X-rays (unseen look)", "sim-nodule": "Two kinds of nodule"}
MARKER = "circle"
_GUESSING = 0.5
_STORED = "simclip"
"""Whose results are shown where the chosen model has none."""


@dataclass(frozen=True, slots=True)
class SureFacts:
    """What a red circle adds on a data set, and what its size and place give away.

    Attributes:
        model: Whose results these are.
        asked: Whose were wanted.
        dataset: The data set.
        samples: How many circled findings were measured.
        unmarked: AUROC without a marker.
        marked: With the circle.
        gain: The difference.
        geometry: AUROC of who is told the circle's size and place and sees no X-ray.
        ahead: How far the marked X-rays are ahead of that.
        real: The same of real data sets, by their titles, with the number of boxes.
    """

    model: str
    asked: str
    dataset: str
    samples: int
    unmarked: Interval
    marked: Interval
    gain: Interval
    geometry: Interval
    ahead: Interval
    real: Mapping[str, tuple[Interval, int]]


def _scene(setting: Setting) -> LessonScene:
    return LessonScene(
        question=(
            "One X-ray proves nothing, so a benchmark asks about many. Now somebody guesses the finding from the "
            "circle's size and place alone and sees no X-ray. How good is that guess, in AUROC?"
        ),
        choices={
            BELOW: "Worse than the model without a marker",
            BETWEEN: "Between the model without and with the circle",
            ABOVE: "As good as the model with the circle, or better",
        },
        state=DemoState(model=setting.model),
    )


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> SureFacts:  # noqa: ARG001
    return _facts(scene, ask, next(iter(SETS)))


def _facts(scene: LessonScene, ask: Asker, dataset: str) -> SureFacts:
    asked = scene.state.model
    for model in dict.fromkeys((asked, _STORED)):
        card = ask.card(dataset, model)
        if card is not None and card.geometry is not None and card.beyond_geometry is not None:
            real = {
                leak.source.title: (group.auroc, leak.boxes)
                for leak in ask.real_boxes().values()
                if not leak.source.simulated and (group := leak.of_marker(MARKER))
            }
            return SureFacts(
                model=models.get(model).short_title,
                asked=models.get(asked).short_title,
                dataset=dataset,
                samples=card.leak.samples,
                unmarked=card.leak.unmarked,
                marked=card.leak.marked,
                gain=card.leak.gain.interval,
                geometry=card.geometry.overall.auroc,
                ahead=card.beyond_geometry.interval,
                real=real,
            )
    raise ResultsError(
        f"There are no stored results on {dataset} to show here. Make them: python -m vpe_core benchmark run "
        f"--dataset {dataset} --model {_STORED}."
    )


def outcome(facts: SureFacts) -> str:
    """Where the guess from size and place comes in; as good is what cannot be told apart from the marked X-rays."""
    if not facts.ahead.low > 0:
        return ABOVE
    return BELOW if facts.geometry.value < facts.unmarked.value else BETWEEN


def _tell(facts: SureFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    gain = facts.gain
    changes = f"AUROC {number_text(facts.unmarked.value)} → {number_text(facts.marked.value)}"
    verdict = "a clear gain" if gain.low > 0 else "a clear loss" if gain.high < 0 else "no clear change"
    ends = interval_text(gain.low, gain.high, signed=True)
    first = (
        f"Over {facts.samples:,} circled findings that is {verdict}: {signed_text(gain.value)}, 95% interval {ends}."
    )
    if facts.model != facts.asked:
        first = f"There are no stored results of {facts.asked}; these are {facts.model}'s. {first}"
    if outcome(facts) == BELOW:
        second = f"Size and place alone do worse than no marker; the marked X-rays are ahead by {_signed(facts.ahead)}."
    elif outcome(facts) == BETWEEN:
        second = f"The marked X-rays are ahead of size and place alone by {_signed(facts.ahead)}."
        second += " The rest of the gain need not be better sight."
    elif gain.low > 0:
        second = "The marked X-rays are not clearly ahead of that: the gain need not be better sight at all."
    else:
        second = "The marked X-rays are not ahead of that: this model hardly uses what the circle tells."
    return Feedback(
        right={outcome(facts)},
        model=f"{changes} with the circle ({facts.model})",
        truth=f"size and place alone reach {_with_ends(facts.geometry)}",
        sentences=(first, second, _real(facts)),
        shown=_visuals(facts),
    )


def _real(facts: SureFacts) -> str:
    if not facts.real:
        return "How that is with the boxes of real data sets was not measured here."
    listed = as_series([f"{number_text(one.value)} on {title}" for title, (one, _) in facts.real.items()])
    if min(one.low for one, _ in facts.real.values()) > _GUESSING:
        return f"The boxes of real data sets tell findings apart by size and place alone, too: AUROC {listed}."
    return (
        f"By size and place alone, the boxes of real data sets reach an AUROC of {listed}; {_GUESSING:g} is guessing."
    )


def _signed(one: Interval) -> str:
    return f"{signed_text(one.value)} {interval_text(one.low, one.high, signed=True)}".strip()


def _with_ends(one: Interval) -> str:
    return f"{number_text(one.value)} {interval_text(one.low, one.high)}".strip()


def _visuals(facts: SureFacts) -> Visuals:
    return Visuals(
        bars=(
            Bars(
                f"{SETS[facts.dataset]}: AUROC (0.5 is guessing)",
                (
                    Bar("without a marker", facts.unmarked.value, text=_with_ends(facts.unmarked)),
                    Bar("with the circle", facts.marked.value, True, _with_ends(facts.marked)),
                    Bar("size and place alone", facts.geometry.value, text=_with_ends(facts.geometry)),
                ),
            ),
            *(
                Bars(
                    f"Real boxes: {title}, {boxes:,} boxes",
                    (Bar("size and place alone", one.value, text=_with_ends(one)),),
                )
                for title, (one, boxes) in facts.real.items()
            ),
        )
    )


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:  # noqa: ARG001
    facts = _facts(scene, ask, option)
    gain = facts.gain
    words = f"Here the circle changes AUROC by {_signed(gain)}"
    return Visuals(
        bars=_visuals(facts).bars[:1], sentence=f"{words}; size and place alone reach {_with_ends(facts.geometry)}."
    )


HOW_SURE = Step("How sure is that?", _scene, _find, _tell, Trial("Look at another data set", SETS, _try))
