"""Shapes by their coordinates: the way to draw without a mouse."""

from __future__ import annotations

import streamlit as st

from dashboard.demo import session
from dashboard.demo.state import POLYGON
from dashboard.demo.xray import Xray
from dashboard.frame.words import as_text
from vpe_core.errors import RegionError
from vpe_core.markers import get as get_marker
from vpe_core.markers.base import Shape
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import MAX_MARKS, Mark, point_region
from vpe_core.types import Arrow, Box, Region

_FIELDS: dict[Shape, tuple[str, ...]] = {
    "ellipse": ("left", "top", "right", "bottom"),
    "box": ("left", "top", "right", "bottom"),
    "arrow": ("tail x", "tail y", "tip x", "tip y"),
    "dot": ("x", "y"),
}
"""What says where a shape lies; a contour has too many points."""
_PROBLEM = "demo:region_problem"
_MIDDLE = (0.4, 0.4, 0.6, 0.6)


def region_in_numbers(xray: Xray) -> None:
    """Fields to add a shape by its coordinates."""
    width, height = xray.size_wh
    with st.expander("Region in numbers", key="demo_region"):
        st.toggle(
            "Contour point by point",
            session.state().tool == POLYGON,
            key=session.key("by_points"),
            help="With the tool Contour: click the corners, and the first one again to close.",
        )
        st.caption(f"Pixels of the X-ray, {width} wide and {height} high, from the upper left corner.")
        tools = {name: shape for shape, name in drawing_tools().items() if shape in _FIELDS}
        names = sorted(tools, key=lambda name: list(_FIELDS).index(tools[name]))
        kind = st.selectbox("Shape", names, format_func=_kind_title, key="demo_region_kind")
        limits = (width, height, width, height)
        for column, name, limit, share in zip(st.columns(4), _FIELDS[tools[kind]], limits, _MIDDLE, strict=False):
            column.number_input(name, 0, limit, round(limit * share), key=_field(kind, name))
        st.button(
            "Add shape",
            key="demo_region_add",
            icon=":material/add:",
            on_click=_add,
            args=(kind, tools[kind], xray.size_wh),
            disabled=len(session.state().marks) >= MAX_MARKS,
        )
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(as_text(problem), icon=":material/crop_free:")


def _field(kind: str, name: str) -> str:
    return f"demo_region_{kind}_{name}"


def _add(kind: str, shape: Shape, size_wh: tuple[int, int]) -> None:
    values = [st.session_state[_field(kind, name)] for name in _FIELDS[shape]]
    try:
        match shape:
            case "arrow":
                region: Region = Arrow((values[0], values[1]), (values[2], values[3]))
            case "dot":
                region = point_region(values[0], values[1], size_wh)
            case _:
                region = Box(*values)
    except RegionError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        session.change(marks=(*session.state().marks, Mark(kind, region)))


def _kind_title(name: str) -> str:
    return get_marker(name).title
