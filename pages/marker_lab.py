"""Marker lab: one region, every marker; how much of an answer is the marker's own."""

import streamlit as st

from dashboard.demo.film.source import chosen_xray, no_xray
from dashboard.demo.state import session
from dashboard.frame.page import page_setup
from dashboard.lab.page import marker_lab
from vpe_core.errors import VPEError


def laboratory() -> None:
    """Everything between the title and the footer."""
    session.collect()
    xray = chosen_xray()
    if xray is None:
        no_xray()
        return
    marker_lab(xray)
    session.write_link()


arrived = page_setup("Marker lab", "One region, every marker: how much of the answer is the marker's own?")
session.begin(arrived)
try:
    laboratory()
except VPEError as error:
    st.error(str(error), icon=":material/error:")
