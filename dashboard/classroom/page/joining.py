"""The door of a class: join one by its code, or open one."""

from __future__ import annotations

import streamlit as st

from dashboard.classroom.page import seat
from dashboard.classroom.records import MAX_NAME_CHARS
from dashboard.classroom.rooms import spaced
from dashboard.frame.words import as_text

_CODE_FIELD, _NAME_FIELD = "class_code_field", "class_nickname_field"


def entrance() -> None:
    """Join a class, or open one."""
    if problem := seat.problem():
        st.warning(as_text(problem), icon=":material/group_off:")
    for place in seat.seats_left_open():
        who = f"as {place.member.title}" if place.member else "and steer it"
        label = as_text(f"Return to class {spaced(place.room.code)} {who}")
        st.button(
            label, key=f"class_return_{place.room.code}", type="primary", icon=":material/undo:", on_click=seat.take,
            args=(place,),
        )  # fmt: skip
    with st.container(key="class_door"):
        with st.form("class_join", border=True):
            st.header("Join a class", anchor=False)
            st.text_input(
                "Code", seat.code(), key=_CODE_FIELD, max_chars=12, autocomplete="off", help="It is on the projector."
            )
            st.text_input(
                "Nickname (optional)",
                key=_NAME_FIELD,
                max_chars=MAX_NAME_CHARS,
                autocomplete="off",
                help="The lecturer sees it, and the class if the lecturer shows names. It goes when the class ends.",
            )
            st.form_submit_button("Join", type="primary", icon=":material/login:", on_click=_join)
        with st.container(border=True, key="class_open"):
            st.header("Open a class", anchor=False)
            st.markdown(
                "You get a code and a link for your students and steer from here. Nobody needs an account. "
                "Everything is in the server's memory only, and gone when you end the class or stay away for half an "
                "hour."
            )
            st.button("Open a class", key="class_open_button", icon=":material/co_present:", on_click=seat.open_class)


def _join() -> None:
    seat.join(st.session_state[_CODE_FIELD], st.session_state[_NAME_FIELD])
