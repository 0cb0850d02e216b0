"""Live demo: draw on an X-ray, see the answer and the attention change."""

import streamlit as st

from dashboard.demo import session
from dashboard.demo.answer_column import answer_column
from dashboard.demo.canvas import drawing_canvas, latest_marks
from dashboard.demo.settings import model_and_prompt, region_in_numbers
from dashboard.demo.source import chosen_picture, no_picture, source_row
from dashboard.demo.state import COLORS
from dashboard.demo.toolbar import toolbar
from dashboard.frame.page import page_setup
from vpe_core.markers.marks import MAX_MARKS


@st.fragment
def workbench() -> None:
    """Everything that reacts to a stroke; the rest of the page stays as it is."""
    session.collect()
    picture = chosen_picture()
    if picture is None:
        no_picture()
        return
    state = session.change(marks=latest_marks(picture.canvas, session.state().marks))
    with st.container(key="demo"):
        image, answer, settings = (st.container(key=f"demo_{name}") for name in ("image", "answer", "settings"))
    with image:
        toolbar(picture.canvas)
        with st.container(key="demo_canvas"):
            drawing_canvas(
                picture.canvas,
                state.marks,
                tool=state.tool,
                color=COLORS[state.color],
                width=state.width,
                findings=picture.findings if state.findings else (),
            )
            if picture.simulated:
                st.html('<span class="vpl-pill vpl-on-image">simulated X-ray</span>')
        if len(state.marks) >= MAX_MARKS:
            st.caption(f"{MAX_MARKS} shapes are the most. Delete one to draw another.")
    with settings:
        source_row(picture)
        model_and_prompt()
        region_in_numbers(picture)
    with answer:
        answer_column(picture)
    session.write_link()


arrived = page_setup("Live demo", "Draw on the X-ray. The model answers without and with your marker.")
session.begin(arrived)
workbench()
