"""The row above the X-ray: tool, colour, width, undo, clear."""

from __future__ import annotations

import streamlit as st

from dashboard.demo import session
from dashboard.demo.canvas import latest_marks
from dashboard.demo.state import COLORS, WIDTHS, marker_of_tool
from dashboard.demo.xray import Xray
from dashboard.frame.clicks import counted_button
from vpe_core.markers import get
from vpe_core.markers.catalog import drawing_tools


def toolbar(xray: Xray) -> None:
    """Show the row above the canvas."""
    state = session.state()
    widths = sorted({*WIDTHS, state.width})  # a benchmark's may be another one
    with st.container(key="demo_tools", horizontal=True, wrap=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Tool",
            tuple(drawing_tools().values()),
            format_func=lambda name: get(name).short_title.capitalize(),
            default=marker_of_tool(state.tool),
            key=session.key("tool"),
            required=True,
            label_visibility="collapsed",
        )
        st.segmented_control(
            "Colour",
            tuple(dict.fromkeys((*COLORS, state.color))),
            format_func=str.capitalize,
            default=state.color,
            key=session.key("color"),
            required=True,
            label_visibility="collapsed",
        )
        st.selectbox(
            "Line width",
            widths,
            format_func=lambda value: f"{value} px",
            index=widths.index(state.width),
            key=session.key("width"),
            label_visibility="collapsed",
            width=84,
        )
        counted_button(
            "Undo",
            "demo_undo",
            lambda times: _undo(xray, times),
            icon=":material/undo:",
            disabled=not state.marks,
            help="Take back the latest shape",
        )
        st.button(
            "Clear",
            key="demo_clear",
            icon=":material/delete:",
            on_click=_clear,
            args=(xray,),
            disabled=not state.marks,
            help="Remove all shapes",
        )


def _undo(xray: Xray, times: int) -> None:
    marks = latest_marks(xray, session.state().marks)  # a stroke may have come together with the click
    session.change(marks=marks[: max(0, len(marks) - times)])


def _clear(xray: Xray) -> None:
    latest_marks(xray, session.state().marks)
    session.change(marks=())
