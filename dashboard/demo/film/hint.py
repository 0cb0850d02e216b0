"""The first picture says once what to do: a dashed outline and a few words on the film until something is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState, marker_of_tool
from dashboard.frame.html import render
from dashboard.library.pictures import gallery
from vpe_core.markers.catalog import drawing_tools

_DRAWN = "demo:has drawn"
LOOKS = {
    "atelectasis": "the white band",
    "calcified granuloma": "the bright dot",
    "cardiomegaly": "the wide heart",
    "consolidation": "the white patch",
    "interstitial opacities": "the net of fine lines",
    "lung mass": "the large round shadow",
    "lung nodule": "the small round shadow",
    "pacemaker": "the metal box",
    "pleural effusion": "the white fluid",
    "pneumothorax": "the black rim without vessels",
}
"""What a finding looks like, in words that do not name it."""
_ASK = {
    "ellipse": "Circle",
    "box": "Draw a box around",
    "arrow": "Point an arrow at",
    "dot": "Put a dot on",
    "contour": "Draw around",
}
"""What each shape is asked for with."""
_ROOM = 1.2
"""The outline is so much larger than the finding: that is close enough."""
_LOWEST_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Hint:
    """Where the outline lies, in percent of the picture, what is said, and where it is in pixels."""

    words: str
    center: tuple[float, float]
    radii: tuple[float, float]
    words_below: bool
    place: str


def first_hint(xray: Xray) -> None:
    """Show the hint on the first X-ray of the gallery, until something has been drawn in this session."""
    state = session.state()
    if state.marks:
        st.session_state[_DRAWN] = True
    first = next((entry.name for entry in gallery()), None)
    if st.session_state.get(_DRAWN) or xray.key != first or state.hidden or state.findings:
        return
    if hint := hint_for(xray, state):
        st.html(render("hint", hint=hint, aspect=xray.size_wh[0] / xray.size_wh[1]))


def hint_for(xray: Xray, state: DemoState) -> Hint | None:
    """What to draw around which place; None unless the X-ray has one finding."""
    if len(xray.findings) != 1:
        return None
    (finding,) = xray.findings
    (width, height), (x, y) = xray.size_wh, finding.box.center
    radii = (100 * _ROOM * finding.box.width / 2 / width, 100 * _ROOM * finding.box.height / 2 / height)
    shape = next((shape for shape, name in drawing_tools().items() if name == marker_of_tool(state.tool)), "ellipse")
    look = LOOKS.get(finding.label, f"the {finding.label}")
    x0, y0, x1, y1 = (round(value) for value in finding.box.xyxy)
    return Hint(
        words=f"{_ASK[shape]} {look}",
        center=(100 * x / width, 100 * y / height),
        radii=radii,
        words_below=finding.box.y1 < _LOWEST_SHARE * height,
        place=f"from {x0} to {x1} pixels across and from {y0} to {y1} down",
    )
