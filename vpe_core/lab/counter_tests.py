"""Counter-tests: the same marker where the finding is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vpe_core.images.blank import blank_pixels
from vpe_core.lab.asking import ask
from vpe_core.lab.scene import Drawing, LabScene, center_of, moved_to
from vpe_core.lab.study import Study, unreported
from vpe_core.plots.percent import percent
from vpe_core.variants import mirrored, seeded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Box, Progress, Region

SAME = 0.02
"""A probability that changes by less is called unchanged."""
MOST_OF_IT = 0.9
"""A control with this share of the rise has all of it."""
EMPTY_PLACES = 5
_TRIES = 400

TITLES: Mapping[str, str] = {
    "here": "here, on the region",
    "empty": f"at {EMPTY_PLACES} empty places of the same X-ray (mean)",
    "mirror": "at the mirrored place",
    "other": "on another patient with no abnormality",
    "blank": "on a blank picture",
    "twin": "on the same X-ray without the finding",
}
MISSING: Mapping[str, str] = {
    "empty": "There is no room on this X-ray for the marker beside its findings.",
    "other": "There is no X-ray of another patient here.",
    "twin": "Of this X-ray there is no picture without the finding: only simulated ones have a twin.",
}
"""Why a counter-test may not be there."""


@dataclass(frozen=True, slots=True)
class CounterTest:
    """The marker at one place.

    Attributes:
        name: A key of `TITLES`.
        unmarked: The class's probability on the same picture without the marker.
        marked: With it; of several places their mean.
        low: The least of several places.
        high: The largest.
    """

    name: str
    unmarked: float
    marked: float
    low: float
    high: float

    @property
    def title(self) -> str:
        """Where the marker is."""
        return TITLES[self.name]

    @property
    def rise(self) -> float:
        """What the marker adds there."""
        return self.marked - self.unmarked


@dataclass(frozen=True, slots=True)
class CounterTests:
    """What the same marker gets here and elsewhere.

    Attributes:
        target: The class.
        marker: What the marker is called.
        here: On the region.
        elsewhere: The counter-tests that could be made.
        missing: Why the others could not, by name.
    """

    target: str
    marker: str
    here: CounterTest
    elsewhere: tuple[CounterTest, ...]
    missing: Mapping[str, str]

    def words(self) -> str:
        """What they show, in one sentence that follows the numbers."""
        here, target, marker = self.here, self.target, self.marker
        change = f"{percent(here.unmarked)} → {percent(here.marked)}"
        if here.rise <= -SAME:
            return (
                f"Here the {marker} lowers {target} ({change}), so there is no rise for the counter-tests to explain."
            )
        if here.rise < SAME:
            return (
                f"Here the {marker} hardly changes {target} ({change}), so the counter-tests have nothing to explain."
            )
        most = max(self.elsewhere, key=lambda one: one.rise)
        there = f"{percent(most.unmarked)} → {percent(most.marked)}"
        if most.rise < SAME:
            return (
                f"Only here does the {marker} raise {target} ({change}), nowhere else: it is the finding that it "
                "points at that counts, not the marker alone."
            )
        if most.rise >= MOST_OF_IT * here.rise:
            return (
                f"The {marker} raises {target} as much where there is nothing, {most.title} ({there}), as here "
                f"({change}): the answer is the marker's own."
            )
        return (
            f"Part of the rise is the marker's own: {most.title} the {marker} raises {target} {there}, here {change}."
        )


def counter_tests(scene: LabScene, model: Model, *, report: Progress = unreported) -> CounterTests:
    """Put the marker on every control that the scene has.

    Args:
        scene: The X-ray, the region and the marker; `others` has pictures without the finding.
        model: A loaded model.
        report: As in `ask`.

    Raises:
        VPEError: The marker cannot be drawn, or a prompt is not valid.
    """
    width, height = scene.size_wh
    empty = empty_places(scene)
    groups: dict[str, tuple[Image.Image, Sequence[Region]]] = {
        "here": (scene.rgb, [scene.region]),
        "empty": (scene.rgb, empty),
        "mirror": (scene.rgb, [mirrored(scene.region, width)]),
        "blank": (blank_pixels(scene.size_wh).grey(), [scene.region]),
    }
    for name, image in scene.others.items():
        sx, sy = image.width / width, image.height / height
        groups[name] = (image, [scene.region.scaled(sx, sy)])
    groups = {name: group for name, group in groups.items() if group[1]}

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for image, regions in groups.values():
            plain = image.convert("RGB")
            yield model.prepare(plain)
            for region in regions:
                yield model.prepare(Drawing(scene.style, region).on(plain))

    said = scene.suffix(scene.style)
    suffixes = [suffix for _, regions in groups.values() for suffix in ("", *[said] * len(regions))]
    found = ask(scene, model, pictures(), suffixes, report, attention=False)
    ends = np.cumsum([1 + len(regions) for _, regions in groups.values()])[:-1]
    parts = np.split(found.probabilities[:, scene.column], ends)
    tests = {name: _test(name, rows) for name, rows in zip(groups, parts, strict=True)}
    here = tests.pop("here")
    order = [name for name in TITLES if name in tests]
    missing = {name: why for name, why in MISSING.items() if name not in tests}
    name = scene.style.title.partition(",")[0]
    return CounterTests(scene.target, name, here, tuple(tests[one] for one in order), missing)


def empty_places(scene: LabScene) -> list[Region]:
    """Up to five places for the region inside the X-ray, clear of it, of what is known and of one another's middles.

    They are random, and the same whenever they are asked for.
    """
    width, height = scene.size_wh
    box, (x, y) = scene.region.box, center_of(scene.region)
    left, right, top, bottom = x - box.x0, box.x1 - x, y - box.y0, box.y1 - y
    if left + right >= width or top + bottom >= height:
        return []
    random = seeded("empty place", repr(scene.region), f"{width} x {height}")
    taken: list[Box] = [box, *scene.avoid]
    found: list[Region] = []
    for _ in range(_TRIES):
        point = random.uniform((left, top), (width - right, height - bottom))
        place = moved_to(scene.region, (float(point[0]), float(point[1])))
        if not any(_overlap(place.box, other) for other in taken):
            found.append(place)
            taken.append(_core(place.box))
        if len(found) == EMPTY_PLACES:
            break
    return found


def _test(name: str, rows: NDArray[np.float32]) -> CounterTest:
    unmarked, *marked = (float(value) for value in rows)
    return CounterTest(name, unmarked, float(np.mean(marked)), min(marked), max(marked))


def _overlap(one: Box, other: Box) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1


def _core(box: Box) -> Box:
    """The middle quarter of a box."""
    return box.expanded(-min(box.width, box.height) / 4)


COUNTER_TESTS = Study(
    title="Counter-tests",
    question="Does the same marker get the same answer where the finding is not?",
    run=counter_tests,
)
