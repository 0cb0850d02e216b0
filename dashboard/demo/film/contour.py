"""What the tool Contour asks for, on the film: a stroke around the finding, or its corners."""

from __future__ import annotations

import streamlit as st

from dashboard.demo.state import session
from dashboard.demo.state.demo_state import POLYGON, marker_of_tool
from dashboard.frame.html import render

BY_HAND = "Drag around the finding"
BY_POINTS = "Click the corners; the first one again closes"


def contour_tool() -> None:
    """Say how a contour is drawn, and offer the other way; nothing while another tool is chosen."""
    tool = session.state().tool
    if marker_of_tool(tool) != marker_of_tool(POLYGON):
        return
    with st.container(key="demo_contour", horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.html(render("paragraph", kind="contour", text=BY_POINTS if tool == POLYGON else BY_HAND), width="content")
        st.toggle("Point by point", tool == POLYGON, key=session.key("by_points"))
