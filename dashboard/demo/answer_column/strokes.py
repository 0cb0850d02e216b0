"""A stroke that changes nothing but the film and the answer runs the answer alone again: that is most of them.

A run of the whole workbench leaves behind what it showed besides. Where a stroke would change none of that, as the
second circle does, the answer is all that is sent.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.demo.answers.marked_xray import suffix_words
from dashboard.demo.film.canvas import collect_drawing, drawn_marks, is_shown, selected_mark
from dashboard.demo.film.toolbar import take_steps
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.undo import latest, record
from vpe_core import attention
from vpe_core.markers.marks import MAX_MARKS

ANSWER = "demo_answer_alone"
"""The key of the fragment that is the answer."""
FOLDED = ("demo_region", "demo_methods", "demo_download", "demo_seen", "demo_link")
"""Parts that show something of the marks while they are open, and nothing before."""
_WIDGETS = ("demo_", "vpl_class_evidence", "start ")
"""How the names begin of what a person can click, choose or write beside the film."""
_REST = "demo:rest"


def keep_rest(xray: Xray) -> None:
    """Take note of what the workbench shows besides film and answer, which is there to be run alone; at its end."""
    st.session_state[_REST] = _rest(xray)


def forget_rest() -> None:
    """Until `keep_rest`, each stroke runs the whole workbench: there may be no answer."""
    st.session_state[_REST] = None


def take_stroke(xray: Xray) -> None:
    """Take over what was drawn, and choose what runs for it."""
    session.collect()
    take_steps(xray)
    if not session.shows(xray):  # kept for when that X-ray is turned to again
        drawn_marks(xray, latest(xray.key), lambda marks: record(xray.key, marks).present)
        return
    collect_drawing(xray)
    rest = _rest(xray)
    if st.session_state.get(_REST) == rest and _is_for_the_workbench():
        st.rerun(ANSWER)


def _is_for_the_workbench() -> bool:
    """Whether no more than the workbench would be run, as where the browser's Back came together with the stroke."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and bool(context.fragment_ids_this_run)


def _rest(xray: Xray) -> object:
    """All that the parts beside film and answer are made of; a click that came together with a stroke is among it."""
    state = session.state()
    marks, history = state.marks, record(xray.key, state.marks)
    widgets = {name: value for name, value in st.session_state.items() if str(name).startswith(_WIDGETS)}
    shows_marks = (
        bool(state.control or state.second)
        or any(widgets.get(key) for key in FOLDED)
        or attention.get(state.method).reads_text
    )
    return (
        xray.key,
        replace(state, marks=marks if shows_marks else ()),
        suffix_words(state),
        is_shown(xray, marks),
        selected_mark(xray, marks),
        (bool(marks), len(marks) >= MAX_MARKS, bool(history.past), bool(history.future)),
        widgets,
    )
