"""Labelled boxes, and the numbers that a reader can take from them, or from a marker drawn for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from vpe_core.errors import RegionError
from vpe_core.markers import MARKERS
from vpe_core.markers.base import tells_box
from vpe_core.metrics.arrays import FloatArray, IntArray
from vpe_core.types import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.markers.base import Tells

FEATURES: Mapping[str, str] = {
    "x": "middle of the box from the left edge, as a share of the image's width",
    "y": "middle of the box from the upper edge, as a share of the image's height",
    "width": "width of the box as a share of the image's width",
    "height": "height of the box as a share of the image's height",
}
"""The numbers of a box, in the order of their columns, and what each is."""
SIZE, PLACE, BOTH = "size only", "place only", "both"
GROUPS: Mapping[str, tuple[str, ...]] = {SIZE: ("width", "height"), PLACE: ("x", "y"), BOTH: tuple(FEATURES)}
"""What is asked of a data set: name of the group to the features in it."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledBoxes:
    """Boxes, each with one class and one patient.

    Attributes:
        boxes: (n, 4) x0, y0, x1, y1 in pixels.
        sizes_wh: (n, 2) width and height of the images, on the same grid.
        labels: (n,) class numbers.
        patients: (n,) the patient of each box.
        classes: The name of each class number.
    """

    boxes: FloatArray
    sizes_wh: FloatArray
    labels: IntArray
    patients: NDArray[Any]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, boxes: Iterable[tuple[str, str, Box, tuple[float, float]]]) -> Self:
        """From a label, a patient, a box and the image's (width, height) each; classes are sorted, as the paper's."""
        labels, patients, regions, sizes_wh = zip(*boxes, strict=True)
        classes = tuple(sorted(set(labels)))
        numbers = np.array([classes.index(label) for label in labels], np.int64)
        corners = np.array([box.xyxy for box in regions], np.float64)
        return cls(corners, np.array(sizes_wh, np.float64), numbers, np.array(patients), classes)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_patients(self) -> int:
        """How many patients the boxes are of."""
        return len(np.unique(self.patients))

    def at(self, rows: IntArray) -> LabelledBoxes:
        """Only some of them; the classes stay."""
        return LabelledBoxes(
            self.boxes[rows], self.sizes_wh[rows], self.labels[rows], self.patients[rows], self.classes
        )

    def class_counts(self) -> dict[str, int]:
        """Boxes of each class."""
        counts = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))

    def numbers(self, features: Iterable[str] = FEATURES) -> FloatArray:
        """(n, f): these features of each box."""
        names, told = self._numbers(tells_box)
        return told[:, [names.index(name) for name in features]]

    def numbers_of_marker(self, marker: str) -> tuple[tuple[str, ...], FloatArray]:
        """What a marker drawn for each box shows of it: the features' names, and (n, f) numbers.

        Where it shows nothing of the image, as a crop of the official code may, all numbers are 0.

        Raises:
            MarkerError: There is no such marker.
        """
        return self._numbers(MARKERS.get(marker).tells)

    def _numbers(self, tells: Tells) -> tuple[tuple[str, ...], FloatArray]:
        told: list[Mapping[str, float]] = []
        for corners, size_wh in zip(self.boxes.tolist(), self.sizes_wh.tolist(), strict=True):
            try:
                told.append(tells(Box(*corners), tuple(size_wh)))
            except RegionError:
                told.append({})
        names = tuple(next(filter(None, told), {}))
        return names, np.array([[one.get(name, 0.0) for name in names] for one in told]).reshape(len(told), len(names))
