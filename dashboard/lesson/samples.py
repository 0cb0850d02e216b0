"""Which X-ray each step shows: by what it shows and what was measured on it, never by its name. No streamlit here.

| need | property, the best first |
|---|---|
| `plain` | one finding that the unmarked answer names: every marker agrees, the surest first |
| `several` | two findings or more, one of which is not named unmarked and is named with any circle: the fewest findings, then the largest gain |
| `marker` | one finding for which circle, box and arrow differ most in how often they lead to it |
| `gaze` | one finding that a circle draws the attention to, though few markers lead to it: the largest rise |
| `small` | one small finding with a picture of the same chest without it: one that is easy to see, the surest to steer |

"Fool it" takes the chest and the place where a circle on nothing makes the model at hand surest of a finding, and says
how often that happens elsewhere; with a model that was not tried, the place of the finding of `small`.

Where nothing was measured, the gallery's order counts. Only simulated X-rays are taken, for their findings are
known, and only findings that one of the classes answers.
"""  # noqa: E501 - a table

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboard.demo.state.demo_state import DemoState, default_classes
from dashboard.lesson.step import LessonScene, Setting
from dashboard.library.fooling import measured_fooling
from dashboard.library.steering import SteeredFinding, Steering, class_of, measured
from vpe_core.datasets.gallery import Finding, GalleryImage
from vpe_core.errors import DatasetError
from vpe_core.markers.marks import mark_on

_CIRCLES = ("circle_tight", "circle_loose", "circle_double")
_TIGHT = ("circle_tight", "box_tight", "arrow")
_MISLED = 0.5
_SMALL_PX = 160
"""Longest side of a small finding, in pixels of an X-ray that is 1024 pixels wide."""


@dataclass(frozen=True, slots=True)
class LessonSample:
    """An X-ray, and its finding at hand, which one of the classes answers."""

    entry: GalleryImage
    finding: Finding


Rank = Callable[[LessonSample, Steering, SteeredFinding], tuple[float, ...] | None]
"""The lower the better; None for what does not have the property."""


def _plain(_: LessonSample, steering: Steering, finding: SteeredFinding) -> tuple[float, ...] | None:
    return (-finding.unmarked,) if steering.findings == 1 and steering.agrees else None


def _several(_: LessonSample, steering: Steering, finding: SteeredFinding) -> tuple[float, ...] | None:
    led = all(finding.shares[way] == 1 for way in _CIRCLES) and finding.named != finding.label
    return (steering.findings, -finding.gain) if steering.findings > 1 and led else None


def _marker(_: LessonSample, steering: Steering, finding: SteeredFinding) -> tuple[float, ...] | None:
    shares = [finding.shares[way] for way in _TIGHT]
    return (min(shares) - max(shares), -steering.share) if steering.findings == 1 else None


def _gaze(_: LessonSample, steering: Steering, finding: SteeredFinding) -> tuple[float, ...] | None:
    misled = steering.findings == 1 and steering.share < _MISLED
    return (finding.attention_unmarked - finding.attention_circle,) if misled else None


def _small(sample: LessonSample, steering: Steering, _: SteeredFinding) -> tuple[float, ...] | None:
    box, is_hard = sample.finding.box, sample.entry.difficulty != "easy"
    small = max(box.width, box.height) <= _SMALL_PX and sample.entry.twin is not None
    return (is_hard, -steering.share, -steering.lowest) if steering.findings == 1 and small else None


_RANKS: Mapping[str, Rank] = {
    "plain": _plain,
    "several": _several,
    "marker": _marker,
    "gaze": _gaze,
    "small": _small,
}
NEEDS = tuple(_RANKS)


def sample_for(need: str, entries: Sequence[GalleryImage]) -> LessonSample:
    """The X-ray that shows best what a step needs; where no X-ray was found to, the first one that could.

    Raises:
        DatasetError: There is none.
    """
    known = measured()
    samples = list(_samples(entries))
    ranked = [
        (rank, number)
        for number, sample in enumerate(samples)
        if (steering := known.get(sample.entry.name))
        for finding in steering.each
        if finding.label == sample.finding.label and (rank := _RANKS[need](sample, steering, finding)) is not None
    ]
    if ranked:
        return samples[min(ranked)[1]]
    wanted = [sample for sample in samples if (len(sample.entry.findings) > 1) == (need == "several")]
    if need == "small":
        wanted.sort(key=lambda sample: (sample.entry.twin is None, sample.finding.box.area))
    if not wanted:
        what = "two findings" if need == "several" else "one finding"
        raise DatasetError(
            f"This step needs a simulated X-ray with {what}, and the gallery has none. Restore the folder "
            "precomputed/samples."
        )
    return wanted[0]


def scene_of(
    setting: Setting,
    sample: LessonSample,
    *,
    question: str,
    choices: Mapping[str, str] | None = None,
    marker: str = "",
    findings: tuple[Finding, ...] = (),
) -> LessonScene:
    """The scene that most steps have: an X-ray, its finding marked or not, and a question about it.

    Args:
        setting: What the lesson is held with.
        sample: The X-ray, and the finding at hand.
        question: One question.
        choices: Key to words; None where the guess is drawn on the X-ray.
        marker: What the finding is marked with; empty for nothing.
        findings: What the question is about, if that is not the finding at hand alone.
    """
    xray, finding = setting.xray(sample.entry), sample.finding
    marks = (mark_on(marker, finding.box, xray.size_wh),) if marker else ()
    return LessonScene(
        question=question,
        choices=choices or {},
        state=DemoState(sample=sample.entry.name, model=setting.model, marks=marks),
        xray=xray,
        findings=findings or (finding,),
    )


@dataclass(frozen=True, slots=True)
class PlaceToFool:
    """A chest without its finding, and where to circle nothing.

    Attributes:
        sample: The X-ray whose finding-free twin it is.
        xy: The place in parts of the picture's sides; None where none was measured: that of the finding.
    """

    sample: LessonSample
    xy: tuple[float, float] | None = None


def place_to_fool(model: str, entries: Sequence[GalleryImage]) -> PlaceToFool:
    """Where a circle on nothing misleads a model most.

    Raises:
        DatasetError: There is no chest to try it on.
    """
    samples = {sample.entry.name: sample for sample in _samples(entries) if sample.entry.twin}
    known = [one for one in measured_fooling(model) if one.sample in samples]
    if not known:
        return PlaceToFool(sample_for("small", entries))
    best = max(known, key=lambda one: one.rank)
    return PlaceToFool(samples[best.sample], best.place_xy)


@dataclass(frozen=True, slots=True)
class Tried:
    """How often circles on nothing fooled a model.

    Attributes:
        twins: On how many finding-free twins that was tried.
        places: At how many places of them altogether.
        small: At how many of these a small circle did.
        big: The same of a big one.
    """

    twins: int
    places: int
    small: int
    big: int


def tried_on(model: str) -> Tried | None:
    """What was tried with a model; None where nothing was."""
    known = measured_fooling(model)
    if not known:
        return None
    return Tried(
        len(known), sum(one.places for one in known), sum(one.small for one in known), sum(one.big for one in known)
    )


def _samples(entries: Sequence[GalleryImage]) -> Iterator[LessonSample]:
    for entry in entries:
        if entry.simulated:
            findings = (finding for finding in entry.findings if class_of(finding.label, default_classes()))
            yield from (LessonSample(entry, finding) for finding in findings)
