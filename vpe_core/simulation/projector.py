"""Line integrals of attenuation through a CT: the physics of a chest radiograph before its display.

Beer-Lambert: a ray through the patient keeps the fraction exp(-L) of its photons, L = integral of mu along the ray
(Bushberg et al., The Essential Physics of Medical Imaging, ch. 3). mu follows from Hounsfield units by their
definition, mu = mu_water (1 + HU / 1000); calcium attenuates more steeply than that at radiographic energies
(photoelectric effect, ~ Z^3 / E^3), so bone gets a factor on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vpe_core.simulation.anatomy import Landmarks
from vpe_core.simulation.ct import BEYOND, BONES, CARTILAGE, LOBES, SPINE, STRUCTURES, ChestCT
from vpe_core.simulation.organs import ORGANS
from vpe_core.simulation.patients import Pose

MU_WATER_PER_MM = 0.02  # about 60 keV, NIST XCOM: 0.0206 / mm
BONE_BOOST = 1.5
OTHER_BONES = tuple(number for number in BONES if number not in SPINE)

BEYOND_MM = 5.0  # of a ray through made-up tissue that nobody sees
CHUNK = 8  # depth samples at a time
WIDE_MM, ROUGH = 480.0, 80  # of the picture, and its px, that finds the lungs
HIGHEST = 0.84  # share of the field's height that the lungs take, their recesses behind the diaphragm included
FIRST_RIBS, FAINT = (92, 104), 0.6  # what is left of the calcium at their ends, where the CT's patient has a lot


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
        self._ct = ct
        mu = MU_WATER_PER_MM * np.clip(1 + ct.hu / 1000, 0, None)
        bone = ct.mask((*BONES, CARTILAGE)) & (ct.hu > 80)
        soft = np.where(bone, MU_WATER_PER_MM * 1.04, mu).astype(np.float32)
        masks = np.stack([ct.mask(STRUCTURES[name])[::2, ::2] for name in ORGANS])
        self._soft = _pooled(soft)
        self._calcium = {}
        for name, labels in (("spine", SPINE), ("cartilage", (CARTILAGE,)), ("bone", OTHER_BONES)):
            of_it = ct.mask(labels) & bone
            boost = np.where(ct.mask(FIRST_RIBS), FAINT * BONE_BOOST, BONE_BOOST)
            added = _pooled(np.where(of_it, boost * (mu - MU_WATER_PER_MM * 1.04), 0).astype(np.float32))
            at = np.flatnonzero(added)
            self._calcium[name] = (torch.from_numpy(at), torch.from_numpy(added.ravel()[at]))
        self._organs = _volume(masks.astype(np.float32))
        self._lungs = _volume(ct.mask(LOBES)[None, ::4, ::4].astype(np.float32))
        self._beyond = _volume(ct.mask((BEYOND,))[None, ::4, ::4].astype(np.float32))

    @cached_property
    def landmarks(self) -> Landmarks:
        return Landmarks(self._ct)

    def project(self, pose: Pose, size: int = 512, organ_size: int = 128, step_mm: float = 2.4) -> Projection:
        """The exposure of `pose` on a detector of size x size pixels.

        Args:
            pose: of the patient and the exposure.
            size: of the detector in px.
            organ_size: of the organ maps in px.
            step_mm: distance of the samples along a ray; the integral is a midpoint sum.
        """
        attenuation = self._integrate(self._mu(pose), pose, size, step_mm)[0]
        organs = self._integrate(self._organs, pose, organ_size, 2 * step_mm)
        return Projection(attenuation.numpy(), organs.numpy())

    def fit(self, pose: Pose) -> Pose:
        """The same patient with its own anatomy, and the field around its lungs, as far as the CT was scanned.

        Above and below the CT only its end slices go on, which shows as vertical streaks.
        """
        warp = self.landmarks.displacement(pose.build, pose.warp_mm)
        pose = replace(pose, warp_mm=warp, build=pose.build.calcium_only())
        if pose.lung_share is not None:
            pose = self._around_the_lungs(pose, pose.lung_share)
        tall = replace(pose, field_mm=1.5 * pose.field_mm)
        rows = 64
        beyond = self._integrate(self._beyond, tall, rows, 7.2)[0].amax(1).numpy() > BEYOND_MM
        edges = tall.center_mm[1] + tall.field_mm * (0.5 - np.arange(rows + 1) / rows)
        middle = rows // 2
        above, below = np.flatnonzero(beyond[:middle]), middle + np.flatnonzero(beyond[middle:])
        top = float(edges[above[-1] + 1]) if above.size else np.inf
        bottom = float(edges[below[0]]) if below.size else -np.inf
        field = min(pose.field_mm, top - bottom)
        center = float(np.clip(pose.center_mm[1], bottom + field / 2, top - field / 2))
        return replace(pose, field_mm=field, center_mm=(pose.center_mm[0], center))

    def _around_the_lungs(self, pose: Pose, share: float) -> Pose:
        """The field in which the lungs fill `share` of the width, with their apices close to the upper edge."""
        wide = replace(pose, field_mm=WIDE_MM, center_mm=(0.0, 0.0))
        lungs = self._integrate(self._lungs, wide, ROUGH, 7.2)[0].numpy() > 12
        if not lungs.any():
            return pose
        columns, rows = (np.flatnonzero(lungs.any(axis)) for axis in (0, 1))
        scale = WIDE_MM / ROUGH
        left, right = columns[0] * scale - WIDE_MM / 2, (columns[-1] + 1) * scale - WIDE_MM / 2
        apex = WIDE_MM / 2 - rows[0] * scale
        field = max((right - left) / share, (rows[-1] + 1 - rows[0]) * scale / HIGHEST)
        center = (left + right) / 2 + pose.center_mm[0], apex + pose.apex_share * field - field / 2
        return replace(pose, field_mm=float(field), center_mm=(float(center[0]), float(center[1])))

    def _mu(self, pose: Pose) -> Tensor:
        """Attenuation a millimetre with as much calcium in spine, cartilage and other bones as the patient has."""
        mu = self._soft.copy()
        flat = torch.from_numpy(mu).view(-1)
        for name, (at, added) in self._calcium.items():
            flat[at] += getattr(pose.build, name) * added
        return _volume(mu[None])

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


def _pooled(mu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Half as fine in depth: it is finer than the sampling along a ray otherwise."""
    return np.ascontiguousarray((mu[:, 0:-1:2] + mu[:, 1::2]) / 2, np.float32)


def _volume(channels_xyz: NDArray[np.float32]) -> Tensor:
    """(c, x, y, z) -> the (1, c, z, y, x) that grid_sample wants."""
    return torch.from_numpy(np.ascontiguousarray(channels_xyz.transpose(0, 3, 2, 1)))[None]
