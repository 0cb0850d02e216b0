"""Random weights: how like its own each map remains while the model becomes noise."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.frame.html import render
from dashboard.lab.show import sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.with_maps import computed_for_maps
from vpe_core.lab.mapping import title_of
from vpe_core.lab.sanity import ALIKE, Sanity
from vpe_core.plots.decimals import decimal


def show_sanity(subject: Subject) -> None:
    """A copy of the model, stage by stage more random."""
    found: Sanity | None = computed_for_maps("sanity", subject)
    if found is None:
        return
    sentence(found.words(), subject)
    rows = [
        (title_of(name), [None if np.isnan(value) else float(value) for value in curve], name in found.insensitive)
        for name, curve in found.similarity.items()
    ]
    st.html(render("lab_sanity", stages=found.stages, rows=rows, alike=ALIKE, decimal=decimal))
    csv_button("random-weights", lambda: rows_of(found), subject)


def rows_of(found: Sanity) -> list[Row]:
    """Each map's rank correlation with the model's own, stage by stage."""
    return [
        {"map": title_of(name), "randomised_down_to": stage, "rank_correlation": value}
        for name, curve in found.similarity.items()
        for stage, value in zip(found.stages, curve, strict=True)
    ]
