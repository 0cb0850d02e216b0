"""Many patients from one CT: rotation, habitus, inspiration, elastic deformation and the geometry of the exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from vpe_core.simulation.anatomy import AS_IN_THE_CT, Build, sample_build

WARP_GRID = (7, 5, 7)  # control points (z, y, x) of the random part
AP_SHARE = 0.25  # of the pictures that are not portable
DETECTOR_MM = 180.0  # from the middle of the chest


@dataclass(frozen=True, eq=False)
class Pose:
    """One base patient in one position.

    Attributes:
        rotation: float32 (3, 3), turns the patient in the room; axes as in `ChestCT`.
        scale: (x, y, z) stretch of the body; above 1 = larger.
        warp_mm: float32 (3, any grid), smooth displacement in mm, body to CT. What is sampled is random;
            `Projector.fit` adds what `build` says.
        build: of the patient's own organs.
        source_mm: source-detector distance; inf = parallel beam.
        anterior_source: True for AP (portable), False for PA (standing).
        field_mm: edge length of the square field at the detector.
        lung_share: of the field's width, or as much as the CT allows; None = the field as it is.
        apex_share: of the field's height above the lungs.
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
    build: Build = AS_IN_THE_CT
    lung_share: float | None = None
    apex_share: float = 0.06

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
    tilt = 1.5 if portable else 1.0
    degrees = np.clip(rng.normal(0, (2.5, 1.5, 3.5)), -6, 6) * tilt  # about x (lordosis), y (lean), z (turn)
    rotation = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix().astype(np.float32)
    width, depth, height = rng.normal((0.96, 1.0, 1.03), (0.05, 0.09, 0.045))
    scale = tuple(float(np.clip(s, 0.84, 1.22)) for s in (width, depth, height))
    warp = rng.normal(0, 1, (3, *WARP_GRID)) * np.array([2.2, 3.0, 3.5]).reshape(3, 1, 1, 1)
    anterior_source = portable or rng.random() < AP_SHARE
    source_mm = float(rng.uniform(1000, 1200) if portable else rng.uniform(1700, 1900))
    build = sample_build(rng, anterior_source)
    bulk = scale[0] * scale[1] * build.bulk**0.3
    return Pose(
        rotation,
        scale,  # type: ignore[arg-type]
        warp.astype(np.float32),
        source_mm=source_mm,
        anterior_source=anterior_source,
        center_mm=(float(rng.normal(0, 6)), 0.0),
        habitus="slim" if bulk < 0.92 else "broad" if bulk > 1.08 else "average",
        build=build,
        lung_share=float(rng.uniform(0.69, 0.82)),
        apex_share=float(rng.uniform(0.05, 0.12)),
    )
