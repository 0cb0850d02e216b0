"""Takes tumours out of the CT's lungs, so that what is projected from it is a healthy chest.

The CT shows a spiculated tumour of 25 mm (at half maximum) in the left lower lobe (LIDC holds scans of patients with
nodules: Armato et al., Med. Phys. 38, 2011). Left in, every "healthy" picture would show a mass that no table lists.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SOLID_HU = -300.0  # between aerated lung (-850) and soft tissue (40)
VESSEL_RADIUS_MM = 4.0  # the hila, where vessels are wider, do not bear the label of a lobe
LEAST_VOLUME_MM3 = 1000.0
MOST_ELONGATED = 2.5  # longest over shortest principal axis: beyond it, a vessel or a plate
MARGIN_MM = 12.0  # spicules and the pleural tag
SEAM_MM = 3.0

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[slice, ...]


def find_tumours(hu: Volume, lung: Mask, spacing_mm: tuple[float, float, float]) -> Iterator[tuple[Box, Mask]]:
    """Solid, compact tissue inside the lungs that is thicker than a vessel.

    Args:
        hu: Hounsfield units, (nx, ny, nz).
        lung: voxels that bear the label of a lobe.
        spacing_mm: voxel size.

    Yields:
        A part of the volume with room for spicules around the tumour, and the tumour's mask in that part.
    """
    solid = (hu > SOLID_HU) & lung
    half_voxel = min(spacing_mm) / 2
    (lungs,) = ndimage.find_objects(lung.astype(np.uint8)) or (None,)
    core = np.zeros(hu.shape, bool)
    if lungs is not None:
        depth_mm = ndimage.distance_transform_edt(np.pad(solid[lungs], 1), sampling=spacing_mm)[1:-1, 1:-1, 1:-1]
        core[lungs] = depth_mm - half_voxel > VESSEL_RADIUS_MM
    regions, _ = ndimage.label(core)
    for number, at in enumerate(ndimage.find_objects(regions), 1):
        room = [int(np.ceil((VESSEL_RADIUS_MM + MARGIN_MM) / s)) + 2 for s in spacing_mm]
        part = tuple(slice(max(a.start - r, 0), a.stop + r) for a, r in zip(at, room, strict=True))
        from_core_mm = ndimage.distance_transform_edt(regions[part] != number, sampling=spacing_mm)
        tumour = (from_core_mm <= VESSEL_RADIUS_MM + 2 * half_voxel) & solid[part]
        points = np.argwhere(tumour) * np.asarray(spacing_mm)
        if len(points) * np.prod(spacing_mm) < LEAST_VOLUME_MM3:
            continue
        variances = np.linalg.eigvalsh(np.cov(points.T))
        if variances[2] < MOST_ELONGATED**2 * variances[0]:
            yield part, tumour


def remove_tumours(hu: Volume, lung: Mask, spacing_mm: tuple[float, float, float]) -> Volume:
    """The CT with healthy lung of the same side in the place of tumours, their spicules and their pleural tags."""
    healed = hu.copy()
    for part, tumour in find_tumours(hu, lung, spacing_mm):
        distance_mm = ndimage.distance_transform_edt(~tumour, sampling=spacing_mm)
        pleura = ~ndimage.binary_erosion(lung[part], np.ones((3, 3, 1)))
        near = (distance_mm < MARGIN_MM) & lung[part] & ~pleura
        hole = np.zeros(hu.shape, bool)
        hole[part] = near
        share = np.clip((MARGIN_MM - distance_mm[near]) / SEAM_MM, 0, 1)
        healed[hole] = share * _patch(hu, lung, hole) + (1 - share) * hu[hole]
    return healed


def _patch(hu: Volume, lung: Mask, hole: Mask) -> Volume:
    """Lung from above or below for the voxels of `hole`: the same depth in the chest has the same gravity and vessels.

    Of the offsets at which source and hole do not overlap, the one that shows the most lung wins.
    """
    at = np.argwhere(hole)
    height = int(np.ptp(at[:, 2])) + 1
    ordinary = np.float32(np.median(hu[lung]))
    best, most = np.full(len(at), ordinary, np.float32), -1.0
    for offset in (*range(-height - 12, -height + 1, 2), *range(height, height + 13, 2)):
        z = at[:, 2] + offset
        usable = (z >= 0) & (z < hu.shape[2])
        source = (at[:, 0], at[:, 1], np.clip(z, 0, hu.shape[2] - 1))
        usable &= lung[source]
        if usable.mean() > most:
            best, most = np.where(usable, hu[source], ordinary).astype(np.float32), float(usable.mean())
    return best
