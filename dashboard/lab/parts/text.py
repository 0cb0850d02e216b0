"""Text against marker: a table of markers and wordings."""

from __future__ import annotations

import streamlit as st

from dashboard.frame.html import render
from dashboard.lab.show import sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.work import computed_study
from vpe_core.lab.text_against_marker import TextAgainstMarker
from vpe_core.markers import get as get_marker
from vpe_core.plots.percent import percent


def show_text(subject: Subject) -> None:
    """What the prompt says, against what is drawn."""
    found: TextAgainstMarker | None = computed_study("text", subject)
    if found is None:
        return
    sentence(found.words(), subject)
    color = subject.scene.style.color_name
    rows = [
        (
            get_marker(marker).title if marker == "none" else f"{color} {get_marker(marker).short_title}",
            [
                (float(found.probabilities[row, column]), bool(found.fits[row, column]))
                for column in range(len(found.suffixes))
            ],
        )
        for row, marker in enumerate(found.markers)
    ]
    heads = [suffix.strip() or "no words" for suffix in found.suffixes]
    st.html(render("lab_text", target=found.target, heads=heads, rows=rows, percent=percent))
    csv_button("text", lambda: rows_of(found), subject)


def rows_of(found: TextAgainstMarker) -> list[Row]:
    """Each marker with each wording."""
    return [
        {
            "drawn": marker, "words": suffix.strip(), "fit": bool(found.fits[row, column]),
            "lie": bool(found.lies[row, column]), "probability": found.probabilities[row, column],
        }
        for row, marker in enumerate(found.markers)
        for column, suffix in enumerate(found.suffixes)
    ]  # fmt: skip
