"""The rows of the paper's table, and those that go beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vpe_core import markers
from vpe_core.ensembles import AVERAGES, ENSEMBLES, Ensemble, VariantOrEnsemble, members_of
from vpe_core.markers.catalog import paper_markers
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from vpe_core.markers import Protocol
    from vpe_core.scoring import Combination

PAPER_MARKERS = paper_markers()
"""The paper's rows: five pictures, and the prompt that names the marker for three of them."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: how the images are shown, and whether the prompt names the marker."""

    variant: VariantOrEnsemble
    suffix: bool = False

    @property
    def title(self) -> str:
        """For people: "circle", "circle + suffix", "circle, random place", "marker ensemble"."""
        drawn = members_of(self.variant)[0]
        places = {"random": "random place", "mirror": "mirrored place"}
        pictures = {"twin": "X-ray without the finding", "blank": "blank image", "other": "another patient"}
        parts = [marker_title(self.variant.marker) + (" + suffix" if self.suffix else "")]
        if drawn.size_factor != 1:
            parts.append(f"{drawn.size_factor:g} times as large")
        parts += [pictures[drawn.picture]] if drawn.picture != "image" else []
        parts += [places[drawn.place]] if drawn.place != "finding" else []
        return ", ".join(parts)


def marker_title(marker: str) -> str:
    """The short name of a marker, or of an ensemble's markers, in tables: "box" rather than "bounding box"."""
    names = marker.split("+")
    if len(names) > 1:
        ensembles = {members: title for title, members in ENSEMBLES.items()}
        return ensembles.get(tuple(names)) or " + ".join(map(marker_title, names))
    return markers.get(marker).short_title


def ensemble_title(ensemble: Ensemble) -> str:
    """What is averaged, and how: "marker ensemble: mean embedding of arrow, box and circle"."""
    *names, last = (marker_title(one.marker) if one.marked else "full image" for one in ensemble.members)
    return f"{marker_title(ensemble.marker)}: {AVERAGES[ensemble.combine]} of {', '.join(names)} and {last}"


def paper_rows(
    color: str = "red",
    width: float | None = 1.0,
    protocol: Protocol = "paper",
    shown: Sequence[str] = PAPER_MARKERS,
    suffixes: Sequence[bool] = (False, True),
) -> tuple[TableRow, ...]:
    """The rows of a table in one look; by default the paper's eight.

    Args:
        color: Of all markers that have one.
        width: Line width; None for the protocol's default.
        protocol: Of all rows.
        shown: Markers; the unmarked row always comes first.
        suffixes: Whether there are rows without, with, or both.
    """
    rows = [TableRow(Variant("none", protocol=protocol))]
    for marker in (name for name in shown if name != "none"):
        rows += _asked(Variant(marker, color, width, protocol), suffixes)
    return tuple(rows)


def ensemble_rows(
    combine: Combination,
    color: str = "red",
    width: float | None = 1.0,
    protocol: Protocol = "paper",
    suffixes: Sequence[bool] = (False, True),
) -> tuple[TableRow, ...]:
    """The rows of `ENSEMBLES` in one look.

    Args:
        combine: Whether embeddings or scores are averaged.
        color: Of all markers that have one.
        width: Line width; None for the protocol's default.
        protocol: Of all members.
        suffixes: Whether there are rows without, with, or both.
    """
    rows: list[TableRow] = []
    for names in ENSEMBLES.values():
        members = tuple(Variant(name, color, width, protocol) for name in names)
        rows += _asked(Ensemble(members, combine), suffixes)
    return tuple(rows)


def _asked(shown: VariantOrEnsemble, suffixes: Sequence[bool]) -> list[TableRow]:
    """With a suffix only where there is a marker that it can name."""
    named = any(markers.get(member.marker).phrase for member in members_of(shown))
    return [TableRow(shown, suffix) for suffix in suffixes if named or not suffix]
