"""All markers: a new one is a new file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.errors import MarkerError
from vpe_core.markers.arrow import ARROW
from vpe_core.markers.base import ChartStyle, Ink, Marker, tells_nothing
from vpe_core.markers.crop import CROP, CROP_AS_PUBLISHED
from vpe_core.markers.fill import GRAYSCALE_TINT, POINT
from vpe_core.markers.outline import BBOX, CIRCLE, CONTOUR
from vpe_core.markers.surround import BLUR, SPOTLIGHT
from vpe_core.registry import Registry

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.markers.base import Shape
    from vpe_core.types import Region


def draw_nothing(image: Image.Image, region: Region, ink: Ink) -> Image.Image:  # noqa: ARG001
    return image.copy()


NONE = Marker(
    "No marker", draw_nothing, uses=frozenset(), short_title="none", paper_row=0, treatment=False,
    tells=tells_nothing,
    chart=ChartStyle("circle-open", on_dark="#8A99A8", on_light="#6B7987"),
)  # fmt: skip

MARKERS: Registry[Marker] = Registry(
    "marker",
    MarkerError,
    {
        "none": NONE,
        "bbox": BBOX,
        "circle": CIRCLE,
        "arrow": ARROW,
        "crop": CROP,
        "contour": CONTOUR,
        "spotlight": SPOTLIGHT,
        "blur": BLUR,
        "grayscale-tint": GRAYSCALE_TINT,
        "point": POINT,
        "crop_as_published": CROP_AS_PUBLISHED,
    },
)


def paper_markers() -> tuple[str, ...]:
    """The markers of the paper's table, in the order of its rows, the unmarked image first."""
    rows = {name: marker.paper_row for name, marker in MARKERS.items() if marker.paper_row is not None}
    return tuple(sorted(rows, key=rows.__getitem__))


def named_markers() -> tuple[str, ...]:
    """The markers that a prompt can name, in the paper's order, then those that the paper does not have."""
    return tuple(name for name in dict.fromkeys((*paper_markers(), *MARKERS.names())) if MARKERS.get(name).phrase)


def treatments() -> tuple[str, ...]:
    """The markers in which the live demo offers to show whatever was drawn."""
    return tuple(name for name, marker in MARKERS.items() if marker.treatment)


def drawing_tools() -> dict[Shape, str]:
    """Shape to marker, sorted by what the tools are called; where two markers want one shape, the first has it."""
    tools: dict[Shape, str] = {}
    for name, marker in MARKERS.items():
        if marker.drawn_as:
            tools.setdefault(marker.drawn_as, name)
    return dict(sorted(tools.items(), key=lambda tool: MARKERS.get(tool[1]).short_title))
