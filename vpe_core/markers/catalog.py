"""All markers: a new one is a new file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.errors import MarkerError
from vpe_core.markers.arrow import ARROW
from vpe_core.markers.base import Ink, Marker
from vpe_core.markers.crop import CROP, CROP_AS_PUBLISHED
from vpe_core.markers.fill import GRAYSCALE_TINT, POINT
from vpe_core.markers.outline import BBOX, CIRCLE, CONTOUR
from vpe_core.markers.surround import BLUR, SPOTLIGHT
from vpe_core.registry import Registry

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.types import Region


def draw_nothing(image: Image.Image, region: Region, ink: Ink) -> Image.Image:  # noqa: ARG001
    return image.copy()


NONE = Marker("No marker", draw_nothing, uses=frozenset())

MARKERS: Registry[Marker] = Registry("marker", MarkerError)
MARKERS.add("none", NONE)
MARKERS.add("bbox", BBOX)
MARKERS.add("circle", CIRCLE)
MARKERS.add("arrow", ARROW)
MARKERS.add("crop", CROP)
MARKERS.add("contour", CONTOUR)
MARKERS.add("spotlight", SPOTLIGHT)
MARKERS.add("blur", BLUR)
MARKERS.add("grayscale-tint", GRAYSCALE_TINT)
MARKERS.add("point", POINT)
MARKERS.add("crop_as_published", CROP_AS_PUBLISHED)
