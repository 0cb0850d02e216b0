"""The first picture says once what to do: a dashed outline and a few words on the film until something is drawn.

Then a line leads to the X-ray on which, as measured, a circle changes the answer the most; there it says so again.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.demo.film.source import show_xray
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState, marker_of_tool
from dashboard.frame.html import render
from dashboard.frame.words import as_text
from dashboard.library.pictures import gallery
from dashboard.library.steering import most_turned
from vpe_core.datasets.gallery import Finding
from vpe_core.markers.catalog import drawing_tools

_DRAWN, _TURN = "demo:has drawn", "demo:to turn"
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
_EDGE = 0.01
"""And so far from the film's edge, as a share of its side: what is cut off cannot be traced."""
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
    """Show the hint on the gallery's first X-ray and the one that `next_hint` leads to, until they are drawn on."""
    state = session.state()
    if state.marks:
        st.session_state[_DRAWN] = True
        if xray.key == st.session_state.get(_TURN, ("",))[0]:
            del st.session_state[_TURN]
    if finding := _to_draw_around(xray, state):
        hint = hint_for(finding, xray.size_wh, state)
        st.html(render("hint", hint=hint, aspect=xray.size_wh[0] / xray.size_wh[1]))


def next_hint(xray: Xray) -> None:
    """Once the first X-ray of the gallery has been drawn on, lead to the one where that turns the answer."""
    state, entries = session.state(), gallery()
    if not state.marks or state.hidden or not entries or xray.key != entries[0].name:
        return
    if found := most_turned(entries):
        entry, finding = found
        look = LOOKS.get(finding.label, f"the {finding.label}")
        st.button(
            as_text(f"Now try it where it changes the answer: {look}"),
            key="demo_next_hint",
            icon=":material/arrow_forward:",
            type="tertiary",
            on_click=_turn_to,
            args=(entry.name, finding.label),
        )


def _turn_to(name: str, label: str) -> None:
    show_xray(name)
    st.session_state[_TURN] = name, label


def _to_draw_around(xray: Xray, state: DemoState) -> Finding | None:
    """The finding that the hint is about; None for no hint."""
    if state.marks or state.hidden or state.findings:
        return None
    name, label = st.session_state.get(_TURN, ("", ""))
    if xray.key == name:
        return next((one for one in xray.findings if one.label == label), None)
    first = next((entry.name for entry in gallery()), None)
    is_first = xray.key == first and not st.session_state.get(_DRAWN)
    return xray.findings[0] if is_first and len(xray.findings) == 1 else None


def hint_for(finding: Finding, size_wh: tuple[int, int], state: DemoState) -> Hint:
    """What to draw around a finding, all of it on the film."""
    width, height = size_wh
    room = [(_ROOM - 1) / 2 * side for side in (finding.box.width, finding.box.height)]
    x0, x1 = max(finding.box.x0 - room[0], _EDGE * width), min(finding.box.x1 + room[0], (1 - _EDGE) * width)
    y0, y1 = max(finding.box.y0 - room[1], _EDGE * height), min(finding.box.y1 + room[1], (1 - _EDGE) * height)
    center = (50 * (x0 + x1) / width, 50 * (y0 + y1) / height)
    radii = (50 * (x1 - x0) / width, 50 * (y1 - y0) / height)
    shape = next((shape for shape, name in drawing_tools().items() if name == marker_of_tool(state.tool)), "ellipse")
    look = LOOKS.get(finding.label, f"the {finding.label}")
    left, top, right, bottom = (round(value) for value in finding.box.xyxy)
    return Hint(
        words=f"{_ASK[shape]} {look}",
        center=center,
        radii=radii,
        words_below=finding.box.y1 < _LOWEST_SHARE * height,
        place=f"from {left} to {right} pixels across and from {top} to {bottom} down",
    )
