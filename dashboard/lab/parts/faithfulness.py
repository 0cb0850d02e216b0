"""Deletion and insertion: a curve for each map, against random orders, and the areas under them."""

from __future__ import annotations

import streamlit as st

from dashboard.frame.html import render
from dashboard.frame.palette import palette
from dashboard.lab.map_charts import chart_of_orders
from dashboard.lab.show import chart, sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.with_maps import computed_for_maps
from vpe_core.lab.faithfulness import TESTS, Faithfulness
from vpe_core.lab.mapping import title_of

_MUTE = "it ends as it begins, so it says nothing"


def show_faithfulness(subject: Subject) -> None:
    """Both tests on the X-ray without the marker."""
    found: Faithfulness | None = computed_for_maps("faithfulness", subject)
    if found is None:
        return
    sentence(found.words(), subject)
    order = sorted(found.curves, key=lambda name: found.curves[name].deletion_area)
    best = order.index(found.better[0]) if found.better else 0
    chosen = st.selectbox("In colour", order, best, format_func=title_of, key="lab_order", width=420)
    with st.container(key="lab_orders"):
        for test, good in zip(TESTS, ("a good map falls early", "a good map rises early"), strict=True):
            with st.container(key=f"lab_order_{test}", gap=None):
                said = good if test in found.telling else _MUTE
                st.html(render("paragraph", kind="lab-axis", text=f"{test.capitalize()}: {said}"))
                words = f"Probability of {found.target} under {test} in the order of {title_of(chosen)}"
                chart(chart_of_orders(found, test, chosen, palette()), test, words, subject)
    rows = [(title_of(name), found.curves[name], name in found.better) for name in order]
    st.html(render("lab_orders", rows=rows, random=found.mean_random, n=len(found.random), target=found.target))
    csv_button("deletion-insertion", lambda: rows_of(found), subject)


def rows_of(found: Faithfulness) -> list[Row]:
    """Both curves in every order, point by point."""
    orders = {title_of(name): curves for name, curves in found.curves.items()}
    orders |= {f"random order {number + 1}": curves for number, curves in enumerate(found.random)}
    return [
        {"order": title, "test": test, "share_of_patches": share, "probability": chance}
        for title, curves in orders.items()
        for test in TESTS
        for share, chance in zip(found.shares, getattr(curves, test), strict=True)
    ]
