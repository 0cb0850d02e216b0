"""Many patients from one CT: rotation, habitus, inspiration, elastic deformation and the geometry of the exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

WARP_GRID = (6, 5, 5)  # control points (z, y, x)
DETECTOR_MM = 180.0  # from the middle of the chest
CT_TOP_MM = 166.0  # above the CT's centre; the CT ends here, 5 cm above the lungs


@dataclass(frozen=True, eq=False)
class Pose:
    """One base patient in one position.

    Attributes:
        rotation: float32 (3, 3), turns the patient in the room; axes as in `ChestCT`.
        scale: (x, y, z) stretch of the body; above 1 = larger.
        warp_mm: float32 (3, *WARP_GRID), smooth displacement in mm, body to CT.
        source_mm: source-detector distance; inf = parallel beam.
        anterior_source: True for AP (portable), False for PA (standing).
        field_mm: edge length of the square field at the detector.
        center_mm: centre of the field (left, superior) relative to the CT's centre.
        habitus: "slim", "average" or "broad", for the tables.
    """

    rotation: NDArray[np.float32]
    scale: tuple[float, float, float]
    warp_mm: NDArray[np.float32]
    source_mm: float = float("inf")
    anterior_source: bool = False
    field_mm: float = 330.0
    center_mm: tuple[float, float] = (0.0, 0.0)
    habitus: str = "average"

    @property
    def heart_field_mm(self) -> float:
        """Edge length of the field in the plane of the heart."""
        return self.field_mm * float(self.magnification(torch.zeros(1)))

    def magnification(self, depth_mm: Tensor) -> Tensor:
        """Shrink factor from the detector to a plane at `depth_mm` (anterior positive)."""
        if np.isinf(self.source_mm):
            return torch.ones_like(depth_mm)
        detector_mm = -DETECTOR_MM if self.anterior_source else DETECTOR_MM
        return 1 - (depth_mm - detector_mm).abs() / self.source_mm


def sample_pose(seed: int, portable: bool = False) -> Pose:
    """Draws a plausible patient: the same seed is the same patient at every image size."""
    rng = np.random.default_rng([seed, int(portable)])
    tilt = 1.6 if portable else 1.0
    degrees = np.clip(rng.normal(0, (2.0, 2.0, 3.5)), -6, 6) * tilt  # about x (lordosis), y (lean), z (turn)
    rotation = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix().astype(np.float32)
    width, height = rng.normal((0.98, 1.1), (0.05, 0.05))
    depth = rng.normal(1.0, 0.09)
    scale = tuple(float(np.clip(s, 0.86, 1.22)) for s in (width, depth, height))
    warp = rng.normal(0, 1, (3, *WARP_GRID)) * np.array([5.0, 4.0, 6.0]).reshape(3, 1, 1, 1)
    warp[2, :3] += rng.normal(-4 if portable else 0, 9)  # the lower half up or down: depth of inspiration
    source_mm = float(rng.uniform(1000, 1200) if portable else rng.uniform(1700, 1900))
    enlargement = 1 / (1 - DETECTOR_MM / source_mm)
    field = rng.uniform(300, 322) * max(scale[0], 0.97 * scale[2]) * enlargement
    top_mm = CT_TOP_MM * scale[2] * enlargement
    center = (float(rng.normal(-4, 6)), float(top_mm - field / 2 + rng.uniform(-5, 0)))
    bulk = scale[0] * scale[1]
    return Pose(
        rotation,
        scale,  # type: ignore[arg-type]
        warp.astype(np.float32),
        source_mm=source_mm,
        anterior_source=portable,
        field_mm=float(field),
        center_mm=center,
        habitus="slim" if bulk < 0.93 else "broad" if bulk > 1.07 else "average",
    )
