"""Counter-tests: the same marker where the finding is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vpe_core.attention.fixed_scale import says_nothing
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
LITTLE_ROOM = 0.1
"""Where the class has more than 1 minus this without a marker, a rise cannot be told from the lack of room for one."""
FALLS = 0.1
"""A fall by as much where nothing is belongs to what is said."""
EMPTY_PLACES = 5
_TRIES = 400

TITLES: Mapping[str, str] = {
    "here": "here, on the region",
    "empty": "at {places} of the same X-ray (mean)",
    "mirror": "at the mirrored place",
    "other": "on another patient with no abnormality",
    "blank": "on a blank picture",
    "twin": "on the same X-ray without the finding",
}
_MEAN = " (mean)"
_ONE_OF = "at one of {places} of the same X-ray"
MISSING: Mapping[str, str] = {
    "empty": "There is no room on this X-ray for the marker beside its findings.",
    "other": "There is no X-ray of another patient here.",
    "twin": "Of this X-ray there is no picture without the finding: only simulated ones have a twin.",
}
"""Why a counter-test may not be there."""
NO_FINDING = "Nobody put a finding on this X-ray, so there is none that could be taken out: it has no twin."
"""Why there is no twin of a chest that is known to be healthy."""


@dataclass(frozen=True, slots=True)
class CounterTest:
    """The marker at one place, or at several.

    Attributes:
        name: A key of `TITLES`.
        unmarked: The class's probability on the same picture without the marker.
        marked: With it; of several places their mean.
        low: The least of several places.
        high: The largest.
        n: At how many places.
    """

    name: str
    unmarked: float
    marked: float
    low: float
    high: float
    n: int = 1

    @property
    def title(self) -> str:
        """Where the marker is."""
        title = TITLES[self.name].format(places=self._places)
        return title if self.n > 1 else title.removesuffix(_MEAN)

    @property
    def one_title(self) -> str:
        """Where one of the places is."""
        return _ONE_OF.format(places=self._places) if self.n > 1 else self.title

    @property
    def rise(self) -> float:
        """What the marker adds there; at several places, on average."""
        return self.marked - self.unmarked

    @property
    def most(self) -> float:
        """What it adds at the place where it adds most."""
        return self.high - self.unmarked

    @property
    def least(self) -> float:
        """What it adds at the place where it adds least."""
        return self.low - self.unmarked

    @property
    def _places(self) -> str:
        return "1 empty place" if self.n == 1 else f"{self.n} empty places"


@dataclass(frozen=True, slots=True)
class CounterTests:
    """What the same marker gets here and elsewhere.

    Attributes:
        target: The class.
        marker: What the marker is called.
        here: On the region.
        elsewhere: The counter-tests that could be made.
        missing: Why the others could not, by name.
        empty_here: Whether it is known that there is nothing to find in the region either.
    """

    target: str
    marker: str
    here: CounterTest
    elsewhere: tuple[CounterTest, ...]
    missing: Mapping[str, str]
    empty_here: bool = False

    def words(self) -> str:
        """What they show, in one or two sentences that follow the numbers: of several places, the extreme ones."""
        if says_nothing(self.target):
            return (
                f"{self._here()} Where nothing is, “{self.target}” is the right answer, so counter-tests there say "
                "nothing against it. Follow a finding to see whether the marker makes the model see one that is not "
                "there."
            )
        return " ".join(part for part in (self._verdict(), self._fall()) if part)

    def _here(self) -> str:
        change = _change(self.here.unmarked, self.here.marked)
        return f"Here {self.target} goes {change} with the {self.marker}."

    def _verdict(self) -> str:
        here, target, marker = self.here, self.target, self.marker
        change = _change(here.unmarked, here.marked)
        if here.rise <= -SAME:
            return (
                f"Here the {marker} lowers {target} ({change}), so there is no rise for the counter-tests to explain."
            )
        if here.unmarked > 1 - LITTLE_ROOM:
            last = max(self.elsewhere, key=lambda one: one.high)
            return (
                f"{self._here()} Without it there is little room for a rise, so the tests cannot tell where one comes "
                f"from. Where nothing is, {target} gets at most {percent(last.high)} with it, {last.one_title}."
            )
        if here.rise < SAME:
            return (
                f"Here the {marker} hardly changes {target} ({change}), so the counter-tests have nothing to explain."
            )
        return self._against_the_largest(change)

    def _against_the_largest(self, change: str) -> str:
        """The rise here beside the largest elsewhere."""
        target, marker = self.target, self.marker
        most = max(self.elsewhere, key=lambda one: one.most)
        there = f"{most.one_title} ({_change(most.unmarked, most.high)})"
        if self.empty_here:
            return (
                f"Nothing is known to be in this region, so it is a counter-test itself: the {marker} raises {target} "
                f"here ({change}), and at most {there} elsewhere."
            )
        if most.most < SAME:
            return (
                f"Only here does the {marker} raise {target} ({change}), nowhere else: what it points at counts, not "
                "the marker alone."
            )
        if most.most >= MOST_OF_IT * self.here.rise:
            return (
                f"The {marker} raises {target} as much where there is nothing, {there}, as here ({change}): the answer "
                f"can be the marker's own.{_on_average(most)}"
            )
        return (
            f"Part of the rise can be the marker's own: {there} the {marker} raises {target} too, here {change}."
            f"{_on_average(most)}"
        )

    def _fall(self) -> str:
        worst = min(self.elsewhere, key=lambda one: one.least)
        if worst.least > -FALLS:
            return ""
        change = _change(worst.unmarked, worst.low)
        return f"{worst.one_title[:1].upper()}{worst.one_title[1:]} it lowers {self.target}, {change}."


def _change(before: float, after: float) -> str:
    return f"{percent(before)} → {percent(after)}"


def _on_average(test: CounterTest) -> str:
    if test.n == 1:
        return ""
    return f" On average over these places it is {_change(test.unmarked, test.marked)}."


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
    if scene.healthy and "twin" in missing:
        missing["twin"] = NO_FINDING
    name = scene.style.title.partition(",")[0]
    return CounterTests(scene.target, name, here, tuple(tests[one] for one in order), missing, _is_empty(scene))


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
    return CounterTest(name, unmarked, float(np.mean(marked)), min(marked), max(marked), len(marked))


def _is_empty(scene: LabScene) -> bool:
    """Whether what is known of the X-ray says that there is nothing in the region."""
    known = bool(scene.avoid) or scene.healthy
    return known and not any(_overlap(scene.region.box, other) for other in scene.avoid)


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
