"""The row above the X-ray: what the pointer does, colour, width, undo, redo, delete, clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from dashboard.demo.film.canvas import REDO_KEY, UNDO_KEY, collect_drawing, selected_mark
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import COLORS, MOVE, WIDTHS, marker_of_tool, tool_title
from dashboard.demo.state.undo import MarkHistory, keep, record
from dashboard.frame.clicks import counted_button, take_clicks
from vpe_core.markers.catalog import drawing_tools

_CLEAR_KEY = "demo_clear"
_STEPS: Mapping[str, Callable[[MarkHistory], MarkHistory]] = {
    UNDO_KEY: MarkHistory.undone,
    REDO_KEY: MarkHistory.redone,
    _CLEAR_KEY: lambda history: history.changed(()),
}
"""What a click on each of these buttons does to the history."""


def toolbar(xray: Xray) -> None:
    """Show the row above the canvas."""
    state = session.state()
    widths = sorted({*WIDTHS, state.width})  # a benchmark's may be another one
    history = record(xray.key, state.marks)
    with st.container(key="demo_tools", horizontal=True, wrap=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Tool",
            (*drawing_tools().values(), MOVE),
            format_func=tool_title,
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
            width=68,
        )
        with st.container(key="demo_steps", horizontal=True, gap="small", width="content"):
            _steps(xray, history)


def _steps(xray: Xray, history: MarkHistory) -> None:
    marks = session.state().marks
    take = partial(take_steps, xray)
    counted_button(
        "Undo",
        UNDO_KEY,
        take,
        icon=":material/undo:",
        disabled=not history.past,
        help="Undo the latest change (Ctrl+Z)",
    )
    counted_button(
        "Redo",
        REDO_KEY,
        take,
        icon=":material/redo:",
        disabled=not history.future,
        help="Bring back what was undone (Ctrl+Shift+Z)",
    )
    st.button(
        "Delete",
        key="demo_delete",
        icon=":material/delete:",
        on_click=_delete,
        args=(xray,),
        disabled=selected_mark(xray, marks) is None,
        help="Delete the selected shape (Delete key). Move selects.",
    )
    counted_button(
        "Clear",
        _CLEAR_KEY,
        take,
        icon=":material/delete_sweep:",
        disabled=not marks,
        help="Remove all shapes. Undo brings them back.",
    )


def take_steps(xray: Xray) -> None:
    """Undo, redo and clear as often as was clicked, each what had been drawn when it was.

    Strokes before and after a click may come together with it, in any order.
    """
    clicks = sorted((time, name) for name in _STEPS for time in take_clicks(name))
    for time, key in clicks if session.shows(xray) else ():
        history = record(xray.key, collect_drawing(xray, until=time))
        session.change(marks=keep(xray.key, _STEPS[key](history)).present)


def _delete(xray: Xray) -> None:
    marks = collect_drawing(xray)
    record(xray.key, marks)
    place = selected_mark(xray, marks)
    if place is not None:
        session.change(marks=(*marks[:place], *marks[place + 1 :]))
