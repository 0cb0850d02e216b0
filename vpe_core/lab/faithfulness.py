"""Deletion and insertion: if a map says what counts, taking that away first must lower the answer fastest.

Petsiuk et al., RISE: randomized input sampling for explanation of black-box models, BMVC 2018, arXiv 1806.07421.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from vpe_core.attention.occlusion import even_grey
from vpe_core.attention.resample import patch_edges
from vpe_core.errors import LabError
from vpe_core.lab.asking import ask
from vpe_core.lab.mapping import after, checked_maps, listed, maps_of, missing_words, require_some, title_of
from vpe_core.lab.study import Study, unreported
from vpe_core.plots.percent import percent
from vpe_core.variants import seeded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress

    Order = NDArray[np.intp]
    Picture = NDArray[np.uint8]

STEPS = 14
N_RANDOM = 5
TESTS = ("deletion", "insertion")
LITTLE = 0.05
"""A test says nothing where the answer at the end of its curves differs by less from that at their beginning."""
_BLUR_OF_224 = 5.0
"""Standard deviation of the blur, in pixels of a picture 224 wide, as in the authors' code."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderCurves:
    """The class's probability while patches are taken away, or put in, in one order.

    Attributes:
        deletion: (steps + 1); at 0 the whole picture, at the end an even grey.
        insertion: (steps + 1); at 0 the blurred picture, at the end the whole one.
    """

    deletion: Floats
    insertion: Floats

    @property
    def deletion_area(self) -> float:
        """Area under `deletion` over the share of patches, 0 to 1: the lower, the better the order."""
        return area_under(self.deletion)

    @property
    def insertion_area(self) -> float:
        """Area under `insertion`: the higher, the better."""
        return area_under(self.insertion)


@dataclass(frozen=True, slots=True, eq=False)
class Faithfulness:
    """Both curves for each map, and for random orders.

    Attributes:
        target: The class.
        shares: Of the patches that are taken away or put in at each step, (steps + 1), 0 to 1.
        curves: For each map.
        random: For each random order.
        missing: Maps that this model cannot have, and why.
    """

    target: str
    shares: Floats
    curves: Mapping[str, OrderCurves]
    random: tuple[OrderCurves, ...]
    missing: Mapping[str, str]

    @property
    def mean_random(self) -> OrderCurves:
        """The mean over the random orders: the baseline."""
        both = [[one.deletion for one in self.random], [one.insertion for one in self.random]]
        deletion, insertion = (np.mean(curves, axis=0).astype(np.float32) for curves in both)
        return OrderCurves(deletion, insertion)

    @property
    def telling(self) -> tuple[str, ...]:
        """The tests that can say something: those whose curves end elsewhere than they begin."""
        return tuple(test for test in TESTS if np.ptp(getattr(self.random[0], test)[[0, -1]]) >= LITTLE)

    @property
    def better(self) -> tuple[str, ...]:
        """The maps that beat every random order in all telling tests, the best in the first of these first."""
        tests = self.telling
        names = [
            name for name, one in self.curves.items() if tests and all(self._beats_random(one, test) for test in tests)
        ]
        return tuple(sorted(names, key=lambda name: _badness(self.curves[name], tests[0])))

    def _beats_random(self, one: OrderCurves, test: str) -> bool:
        return _badness(one, test) < min(_badness(random, test) for random in self.random)

    def words(self) -> str:
        """Which maps to believe, in sentences that follow the numbers."""
        return " ".join(part for part in (self._verdict(), missing_words(self.missing)) if part)

    def _verdict(self) -> str:
        tests, target = self.telling, self.target
        whole, bare = (percent(float(self.random[0].deletion[place])) for place in (0, -1))
        vague = percent(float(self.random[0].insertion[0]))
        if not tests:
            return (
                f"{target} gets {whole} on the whole picture, {bare} on an even grey and {vague} on the blurred "
                "picture: there is nothing to take away and nothing to put in, so the curves say nothing."
            )
        mute = ""
        if "insertion" not in tests:
            mute = f" Insertion says nothing: the blurred picture gets {vague}, the whole one {whole}."
        if "deletion" not in tests:
            mute = f" Deletion says nothing: the whole picture gets {whole}, an even grey {bare}."
        which = " in both tests" if len(tests) == 2 else f" under {tests[0]}"
        if not self.better:
            return f"No map beats all {len(self.random)} random orders{which} ({self._areas(None)}).{mute}"
        best, n = self.better[0], len(self.curves)
        rest = [title_of(name) for name in self.curves if name not in self.better]
        others = f" No better than chance: {listed(rest)}." if rest else ""
        does = f"loses {target}" if tests[0] == "deletion" else f"gains {target}"
        return (
            f"{len(self.better)} of {n} maps beat all {len(self.random)} random orders{which}. {title_of(best)} {does} "
            f"fastest: {self._areas(best)}.{self._other_first(best)}{others}{mute}"
        )

    def _areas(self, name: str | None) -> str:
        """The areas of a map beside those of random orders, or of these alone, in the tests that tell."""
        random = {test: getattr(self.mean_random, f"{test}_area") for test in self.telling}
        if name is None:
            return listed([f"mean area under {test} {area:.2f}" for test, area in random.items()])
        own = {test: getattr(self.curves[name], f"{test}_area") for test in random}
        return "; ".join(f"area under {test} {own[test]:.2f}, random orders {random[test]:.2f}" for test in random)

    def _other_first(self, best: str) -> str:
        top = max(self.curves, key=lambda name: self.curves[name].insertion_area)
        if top == best or len(self.telling) < 2:
            return ""
        return f" Insertion puts {title_of(top)} first ({self.curves[top].insertion_area:.2f}): the two tests disagree."


