"""From a click or a box to the outline of what is there: one button, for the live demo and the marker lab."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard.demo.film.canvas import collect_drawing
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import marker_of_tool
from dashboard.demo.state.undo import record
from dashboard.frame.words import as_text
from vpe_core import outlines
from vpe_core.errors import VPEError
from vpe_core.markers import get as get_marker
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import Mark, rounded
from vpe_core.types import Arrow, Polygon

_PROBLEM = "demo:outline_problem"
CAPTION = (
    "By grey levels alone: it follows what stands out, such as a device or a mass; of a large heart, a pneumothorax or "
    "a granuloma it finds no true border. Look before you trust it."
)
"""What people should know of it; docs/lab.md has the measured overlaps."""


def outlined(xray: Xray, mark: Mark, method: str = outlines.DEFAULT) -> Mark:
    """The mark as a contour around the structure that it points at; an arrow or a dot counts as a click.

    Raises:
        VPEError: There is no outline, or what it needs is not here.
    """
    shape, region = get_marker(mark.marker).drawn_as, mark.region
    where = region.tip if isinstance(region, Arrow) else region.box.center if shape == "dot" else region.box
    return rounded(Mark(drawing_tools()["contour"], outlines.outline(xray.image, where, method)))


def outline_tool(xray: Xray) -> None:
    """The button in the live demo, while the tool Contour is chosen."""
    if marker_of_tool(session.state().tool) == drawing_tools()["contour"]:
        outline_button(xray, "demo_outline", partial(_drawn, xray))


def outline_button(xray: Xray, key: str, marks: Callable[[], tuple[Mark, ...]]) -> None:
    """A button that outlines the latest shape, with what can be said against it.

    Args:
        xray: The X-ray.
        key: Of the button.
        marks: All shapes as they are when it is clicked, the latest last.
    """
    usable = [name for name in outlines.names() if not outlines.get(name).problem()]
    latest = session.state().marks[-1:]
    if not usable:
        return
    st.button(
        "Outline the structure",
        key=key,
        icon=":material/polyline:",
        disabled=not latest,
        on_click=_outline,
        args=(xray, marks, "sam2" if "sam2" in usable else outlines.DEFAULT),
        help=f"Turns the latest shape into a contour of what it points at. {CAPTION}",
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.caption(as_text(problem))
    elif latest and isinstance(latest[0].region, Polygon):
        st.caption(f"Contours also shape a spotlight or a blur. An outline goes {CAPTION[0].lower()}{CAPTION[1:]}")


def _drawn(xray: Xray) -> tuple[Mark, ...]:
    """What is drawn at the moment; undo comes back to it."""
    marks = collect_drawing(xray)
    record(xray.key, marks)
    return marks


def _outline(xray: Xray, marks: Callable[[], tuple[Mark, ...]], method: str) -> None:
    now = marks()
    if not now:
        return
    try:
        session.change(marks=(*now[:-1], outlined(xray, now[-1], method)))
    except VPEError as error:
        st.session_state[_PROBLEM] = str(error)
