"""Every map of some pictures for a scene's question: the attention methods', and the one on a fixed scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention import METHODS, fixed_scale, patch_relevance
from vpe_core.errors import AttentionError
from vpe_core.lab.study import unreported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress

    Pictures = NDArray[np.uint8]

FIXED = "fixed-scale"
"""The name under which studies have the map of `vpe_core.attention.fixed_scale`; it is no attention method."""
_FIXED_TITLE = "Fixed scale"


def map_names() -> tuple[str, ...]:
    """All attention methods and, last, the map on a fixed scale."""
    return (*METHODS.names(), FIXED)


def checked_maps(names: Sequence[str] | None) -> tuple[str, ...]:
    """The maps that are asked for, all if None.

    Raises:
        AttentionError: There is no such method, or none is named.
    """
    chosen = map_names() if names is None else tuple(names)
    if not chosen:
        raise AttentionError(f"Expected at least one map out of {', '.join(map_names())}, but got none.")
    for name in chosen:
        if name != FIXED:
            METHODS.get(name)
    return chosen


def require_some(made: Mapping[str, object], missing: Mapping[str, str]) -> None:
    """Refuse to go on where a model can have none of the maps.

    Raises:
        AttentionError: With the reason.
    """
    if not made:
        raise AttentionError(next(iter(missing.values())))


def title_of(name: str) -> str:
    """What people call a map."""
    return _FIXED_TITLE if name == FIXED else METHODS.get(name).title


def reads_text(name: str) -> bool:
    """Whether a map depends on the class."""
    return name == FIXED or METHODS.get(name).reads_text


@dataclass(frozen=True, slots=True, eq=False)
class PictureMaps:
    """The maps of some pictures.

    Attributes:
        grids: For each map that could be made, (n, rows, columns), not negative.
        missing: Of the others, why not.
    """

    grids: Mapping[str, Floats]
    missing: Mapping[str, str]


def maps_of(
    scene: LabScene,
    model: Model,
    pictures: Pictures,
    suffixes: Sequence[str],
    *,
    names: Sequence[str] | None = None,
    report: Progress = unreported,
) -> PictureMaps:
    """Make every map of some pictures for the scene's class.

    Args:
        scene: Its classes, class and prompt.
        model: Its predictor is asked.
        pictures: As `model.prepare` makes them, (n, height, width, 3).
        suffixes: What the prompt about each says after the class.
        names: Out of `map_names()`; None for all.
        report: Told after each map, of the slow ones after each picture, how many maps there are of how many.

    Raises:
        AttentionError: There is no such method.
    """
    chosen = checked_maps(names)
    grids: dict[str, Floats] = {}
    missing: dict[str, str] = {}
    total = len(chosen) * len(pictures)
    report(0, total)
    for number, name in enumerate(chosen):
        done = number * len(pictures)
        slow = name != FIXED and METHODS.get(name).slow
        step = 1 if slow else max(1, len(pictures))
        try:
            parts = []
            for start in range(0, len(pictures), step):
                some = slice(start, start + step)
                parts.append(_grids(scene, model, name, pictures[some], suffixes[some]))
                report(done + min(start + step, len(pictures)), total)
            grids[name] = np.concatenate(parts)
        except AttentionError as error:
            missing[name] = str(error)
            report(done + len(pictures), total)
    return PictureMaps(grids, missing)


def _grids(scene: LabScene, model: Model, name: str, pictures: Pictures, suffixes: Sequence[str]) -> Floats:
    said = np.array(suffixes)
    found: dict[int, Floats] = {}
    for suffix in dict.fromkeys(suffixes):
        these = np.flatnonzero(said == suffix)
        if name == FIXED:
            rows = fixed_scale(model, pictures[these], scene.classes, template=scene.template, suffix=suffix)
            grids = rows.of(scene.target)
        else:
            grids = patch_relevance(
                model, pictures[these], scene.target, method=name, template=scene.template, suffix=suffix
            )
        found |= dict(zip(these.tolist(), grids, strict=True))
    return np.stack([found[place] for place in range(len(pictures))])


def after(report: Progress, begun: int, total: int) -> Progress:
    """The progress of a later part of a study, after `begun` of `total`; its own total is part of that."""
    return lambda done, _: report(begun + done, total)


def listed(words: Sequence[str]) -> str:
    """One after the other: "A", "A and B", "A, B and C"."""
    *some, last = words
    return f"{', '.join(some)} and {last}" if some else last


def missing_words(missing: Mapping[str, str]) -> str:
    """Which maps a model cannot have, as a sentence; empty for none."""
    if not missing:
        return ""
    return f"This model cannot have {listed([title_of(name) for name in missing])}: {next(iter(missing.values()))}"
