"""Line integrals of attenuation through a CT: the physics of a chest radiograph before its display.

Beer-Lambert: a ray through the patient keeps the fraction exp(-L) of its photons, L = integral of mu along the ray
(Bushberg et al., The Essential Physics of Medical Imaging, ch. 3). mu follows from Hounsfield units by their
definition, mu = mu_water (1 + HU / 1000); calcium attenuates more steeply than that at radiographic energies
(photoelectric effect, ~ Z^3 / E^3), so bone gets a factor on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vpe_core.simulation.ct import BEYOND, BONES, CARTILAGE, STRUCTURES, ChestCT
from vpe_core.simulation.organs import ORGANS
from vpe_core.simulation.patients import Pose

MU_WATER_PER_MM = 0.02  # about 60 keV, NIST XCOM: 0.0206 / mm
BONE_BOOST = 1.65

BEYOND_MM = 5.0  # of a ray through made-up tissue that nobody sees
CHUNK = 8  # depth samples at a time


@dataclass(frozen=True, eq=False)
class Projection:
    """What one exposure measures, on the detector.

    Attributes:
        attenuation: float32 (size, size), line integral of mu, dimensionless.
        organs: float32 (len(ORGANS), organ_size, organ_size), path length in mm through each organ.
    """

    attenuation: NDArray[np.float32]
    organs: NDArray[np.float32]


class Projector:
    """Projects one CT for many poses (perspective or parallel beam, from the front or the back)."""

    def __init__(self, ct: ChestCT) -> None:
        self._extent_mm = [n * s for n, s in zip(ct.hu.shape, ct.spacing_mm, strict=True)]
        mu = MU_WATER_PER_MM * np.clip(1 + ct.hu / 1000, 0, None)
        bone = ct.mask((*BONES, CARTILAGE)) & (ct.hu > 80)
        boosted = np.where(bone, MU_WATER_PER_MM + BONE_BOOST * (mu - MU_WATER_PER_MM), mu).astype(np.float32)
        masks = np.stack([ct.mask(STRUCTURES[name])[::2, ::2] for name in ORGANS])
        sharp = _sharpen_z(boosted)
        pooled = (sharp[:, 0:-1:2] + sharp[:, 1::2]) / 2  # finer than the sampling along a ray otherwise
        self._mu = _volume(np.asarray(pooled[None], np.float32))
        self._organs = _volume(masks.astype(np.float32))
        self._beyond = _volume(ct.mask((BEYOND,))[None, ::4, ::4].astype(np.float32))

    def project(self, pose: Pose, size: int = 512, organ_size: int = 128, step_mm: float = 2.4) -> Projection:
        """The exposure of `pose` on a detector of size x size pixels.

        Args:
            pose: of the patient and the exposure.
            size: of the detector in px.
            organ_size: of the organ maps in px.
            step_mm: distance of the samples along a ray; the integral is a midpoint sum.
        """
        attenuation = self._integrate(self._mu, pose, size, step_mm)[0]
        organs = self._integrate(self._organs, pose, organ_size, 2 * step_mm)
        return Projection(attenuation.numpy(), organs.numpy())

    def fit(self, pose: Pose) -> Pose:
        """The same patient with the field where the CT is: collimated to what was scanned.

        Above and below the CT only its end slices go on, which shows as vertical streaks.
        """
        tall = replace(pose, field_mm=1.5 * pose.field_mm)
        rows = 96
        beyond = self._integrate(self._beyond, tall, rows, 4.8)[0].amax(1).numpy() > BEYOND_MM
        edges = tall.center_mm[1] + tall.field_mm * (0.5 - np.arange(rows + 1) / rows)
        middle = rows // 2
        above, below = np.flatnonzero(beyond[:middle]), middle + np.flatnonzero(beyond[middle:])
        top = float(edges[above[-1] + 1]) if above.size else np.inf
        bottom = float(edges[below[0]]) if below.size else -np.inf
        field = min(pose.field_mm, top - bottom)
        center = float(np.clip(pose.center_mm[1], bottom + field / 2, top - field / 2))
        return replace(pose, field_mm=field, center_mm=(pose.center_mm[0], center))

    def _integrate(self, volume: Tensor, pose: Pose, size: int, step_mm: float) -> Tensor:
        depth_mm = self._extent_mm[1] * 1.1
        depths = torch.arange(-depth_mm / 2 + step_mm / 2, depth_mm / 2, step_mm)
        offset = (torch.arange(size) + 0.5) / size - 0.5
        u = pose.center_mm[0] + pose.field_mm * offset  # right in the picture = the patient's left
        v = pose.center_mm[1] - pose.field_mm * offset  # down in the picture = inferior
        total = torch.zeros(volume.shape[1], size, size)
        half_extent = torch.tensor(self._extent_mm) / 2
        warp = torch.from_numpy(pose.warp_mm)[None]
        rotation = torch.from_numpy(pose.rotation.T.copy())
        for chunk in torch.split(depths, CHUNK):
            magnification = pose.magnification(chunk)
            y = chunk[:, None, None].expand(-1, size, size)
            x = u[None, None, :] * magnification[:, None, None] + torch.zeros_like(y)
            z = v[None, :, None] * magnification[:, None, None] + torch.zeros_like(y)
            lab = torch.stack([x, y, z], -1)
            body = (lab @ rotation.T) / torch.tensor(pose.scale)
            bend = F.grid_sample(warp, (body / half_extent)[None], align_corners=True, padding_mode="border")
            points = (body + bend[0].permute(1, 2, 3, 0)) / half_extent
            sampled = F.grid_sample(volume, points[None], align_corners=False, padding_mode="border")
            total += sampled[0].sum(1)
        if np.isinf(pose.source_mm):
            return total * step_mm
        slant = torch.sqrt(1 + (u[None, :] ** 2 + v[:, None] ** 2) / pose.source_mm**2)
        return total * step_mm * slant


def _volume(channels_xyz: NDArray[np.float32]) -> Tensor:
    """(c, x, y, z) -> the (1, c, z, y, x) that grid_sample wants."""
    return torch.from_numpy(np.ascontiguousarray(channels_xyz.transpose(0, 3, 2, 1)))[None]


def _sharpen_z(mu: NDArray[np.float32], amount: float = 0.35) -> NDArray[np.float32]:
    """Undoes part of the blur of thick slices (a [-a, 1 + 2a, -a] filter along z)."""
    padded = np.pad(mu, ((0, 0), (0, 0), (1, 1)), mode="edge")
    sharp = (1 + 2 * amount) * mu - amount * (padded[..., :-2] + padded[..., 2:])
    return np.clip(sharp, 0, None)