def _badness(one: OrderCurves, test: str) -> float:
    """The area under a test's curve, turned so that less is better."""
    return one.deletion_area if test == "deletion" else -one.insertion_area


def area_under(curve: Floats) -> float:
    """Area under a curve of evenly spaced points over 0 to 1, by the trapezoidal rule."""
    return float(np.trapezoid(curve, dx=1 / (len(curve) - 1)))


def patch_order(grid: Floats, seed: str) -> Order:
    """The patches from the largest value to the least; equal ones in an order that is random, and always the same."""
    shuffled = seeded("order of patches", seed).permutation(grid.size)
    return np.asarray(shuffled[np.argsort(-grid.ravel()[shuffled], kind="stable")])


def replaced(picture: Picture, other: Picture, order: Order, n: int, grid_hw: tuple[int, int]) -> Picture:
    """`picture` with the first `n` patches of an order out of `other`, both (height, width, 3)."""
    (rows, columns), (height, width) = grid_hw, picture.shape[:2]
    chosen = np.zeros(rows * columns, bool)
    chosen[order[:n]] = True
    down, across = np.diff(patch_edges(height, rows)), np.diff(patch_edges(width, columns))
    mask = chosen.reshape(rows, columns).repeat(down, axis=0).repeat(across, axis=1)
    return np.where(mask[..., None], other, picture)


def blurred(picture: Picture) -> Picture:
    """A picture in which nothing small can be seen: what insertion begins with."""
    radius = _BLUR_OF_224 * picture.shape[1] / 224
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def faithfulness(
    scene: LabScene,
    model: Model,
    *,
    methods: Sequence[str] | None = None,
    steps: int = STEPS,
    marked: bool = False,
    report: Progress = unreported,
) -> Faithfulness:
    """Take patches away, and put them in, in the order of each map and in random ones.

    Args:
        scene: The X-ray and the class.
        model: A loaded model.
        methods: Out of `map_names()`; None for all.
        steps: In how many equal parts the patches are taken, 2 to 50.
        marked: Whether the marker is on the picture.
        report: Maps and pictures are what counts; where it raises, the study ends.

    Raises:
        LabError: The number of steps is out of range.
        AttentionError: There is no such method, or the model can have no map at all.
        VPEError: A prompt is not valid.
    """
    if not 2 <= steps <= 50:
        raise LabError(f"Expected 2 to 50 steps, but got {steps}.")
    chosen = checked_maps(methods)
    picture = model.prepare(scene.present.on(scene.rgb) if marked else scene.rgb)
    suffix = scene.suffix(scene.style) if marked else ""
    most = len(chosen) + 3 + 2 * (steps - 1) * (len(chosen) + N_RANDOM)
    made = maps_of(scene, model, picture[None], [suffix], names=chosen, report=after(report, 0, most))
    require_some(made.grids, made.missing)
    grids = {name: grid[0] for name, grid in made.grids.items()}
    grid_hw = next(iter(grids.values())).shape
    seed = scene.target
    orders = [patch_order(grid, seed) for grid in grids.values()]
    orders += [
        seeded("random order", f"{seed} {number}").permutation(grid_hw[0] * grid_hw[1]) for number in range(N_RANDOM)
    ]
    counts = np.linspace(0, grid_hw[0] * grid_hw[1], steps + 1).round().astype(int)
    grey, vague = np.broadcast_to(even_grey(model), picture.shape), blurred(picture)

    def pictures() -> Iterator[Picture]:
        yield from (picture, np.ascontiguousarray(grey), vague)
        for order in orders:
            for n in counts[1:-1]:
                yield replaced(picture, grey, order, n, grid_hw)
            for n in counts[1:-1]:
                yield replaced(vague, picture, order, n, grid_hw)

    n_pictures = 3 + 2 * (steps - 1) * len(orders)
    found = ask(
        scene, model, pictures(), [suffix] * n_pictures, after(report, most - n_pictures, most), attention=False
    )
    of_target = found.probabilities[:, scene.column]
    whole, bare, begun = of_target[:3]
    curves = [
        OrderCurves(np.array([whole, *deletion, bare], np.float32), np.array([begun, *insertion, whole], np.float32))
        for deletion, insertion in of_target[3:].reshape(len(orders), 2, steps - 1)
    ]
    return Faithfulness(
        scene.target, (counts / counts[-1]).astype(np.float32), dict(zip(grids, curves, strict=False)),
        tuple(curves[len(grids) :]), made.missing,
    )  # fmt: skip


FAITHFULNESS = Study(
    title="Deletion and insertion",
    question="Does the answer fall when what a map marks is taken away, faster than at random?",
    run=faithfulness,
)
