"""Base patients: healthy projections of the CT, and the bank that keeps them. Findings are added to them in 2-D."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from scipy import ndimage

from vpe_core.errors import SimulationError
from vpe_core.simulation.fields import Array, blur, resize
from vpe_core.simulation.scene import Scene

if TYPE_CHECKING:
    from vpe_core.simulation.projector import Projector

MAX_ATTENUATION = 10.0  # stored as 16 bit
MAX_VESSEL = 0.25  # stored as 8 bit
ORGAN_SIZE = 96
CT_BLUR_MM, FINE, MIDDLE = (1.3, 3.5), 0.75, 0.25
FINEST_PROJECTION = 640  # px; the CT itself resolves about 430 across the field


@dataclass(frozen=True, eq=False)
class Base:
    """One healthy chest in one position.

    Attributes:
        patient: its number; everything about it follows from that and `portable`.
        attenuation: uint16 (size, size), line integral / MAX_ATTENUATION x 65535.
        vessels: uint8 (size, size), / MAX_VESSEL x 255.
        organs: uint8 (6, ORGAN_SIZE, ORGAN_SIZE), path length in mm.
        field_mm: edge length in the plane of the heart.
        habitus: "slim", "average" or "broad".
    """

    patient: int
    portable: bool
    attenuation: NDArray[np.uint16]
    vessels: NDArray[np.uint8]
    organs: NDArray[np.uint8]
    field_mm: float
    habitus: str

    def scene(self, rng: np.random.Generator, portable: bool = False, size: int | None = None) -> Scene:
        """The chest as this image meets it: a little turned, shifted, stretched and bent anew, ready to draw on."""
        bend = _Bend.sample(rng, portable)
        size = size or self.attenuation.shape[0]
        attenuation = self.attenuation.astype(np.float32) * np.float32(MAX_ATTENUATION / 65535)
        vessels = self.vessels.astype(np.float32) * np.float32(MAX_VESSEL / 255)
        organs = np.stack([bend.apply(organ.astype(np.float32), ORGAN_SIZE) for organ in self.organs])
        return Scene(
            bend.apply(attenuation, size),
            bend.apply(vessels, size),
            np.clip(organs, 0, None),
            self.field_mm * bend.zoom / size,
        )


@dataclass(frozen=True, eq=False)
class _Bend:
    """A smooth deformation of the picture; coordinates relative to the edge length, so it fits every size.

    It is enlarged and moved until its top and bottom edge lie inside the base: beyond it there is nothing to show but
    streaks. At the sides there is air.
    """

    matrix: NDArray[np.float64]
    shift: NDArray[np.float64]
    elastic: NDArray[np.float64]  # (2, 6, 6)
    zoom: float = 1.0

    @staticmethod
    def sample(rng: np.random.Generator, portable: bool) -> _Bend:
        turn = np.deg2rad(np.clip(rng.normal(0, 4.5 if portable else 1.6), -10, 10))
        stretch = np.clip(rng.normal(1, 0.025, 2), 0.94, 1.06)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * stretch[:, None]
        return _Bend(matrix, rng.normal(0, 0.012, 2), rng.normal(0, 0.009, (2, 6, 6)))._inside()

    def _inside(self) -> _Bend:
        rows = self._source(64)[0]
        top, bottom = float(rows.min()), float(rows.max())
        zoom = min(1.0, 1 / (bottom - top))
        nudge = -0.5 - zoom * top  # the apices lie close to the upper edge
        return replace(
            self,
            matrix=zoom * self.matrix,
            shift=zoom * self.shift + np.array([nudge, 0]),
            elastic=zoom * self.elastic,
            zoom=zoom,
        )

    def _source(self, size: int) -> NDArray[np.float64]:
        """Where each pixel comes from: (2, size, size), rows and columns, -0.5 to 0.5 across the base."""
        axis = (np.arange(size) + 0.5) / size - 0.5
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"))
        moved = np.einsum("ij,jhw->ihw", self.matrix, grid) + self.shift[:, None, None]
        moved += np.stack([resize(e, size) for e in self.elastic])
        return np.asarray(moved)

    def apply(self, field: Array, size: int) -> Array:
        source = (self._source(size) + 0.5) * field.shape[0] - 0.5
        order = 1 if size <= field.shape[0] else 3
        return np.asarray(ndimage.map_coordinates(field, source, order=order, mode="nearest", output=np.float32))


def make_base(projector: Projector, patient: int, portable: bool, size: int) -> Base:
    """Projects base patient `patient` at size x size pixels."""
    from vpe_core.simulation.dressing import dress
    from vpe_core.simulation.patients import sample_pose
    from vpe_core.simulation.vessels import draw_vessels

    pose = projector.fit(sample_pose(patient, portable))
    shot = projector.project(pose, min(size, FINEST_PROJECTION), ORGAN_SIZE)
    attenuation = resize(_crisp(shot.attenuation, pose.heart_field_mm / shot.attenuation.shape[0]), size)
    organs = np.clip(shot.organs + 0.5, 0, 255).astype(np.uint8)
    field_mm = pose.heart_field_mm
    scene = Scene(attenuation, np.zeros_like(attenuation), organs.astype(np.float32), field_mm / size)
    dress(scene, patient, pose.anterior_source)
    vessels = draw_vessels(scene, patient)
    return Base(
        patient,
        portable,
        (np.clip(scene.attenuation / MAX_ATTENUATION, 0, 1) * 65535).astype(np.uint16),
        (np.clip(vessels / MAX_VESSEL, 0, 1) * 255).astype(np.uint8),
        organs,
        field_mm,
        pose.habitus,
    )


def _crisp(attenuation: Array, mm_per_px: float) -> Array:
    """Undoes part of the blur of the CT's voxels, its filter and the sampling along the rays."""
    fine, middle = (attenuation - blur(attenuation, sigma / mm_per_px) for sigma in CT_BLUR_MM)
    return np.asarray(np.clip(attenuation + FINE * fine + MIDDLE * middle, 0, None), np.float32)


