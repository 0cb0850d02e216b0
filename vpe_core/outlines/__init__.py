"""From a click or a box to the outline of the structure there: one file a family, one registry.

    names()                                    # ("watershed", "random-walker", "chan-vese", "sam2")
    outline(image, Box(310, 220, 420, 330))    # a Polygon, which the markers contour, spotlight and blur draw
    outline(image, (365, 275))                 # the same from a click

The idea of a segmenter whose result is the visual prompt is that of Arora and Namboodiri, MedFocusCLIP: Improving few
shot classification in medical datasets using pixel wise attention, ICASSP 2025. Importing this package imports neither
scikit-image nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.outlines.base import OUTLINERS, OutlineMethod, Outliner
from vpe_core.outlines.classical import CHAN_VESE, RANDOM_WALKER, WATERSHED
from vpe_core.outlines.sam2 import SAM2

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.types import Box, Point, Polygon

OUTLINERS.add("watershed", WATERSHED)
OUTLINERS.add("random-walker", RANDOM_WALKER)
OUTLINERS.add("chan-vese", CHAN_VESE)
OUTLINERS.add("sam2", SAM2)

DEFAULT = "watershed"
"""What comes with the project: the best of the classical ones over the gallery's findings, see docs/lab.md."""

names, get = OUTLINERS.names, OUTLINERS.get


def outline(image: Image.Image, where: Box | Point, method: str = DEFAULT) -> Polygon:
    """The outline of what lies in a box or under a click.

    Args:
        image: Any mode.
        where: A box around the structure, or a point on it, in pixels of the image.
        method: A name out of `names()`.

    Returns:
        In pixels of the image, of at most `MAX_CONTOUR_POINTS` points.

    Raises:
        RegionError: It lies outside the image, or there is no outline.
        LabError: There is no such method, or what it needs is not here.
    """
    return get(method).outline(image, where)


__all__ = ["DEFAULT", "OUTLINERS", "OutlineMethod", "Outliner", "get", "names", "outline"]
