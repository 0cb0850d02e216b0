"""Compare all: every marker in every colour and width at one region, and how fragile the answer is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.lab.asking import ask, prepared, shares_inside
from vpe_core.lab.marked_place import share_of_picture
from vpe_core.lab.scene import Drawing, LabScene, MarkerStyle
from vpe_core.lab.study import Study, unreported
from vpe_core.markers import MARKERS, get
from vpe_core.markers.catalog import named_markers
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Progress

COLORS: Mapping[str, str] = {"red": "#ff0000", "yellow": "#ffff00", "blue": "#0000ff", "white": "#ffffff"}
WIDTHS = (1.0, 3.0, 6.0)
OFFSET_PX = 8.0
"""How far "a few pixels beside" is, in pixels of a 256 x 256 image."""
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
_STEPS = (
    (0.05, "Robust"),
    (0.2, "Slightly fragile"),
    (0.5, "Fragile"),
)
_MOST = "Very fragile"


@dataclass(frozen=True, slots=True, eq=False)
class Fragility:
    """How much of the answer depends on how the region is marked.

    Attributes:
        target: The class that is followed.
        present: Its probability with the present marker.
        axes: For "colour", "width", "shape" and "offset", as far as the marker has them: the least and the largest
            probability of the class while only that changes.
        n_flips: With how many of these pictures another class leads than with the present marker.
        n_pictures: How many pictures these are, besides the present one.
    """

    target: str
    present: float
    axes: Mapping[str, tuple[float, float]]
    n_flips: int
    n_pictures: int

    @property
    def ranges(self) -> dict[str, float]:
        """Of each axis how far the probability moves, 0 to 1."""
        return {name: high - low for name, (low, high) in self.axes.items()}

    @property
    def score(self) -> float:
        """How far the probability moves over all axes together, 0 (not at all) to 1 (from never to always)."""
        low, high = self._ends
        return float(high - low)

    @property
    def _ends(self) -> tuple[float, float]:
        ends = [(self.present, self.present), *self.axes.values()]
        return min(low for low, _ in ends), max(high for _, high in ends)

    def words(self, over_all: str = "") -> str:
        """What it comes to, with its numbers, in two or three sentences.

        Args:
            over_all: What is known of all ways to mark the region, the end of the first sentence.
        """
        verdict = next((word for limit, word in _STEPS if self.score < limit), _MOST)
        first = (
            f"{verdict} to one change at a time: from the present marker ({percent(self.present)}), {self.target} gets "
            f"{_span(self._ends)}{over_all and f'; {over_all}'}."
        )
        most = max(self.ranges, key=self.ranges.__getitem__)
        which = f"It depends most on the {most} ({_span(self.axes[most])})." if self.score >= _STEPS[0][0] else ""
        flips = (
            f"Another class leads in {self.n_flips} of the {self.n_pictures} pictures with one change."
            if self.n_flips
            else ""
        )
        return " ".join(part for part in (first, which, flips) if part)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What each way of marking does.

    Attributes:
        styles: The ways.
        probabilities: Of the classes with each, (n, classes).
        attention: The share of the attention where the present marker points with each, (n); nan where it cannot be
            told.
        unmarked: Probabilities without a marker, (classes,).
        attention_unmarked: The share without one.
        area: The share of the picture that this place covers: the share of even attention.
        column: Of the class that is followed.
        fragility: How much depends on the way.
    """

    styles: tuple[MarkerStyle, ...]
    probabilities: NDArray[np.float32]
    attention: NDArray[np.float32]
    unmarked: NDArray[np.float32]
    attention_unmarked: float
    area: float
    column: int
    fragility: Fragility

    @property
    def changes(self) -> NDArray[np.float32]:
        """What each adds to the probability of the class, (n)."""
        changes: NDArray[np.float32] = self.probabilities[:, self.column] - self.unmarked[self.column]
        return changes

    @property
    def order(self) -> list[int]:
        """The ways, the largest rise first."""
        return [int(place) for place in np.argsort(-self.changes, kind="stable")]

    def words(self) -> str:
        """How fragile the answer is to one change, and its range over all ways, in sentences with the numbers."""
        most, least = self.order[0], self.order[-1]
        high, low = (percent(float(self.probabilities[place, self.column])) for place in (most, least))
        ends = f"{low} ({self.styles[least].title}) to {high} ({self.styles[most].title})"
        return self.fragility.words(f"over all {len(self.styles)} ways, {ends}")


def lab_markers(scene: LabScene) -> tuple[str, ...]:
    """The markers that are compared: those that the live demo draws or treats regions with, each that looks apart."""
    return tuple(
        name
        for name, marker in MARKERS.items()
        if (marker.treatment or marker.drawn_as) and scene.looks_of_its_own(name)
    )


