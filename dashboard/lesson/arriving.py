"""Steps, answers and the certificate are read from their start, and by screen readers, once they are there."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset
from dashboard.lesson.progress import QUIZ, progress


def read_from_the_start() -> None:
    """To be called after what is new was shown."""
    here = progress()
    answered = here.quiz is not None if here.place == QUIZ else here.given_for(here.place) is not None
    _script()(key="vpl_new_step", data={"place": here.place, "answered": answered})


@cache
def _script() -> Any:
    return st.components.v2.component("vpl_new_step", js=asset("new_step.js"))
