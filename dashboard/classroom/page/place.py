"""The shape by numbers, for who does not draw with a pointer."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.demo.film.xray import Xray
from vpe_core.markers import get as get_marker
from vpe_core.markers.marks import Mark, rounded
from vpe_core.types import Arrow, Box

_SIDES = ("Left", "Top", "Right", "Bottom")
_START = (30, 30, 50, 50)


def typed_place(xray: Xray, tool: str, put: Callable[[tuple[Mark, ...]], object]) -> None:
    """Four numbers in percent of the picture, and a button that draws the shape there.

    Args:
        xray: The picture.
        tool: Which marker is drawn; an arrow goes from the left upper corner to the right lower one.
        put: Takes the shape.
    """
    with st.expander("Type the place instead"), st.container(key="class_place", gap="small"):
        columns = st.columns(4, gap="small")
        for column, side, start in zip(columns, _SIDES, _START, strict=True):
            column.number_input(f"{side} (%)", 0, 100, start, key=_field(xray, side))
        x0, y0, x1, y1 = (int(st.session_state[_field(xray, side)]) for side in _SIDES)
        st.button(
            "Place the shape", key="class_place_button", disabled=x1 <= x0 or y1 <= y0,
            on_click=_place, args=(xray, tool, put),
        )  # fmt: skip


def _place(xray: Xray, tool: str, put: Callable[[tuple[Mark, ...]], object]) -> None:
    put((_mark(xray, tool),))


def _mark(xray: Xray, tool: str) -> Mark:
    width, height = xray.size_wh
    x0, y0, x1, y1 = (st.session_state[_field(xray, side)] / 100 for side in _SIDES)
    box = Box(x0 * width, y0 * height, x1 * width, y1 * height)
    if get_marker(tool).drawn_as == "arrow":
        return rounded(Mark(tool, Arrow((box.x0, box.y0), (box.x1, box.y1))))
    return rounded(Mark(tool, box))


def _field(xray: Xray, side: str) -> str:
    return f"class_{side.lower()}_{xray.key}"