def base_path(folder: Path, patient: int, portable: bool, size: int) -> Path:
    return folder / f"{'ap' if portable else 'pa'}{size}_{patient:05d}.npz"


def load_base(path: Path) -> Base:
    """Reads one base patient that `make_bank` wrote."""
    try:
        with path.open("rb") as stream, np.load(stream) as stored:
            return Base(
                int(stored["patient"]),
                bool(stored["portable"]),
                stored["attenuation"],
                stored["vessels"],
                stored["organs"],
                float(stored["field_mm"]),
                str(stored["habitus"]),
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise SimulationError(
            f"Could not read the base patient {path.name} ({error}). Delete it and simulate again: it is made anew."
        ) from error


def make_bank(
    folder: Path,
    patients: Sequence[int],
    portable: bool,
    size: int,
    projector: Callable[[], Projector],
    progress: Callable[[], None] = lambda: None,
) -> list[Path]:
    """Projects the patients that `folder` does not hold yet; returns one file each, in order.

    Processes that fill one folder take turns, and each patient is projected once.

    Raises:
        SimulationError: the folder cannot be written.
    """
    paths = [base_path(folder, patient, portable, size) for patient in patients]
    ready: Projector | None = None
    for patient, path in zip(patients, paths, strict=True):
        if not path.exists():
            ready = ready or projector()
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with FileLock(folder / ".lock"):
                    if not path.exists():
                        part = path.with_suffix(".part.npz")
                        np.savez_compressed(part, **vars(make_base(ready, patient, portable, size)))
                        part.replace(path)
            except OSError as error:
                raise SimulationError(
                    f"Cannot write base patients into {folder}: {error.strerror or error}. Make room, or set "
                    "VPE_CACHE_DIR to a folder that can be written."
                ) from error
        progress()
    return paths
