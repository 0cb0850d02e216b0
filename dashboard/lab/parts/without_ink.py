"""Regions without ink: a table of ways to tell a model of the same region."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.frame.html import render
from dashboard.lab.show import NO_ATTENTION, sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.work import computed_study
from vpe_core.lab.without_ink import WithoutInk
from vpe_core.plots.percent import percent, points_between


def show_without_ink(subject: Subject) -> None:
    """The present marker and a spotlight, a bias on attention, and a product in pixels."""
    found: WithoutInk | None = computed_study("ink", subject)
    if found is None:
        return
    sentence(found.words(), subject)
    st.html(
        render(
            "lab_ink", found=found, before=found.unmarked, percent=percent, points_between=points_between,
            isnan=np.isnan,
        )
    )  # fmt: skip
    if np.isnan(found.unmarked.attention):
        st.caption(NO_ATTENTION)
    csv_button("without-ink", lambda: rows_of(found), subject)


def rows_of(found: WithoutInk) -> list[Row]:
    """Each way."""
    return [
        {
            "way": way.title, "probability": way.probability, "change": found.change(way),
            "attention_inside": way.attention, "source": way.source,
        }
        for way in found.ways
    ]  # fmt: skip
