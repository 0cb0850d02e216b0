"""Live demo: draw on an X-ray, see the answer and the attention change."""

import streamlit as st

from dashboard.demo.answer_column.as_measured import as_measured_line
from dashboard.demo.answer_column.column import answer_column
from dashboard.demo.answer_column.settings import model_and_prompt
from dashboard.demo.answer_column.strokes import forget_rest, keep_rest, take_stroke
from dashboard.demo.film.canvas import collect_drawing, drawing_canvas
from dashboard.demo.film.contour import contour_tool
from dashboard.demo.film.coordinates import shapes_by_coordinates
from dashboard.demo.film.hint import first_hint, next_hint
from dashboard.demo.film.outlining import outline_tool
from dashboard.demo.film.reading import reading_tools
from dashboard.demo.film.source import chosen_xray, no_xray, source_row
from dashboard.demo.film.toolbar import toolbar
from dashboard.demo.stand import play_by_itself
from dashboard.demo.state import session
from dashboard.frame.page import page_setup
from vpe_core.markers.marks import MAX_MARKS


@st.fragment
def workbench() -> None:
    """Everything that reacts to what is drawn and set; the rest of the page stays as it is."""
    forget_rest()
    session.collect()
    xray = chosen_xray()
    if xray is None:
        no_xray()
        return
    collect_drawing(xray)
    play_by_itself()
    state = session.state()
    with st.container(key="demo"):
        image, answer, settings = (st.container(key=f"demo_{name}") for name in ("image", "answer", "settings"))
    with image:
        toolbar(xray)
        with st.container(key="demo_canvas"):
            drawing_canvas(
                xray,
                state.marks,
                tool=state.tool,
                color=state.ink,
                width=state.native_width,
                findings=xray.findings if state.findings else (),
                on_stroke=take_stroke,
            )
            if xray.simulated:
                st.html('<span class="vpl-pill vpl-on-image">simulated X-ray</span>')
            first_hint(xray)
            contour_tool()
        outline_tool(xray)
        if len(state.marks) >= MAX_MARKS:
            st.caption(f"{MAX_MARKS} shapes are the most. Delete one to draw another.")
        reading_tools(xray)
    with answer:  # before what stands above it on the page, for it is what people wait for
        as_measured_line()
        is_answered = answer_column(xray)
    with settings:
        next_hint(xray)
        source_row(xray)
        model_and_prompt()
        shapes_by_coordinates(xray)
    session.write_link()
    if is_answered:
        keep_rest(xray)


arrived = page_setup("Live demo", "Draw on the X-ray. The model answers without and with your marker.")
session.begin(arrived)
workbench()
