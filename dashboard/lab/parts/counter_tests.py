"""Counter-tests: the same marker where the finding is not."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.demo.answers.control import picture_for
from dashboard.demo.film.reading import control_in_window
from dashboard.frame.busy import say_problem
from dashboard.frame.html import render
from dashboard.lab.show import sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.work import computed_study
from dashboard.library.pictures import another_patients_xray
from vpe_core.errors import VPEError
from vpe_core.lab.counter_tests import CounterTests
from vpe_core.plots.percent import percent, points_between

_SECRET = "Whether there is a picture of this chest without a finding is not said while the answer is hidden."


def show_counter_tests(subject: Subject) -> None:
    """The same marker at every control that there is."""
    xray = subject.xray
    try:
        names = ("other",) if subject.secret else ("other", "twin")
        pictures = {name: picture_for(name, xray, another_patients_xray(xray)) for name in names}
    except VPEError as error:
        say_problem(error)
        return
    others = {name: control_in_window(one, xray).image for name, one in pictures.items() if one is not None}
    found: CounterTests | None = computed_study("counter", subject, scene=replace(subject.scene, others=others))
    if found is None:
        return
    if subject.secret:
        found = replace(found, empty_here=False, missing={**found.missing, "twin": _SECRET})
    sentence(found.words(), subject)
    st.html(
        render(
            "lab_counter", tests=(found.here, *found.elsewhere), target=found.target, percent=percent,
            points_between=points_between, missing=list(found.missing.values()),
        )
    )  # fmt: skip
    st.caption("Grey: without the marker. Orange: with it. The change is in percentage points.")
    csv_button("counter-tests", lambda: rows_of(found), subject)


def rows_of(found: CounterTests) -> list[Row]:
    """The marker here, then at every control; of several places the mean, and the least and the largest."""
    return [
        {
            "place": test.title, "places": test.n, "probability_without_marker": test.unmarked,
            "probability": test.marked, "lowest": test.low, "highest": test.high,
        }
        for test in (found.here, *found.elsewhere)
    ]  # fmt: skip
