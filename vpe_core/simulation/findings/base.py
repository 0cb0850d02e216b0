"""What every simulated finding is: a function that draws on a `Scene` and says what it drew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vpe_core.errors import SimulationError
from vpe_core.registry import Registry
from vpe_core.simulation.fields import Array
from vpe_core.simulation.scene import Scene


@dataclass(frozen=True, eq=False)
class Lesion:
    """A finding as drawn.

    Attributes:
        mask: bool (size, size), where it can be seen.
        side: "right" or "left" (the patient's), or "" where it has none.
        zone: "upper", "middle" or "lower", or "".
        size_mm: largest extent.
    """

    mask: NDArray[np.bool_]
    side: str
    zone: str
    size_mm: float


class FindingKind(Protocol):
    def __call__(self, scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
        """Draws the finding on `scene`; severity 0 (subtle, small) to 1 (obvious, large)."""


FINDINGS: Registry[FindingKind] = Registry("simulated finding", SimulationError)


def between(low: float, high: float, severity: float) -> float:
    """The value at `severity` of the way from low to high."""
    return low + (high - low) * severity


def window(scene: Scene, x_mm: float, y_mm: float, reach_mm: float) -> tuple[slice, slice]:
    """The part of the picture within `reach_mm` of a place: there is no need to compute elsewhere."""

    def cut(center_mm: float) -> slice:
        low = int((center_mm - reach_mm) / scene.mm_per_px + scene.size / 2)
        high = int((center_mm + reach_mm) / scene.mm_per_px + scene.size / 2) + 2
        return slice(*np.clip((low, high), 0, scene.size).tolist())

    return cut(y_mm), cut(x_mm)


def local_noise(rng: np.random.Generator, x_mm: Array, y_mm: Array, scale_mm: float, cells: int = 7) -> Array:
    """Smooth noise (about -2..2) around a lesion, on coordinates relative to it; bumps of about `scale_mm` / 2."""
    grid = rng.standard_normal((cells, cells))
    at = [np.clip(axis / (0.5 * scale_mm) + cells / 2 - 0.5, 0, cells - 1) for axis in (y_mm, x_mm)]
    return np.asarray(ndimage.map_coordinates(grid, at, order=3, mode="nearest", output=np.float32))


def visible(added: Array, share: float = 0.25) -> NDArray[np.bool_]:
    """Where an added attenuation reaches `share` of its own strong values."""
    strong = np.quantile(added[added > 0], 0.9) if (added > 0).any() else 0.0
    mask = added > max(share * float(strong), 1e-4)
    if not mask.any():
        mask = added >= added.max()
    return np.asarray(mask)
