"""Class: a room for thirty devices and a projector; predict, point, fool and steer together."""

import streamlit as st

from dashboard.classroom.page import seat
from dashboard.classroom.page.joining import entrance
from dashboard.classroom.page.lecturer import steering_view
from dashboard.classroom.page.projector import projector_view
from dashboard.classroom.page.student import member_view
from dashboard.frame.page import page_setup
from dashboard.frame.view import PROJECTOR, view


@st.fragment
def classroom() -> None:
    """Who has a place in a class sees it, everybody else its door; the class's changes run this again."""
    if seat.is_asking():
        st.caption("Looking for your class.")
        return
    place = seat.seat()
    seat.write_address()
    if place and place.member:
        member_view(place)
    elif place and view() == PROJECTOR:
        projector_view(place)
    elif place and place.steers:
        steering_view(place)
    else:
        entrance()


arrived = page_setup("Class", "Predict what the model says, point, fool it, steer it: together, on your own devices.")
seat.begin(arrived)
classroom()
