"""Several pictures of the same finding averaged into one: three markers, or the crop beside the full image.

An ensemble stands where a variant stands. In writing it is the average and its members:

    mean-embedding(arrow/red/1/paper+bbox/red/1/paper+circle/red/1/paper)
    mean-score(crop+none)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from vpe_core.errors import ResultsError
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from vpe_core.markers import Protocol
    from vpe_core.scoring import Combination
    from vpe_core.variants import Picture, Place

ENSEMBLES: dict[str, tuple[str, ...]] = {
    "marker ensemble": ("arrow", "bbox", "circle"),
    "crop + full image": ("crop", "none"),
}
"""The ensembles that tables offer: their titles and their markers."""
AVERAGES: dict[Combination, str] = {"embedding": "mean embedding", "score": "mean score"}
_FORM = re.compile(r"mean-(\w+)\((.+)\)")


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Variants of the same samples, averaged.

    Attributes:
        members: Two or more; each is asked with the suffix that names its own marker.
        combine: "embedding" averages the directions of the pictures, and of the prompts where they differ, and scores
            once; "score" scores each picture and averages the scores.

    Raises:
        ResultsError: There are fewer than two members, or the combination is unknown.
    """

    members: tuple[Variant, ...]
    combine: Combination = "embedding"

    def __post_init__(self) -> None:
        if len(self.members) < 2 or self.combine not in AVERAGES:
            raise ResultsError(
                f"Expected two or more members, combined by one of {', '.join(AVERAGES)}, but got "
                f"{len(self.members)} combined by {self.combine!r}."
            )

    @property
    def marker(self) -> str:
        """The members' markers: "arrow+bbox+circle"."""
        return "+".join(member.marker for member in self.members)

    @property
    def protocol(self) -> Protocol:
        """The first member's protocol: that of the unmarked image it is compared with."""
        return self.members[0].protocol

    @property
    def marked(self) -> bool:
        """Whether any member points at the region."""
        return any(member.marked for member in self.members)

    @property
    def is_control(self) -> bool:
        """Whether any member's marker stands elsewhere than on the finding in its own image."""
        return any(member.is_control for member in self.members)

    @property
    def key(self) -> str:
        """The ensemble in writing; `Ensemble.parse` reads it."""
        return f"mean-{self.combine}({'+'.join(member.key for member in self.members)})"

    @classmethod
    def parse(cls, key: str) -> Ensemble:
        """The ensemble of a key.

        Raises:
            ResultsError: The key is not in the form of `key`.
            MarkerError: A member is not known.

        Example:
            >>> Ensemble.parse("mean-score(crop+none)").combine
            'score'
        """
        found = _FORM.fullmatch(key)
        if found is None:
            raise ResultsError(f"Expected an ensemble such as mean-score(crop+none), but got {key[:80]!r}.")
        combine, members = found.groups()
        return cls(tuple(map(Variant.parse, members.split("+"))), combine)  # type: ignore[arg-type]


VariantOrEnsemble: TypeAlias = Variant | Ensemble
"""What a row of a table shows."""


def is_ensemble(key: str) -> bool:
    """Whether a key is written as an ensemble's."""
    return _FORM.fullmatch(key) is not None


def members_of(shown: VariantOrEnsemble) -> tuple[Variant, ...]:
    """The variants that have to be measured for it."""
    return shown.members if isinstance(shown, Ensemble) else (shown,)


def control_of(shown: VariantOrEnsemble, picture: Picture = "image", place: Place = "finding") -> VariantOrEnsemble:
    """The control of a variant, or the ensemble of its members' controls."""
    if isinstance(shown, Ensemble):
        return replace(shown, members=tuple(replace(one, picture=picture, place=place) for one in shown.members))
    return replace(shown, picture=picture, place=place)