def styles_of(
    scene: LabScene, colors: Mapping[str, str] = COLORS, widths: Sequence[float] = WIDTHS
) -> tuple[MarkerStyle, ...]:
    """Every marker in every colour and width that it uses, each picture once; the present one is among them.

    What nothing would be seen of is left out, such as the dot of a region whose middle lies beside the X-ray.
    """
    present = scene.style
    styles: list[MarkerStyle] = []
    for name in lab_markers(scene):
        uses = get(name).uses
        plain = MarkerStyle(name, present.color, present.width, color_name=present.color_name)
        colored = [replace(plain, color=ink, color_name=word) for word, ink in colors.items()]
        if not Drawing(plain, scene.region).shows_on(scene.rgb):
            continue
        for one in colored if "color" in uses else [plain]:
            styles += [replace(one, width=width) for width in widths] if "width" in uses else [one]
    return tuple(styles) if any(style.same_picture(present) for style in styles) else (present, *styles)


def compare_all(
    scene: LabScene,
    model: Model,
    *,
    colors: Mapping[str, str] = COLORS,
    widths: Sequence[float] = WIDTHS,
    report: Progress = unreported,
    on_picture: Callable[[NDArray[np.uint8]], None] | None = None,
) -> Compared:
    """Ask about the region in every way of marking it, all in one pass.

    Args:
        scene: The X-ray, the region and the present marker.
        model: A loaded model.
        colors: What prompts call each colour, and what is drawn.
        widths: Line widths as in `MarkerStyle`.
        report: As in `ask`.
        on_picture: Given each picture as the model gets it: the unmarked one, then that of each style.

    Raises:
        VPEError: A marker cannot be drawn, or a prompt is not valid.
    """
    styles = styles_of(scene, colors, widths)
    near = _near(scene, colors, widths)
    drawings = [*(Drawing(style, scene.region) for style in styles), *(one for ones in near.values() for one in ones)]

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for number, picture in enumerate(prepared(scene, model, drawings)):
            if on_picture and number <= len(styles):
                on_picture(picture)
            yield picture

    found = ask(scene, model, pictures(), ["", *scene.suffixes(drawings)], report)
    shares = shares_inside(found.maps, len(drawings) + 1, scene, model)
    shares[1:][[get(one.style.marker).crops for one in drawings]] = np.nan  # a part of the picture has its own places
    n = len(styles)
    return Compared(
        styles, found.probabilities[1 : n + 1], shares[1 : n + 1], found.probabilities[0], float(shares[0]),
        share_of_picture(scene), scene.column, _fragility(scene, near, found.probabilities[n + 1 :]),
    )  # fmt: skip


def _near(scene: LabScene, colors: Mapping[str, str], widths: Sequence[float]) -> dict[str, list[Drawing]]:
    """The present marker, and for each axis what differs from it in that alone."""
    present, uses, region = scene.style, scene.style.uses, scene.region
    shapes = [name for name in named_markers() if name != present.marker and name in lab_markers(scene)]
    axes: dict[str, list[Drawing]] = {
        "colour": [Drawing(replace(present, color=ink, color_name=word), region) for word, ink in colors.items()]
        if "color" in uses else [],
        "width": [Drawing(replace(present, width=width), region) for width in widths] if "width" in uses else [],
        "shape": [Drawing(replace(present, marker=name, opacity=None), region) for name in shapes],
        "offset": [Drawing(present, scene.shifted(dx * OFFSET_PX, dy * OFFSET_PX)) for dx, dy in _DIRECTIONS],
    }  # fmt: skip
    others = {
        name: [one for one in ones if not _is_present(one, scene) and one.shows_on(scene.rgb)]
        for name, ones in axes.items()
    }
    return {"present": [scene.present], **{name: ones for name, ones in others.items() if ones}}


def _is_present(drawing: Drawing, scene: LabScene) -> bool:
    return drawing.region == scene.region and drawing.style.same_picture(scene.style)


def _fragility(scene: LabScene, near: Mapping[str, list[Drawing]], rows: NDArray[np.float32]) -> Fragility:
    of_target, leads = rows[:, scene.column], rows.argmax(axis=1)
    present, start, axes = float(of_target[0]), 0, {}
    for name, drawings in near.items():
        these = of_target[start : start + len(drawings)]
        start += len(drawings)
        if name != "present":
            axes[name] = (min(present, float(these.min())), max(present, float(these.max())))
    return Fragility(scene.target, present, axes, int((leads != leads[0]).sum()), len(rows) - 1)


def _span(ends: tuple[float, float]) -> str:
    return f"{percent(ends[0])} to {percent(ends[1])}"


COMPARE = Study(
    title="Compare all",
    question="How much of the answer depends on the marker's kind, colour, width and exact place?",
    run=compare_all,
)
