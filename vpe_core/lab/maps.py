"""All maps of one X-ray, without and with the marker: what each shows, what changes, and where they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.fixed_scale import SHOWN
from vpe_core.errors import AttentionError
from vpe_core.lab.asking import ask
from vpe_core.lab.before_after import BeforeAfter, prepared_pair
from vpe_core.lab.mapping import (
    FIXED,
    after,
    checked_maps,
    maps_of,
    missing_words,
    reads_text,
    require_some,
    title_of,
)
from vpe_core.lab.marked_place import even_share, shares_in_place
from vpe_core.lab.places import Found, find, spread_patches
from vpe_core.lab.study import Study, unreported
from vpe_core.metrics import rank_correlation
from vpe_core.plots.decimals import decimal
from vpe_core.plots.percent import percent
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress

MOVED = 0.02
"""A share in the region that changes by less is called unchanged."""
AGREE, PARTLY = 0.6, 0.3
"""From which mean rank correlation on maps are said to agree, or to agree in part."""


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """All maps, one after the other; without the marker (index 0) and with it (index 1).

    Attributes:
        target: The class.
        compared: The two pictures.
        names: Of the maps, out of `map_names()`.
        grids: (maps, 2, rows, columns), not negative; those of "fixed-scale" are probabilities.
        shares: Of each map the share where the marker points, (maps, 2); nan where it cannot be told, as with a crop.
        area: The share of an even map there.
        agreement: Spearman's rank correlation of each map with each over the patches, with the marker, (maps, maps).
        found: Of each map without the marker how well it finds the known box; empty where none is known.
        missing: Maps that this model cannot have, and why.
        probabilities: Of the class, without and with the marker.
    """

    target: str
    compared: BeforeAfter
    names: tuple[str, ...]
    grids: Floats
    shares: Floats
    area: float
    agreement: Floats
    found: Mapping[str, Found]
    missing: Mapping[str, str]
    probabilities: tuple[float, float]

    def grid(self, name: str, *, marked: bool = False) -> Floats:
        """One map, (rows, columns).

        Raises:
            AttentionError: It is not there.
        """
        if name not in self.names:
            raise AttentionError(self.missing.get(name, f"There is no map {name[:40]!r} here."))
        grid: Floats = self.grids[self.names.index(name), int(marked)]
        return grid

    def peak(self, name: str) -> float:
        """What is shown at full strength, the same without and with the marker; 1 on the fixed scale."""
        if name == FIXED:
            return 1.0
        return max(float(self.grid(name, marked=marked).max()) for marked in (False, True))

    def heatmap(self, name: str, *, marked: bool = False) -> Heatmap:
        """One map in pixels of its picture, for `overlay(…, peak=maps.peak(name))`."""
        label = self.target if reads_text(name) else None
        return Heatmap(self.compared.in_pixels(self.grid(name, marked=marked), marked=marked), name, label)

    def difference(self, name: str) -> Floats | None:
        """Marked minus unmarked, (rows, columns), of either sign; None for a crop, which shows other places."""
        if self.compared.crops:
            return None
        return np.asarray(self.grid(name, marked=True) - self.grid(name), np.float32)

    @property
    def mean_agreement(self) -> float:
        """The mean over all pairs of maps; nan where there are fewer than two."""
        pairs = self.agreement[np.triu_indices(len(self.names), 1)]
        known = pairs[np.isfinite(pairs)]
        return float(known.mean()) if len(known) else float("nan")

    def words(self) -> str:
        """What the marker does to the maps, and whether they agree, in sentences that follow the numbers."""
        return " ".join(
            part for part in (self._moves(), self._agreement(), self._fixed(), missing_words(self.missing)) if part
        )

    def _moves(self) -> str:
        if self.compared.crops:
            return "A crop shows other places, so its maps cannot be compared place by place."
        changes = self.shares[:, 1] - self.shares[:, 0]
        more, less = int((changes >= MOVED).sum()), int((changes <= -MOVED).sum())
        n = int(np.isfinite(changes).sum())
        if not n:
            return "None of the maps has a share in the region that could be told."
        marker = self.compared.marker
        if not more and not less:
            return f"The {marker} moves none of {n} maps by {percent(MOVED)} or more of its share in the region."
        at = int(np.nanargmax(np.abs(changes)))
        before, then = (percent(float(value)) for value in self.shares[at])
        return (
            f"With the {marker}, the share in the region rises by {round(100 * MOVED)} points or more in {more} of {n} "
            f"maps and falls by as much in {less}; "
            f"{title_of(self.names[at])} changes most, {before} → {then} (an even map: {percent(self.area)})."
        )

    def _agreement(self) -> str:
        mean = self.mean_agreement
        if not np.isfinite(mean):
            return ""
        upper = np.where(np.triu(np.ones_like(self.agreement), 1) > 0, self.agreement, np.nan)
        pairs = [np.unravel_index(int(place), upper.shape) for place in (np.nanargmin(upper), np.nanargmax(upper))]
        (least, most) = (" and ".join(title_of(self.names[int(place)]) for place in pair) for pair in pairs)
        verdict = "agree" if mean >= AGREE else "agree in part" if mean >= PARTLY else "disagree"
        return (
            f"The maps {verdict}: their mean rank correlation is {decimal(mean)}, from {decimal(np.nanmin(upper))} "
            f"({least}) to {decimal(np.nanmax(upper))} ({most})."
        )

    def _fixed(self) -> str:
        if FIXED not in self.names:
            return ""
        counts = [int((self.grid(FIXED, marked=marked) >= SHOWN).sum()) for marked in (False, True)]
        total, marker = self.grid(FIXED).size, self.compared.marker
        said = [f"{n} of {total} patches" if n else "none" for n in counts]
        if not any(counts):
            return f"On the fixed scale no patch shows {self.target}, without the {marker} and with it."
        return f"On the fixed scale {self.target} is shown by {said[0]} without the {marker}, by {said[1]} with it."


def maps(scene: LabScene, model: Model, *, methods: Sequence[str] | None = None, report: Progress = unreported) -> Maps:
    """Make all maps of the X-ray without and with the marker, for the scene's class.

    Args:
        scene: For another class, the scene with that `target`.
        model: A loaded model.
        methods: Out of `map_names()`; None for all.
        report: Pictures and maps are what counts; where it raises, the study ends.

    Raises:
        AttentionError: There is no such method, or the model can have no map at all.
        VPEError: The marker cannot be drawn, or a prompt is not valid.
    """
    chosen = checked_maps(methods)
    compared, prepared = prepared_pair(scene, model)
    total = 2 + 2 * len(chosen)
    answers = ask(scene, model, prepared, compared.suffixes, after(report, 0, total), attention=False)
    made = maps_of(scene, model, prepared, compared.suffixes, names=chosen, report=after(report, 2, total))
    require_some(made.grids, made.missing)
    grids = np.stack(list(made.grids.values()))
    shares = shares_in_place(grids, scene, model)
    if compared.crops:
        shares[:, 1] = np.nan
    known = {}
    if scene.known is not None:
        known = {
            name: find(spread_patches(grid[0], compared.views[0], scene.size_wh), scene.known, scene.size_wh)
            for name, grid in made.grids.items()
        }
    before, marked = (float(value) for value in answers.probabilities[:, scene.column])
    agreement = [[rank_correlation(one[1].ravel(), other[1].ravel()) for other in grids] for one in grids]
    area = even_share(grids, scene, model)
    return Maps(
        scene.target, compared, tuple(made.grids), grids, shares, area,
        np.array(agreement, np.float32), known, made.missing, (before, marked),
    )  # fmt: skip


MAPS = Study(
    title="All maps",
    question="What does each map show without and with the marker, and do they agree?",
    run=maps,
)
