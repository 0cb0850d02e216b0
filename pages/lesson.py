"""Lesson: in each step a guess first, then the model's answer."""

import streamlit as st

from dashboard.classroom.page.lesson import back_to_class
from dashboard.frame.html import render
from dashboard.frame.page import page_setup
from dashboard.lesson import progress
from dashboard.lesson.arriving import read_from_the_start
from dashboard.lesson.bar import show_bar
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.ending import show_ending
from dashboard.lesson.glossary import TERMS
from dashboard.lesson.step_page import show_step


@st.fragment
def lesson() -> None:
    """The place where the person is; a guess or a click runs nothing else of the page."""
    progress.say_left_out()
    place = progress.progress().place
    with st.container(key="lesson"):
        show_bar()
        if place == progress.QUIZ:
            show_ending()
        else:
            show_step(place)
        read_from_the_start()
    with st.expander("Words used here", icon=":material/menu_book:"):
        st.html(render("lesson_glossary", terms=TERMS))
    progress.write_link()


arrived = page_setup("Lesson", f"{len(STEPS)} steps, about ten minutes. You guess first, then the model answers.")
progress.begin(arrived)
back_to_class()
lesson()
