"""Sweeps: a small chart for each property of the marker, for one model or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.demo.answer_column.settings import model_title
from dashboard.frame.html import render
from dashboard.frame.palette import palette
from dashboard.frame.words import as_series, as_text
from dashboard.lab.charts import chart_of_curves, curve_colors
from dashboard.lab.show import chart
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.work import asked_model, computed
from vpe_core import lab, models
from vpe_core.lab import LabScene
from vpe_core.lab.axes import AXES
from vpe_core.lab.sweeps import SweepCurve
from vpe_core.markers import get as get_marker

if TYPE_CHECKING:
    from vpe_core.models import Model
    from vpe_core.types import Progress

_MOST = 4


def show_sweeps(subject: Subject) -> None:
    """All axes, for the model at hand and others."""
    ready = [name for name in models.selectable_names() if models.is_ready(models.get(name)) and name != subject.model]
    others = st.multiselect(
        "More models", ready, format_func=model_title, max_selections=_MOST - 1, key="lab_models",
        placeholder="To compare with", width=420,
    )  # fmt: skip
    names = (subject.model, *others)
    titles = [models.get(name).short_title for name in names]
    with st.spinner("Loading the models", _cache=True):
        loaded = [asked_model(name) for name in names]
    found: dict[str, list[SweepCurve]] | None = computed(
        "sweeps", (names, subject.key), partial(_sweep, subject.scene, loaded)
    )
    if found is None:
        return
    colors = curve_colors(palette())
    keys = [(title, color, symbol) for title, color, symbol in zip(titles, colors, "●■◆✚", strict=False)]
    st.html(render("lab_curve_key", keys=keys, target=subject.scene.target, simulated=subject.xray.simulated))
    maps = zip(*([curve.attention for curve in curves] for curves in found.values()), strict=True)
    unreadable = [title for title, ones in zip(titles, maps, strict=True) if all(np.isnan(one).all() for one in ones)]
    if unreadable and not get_marker(subject.scene.style.marker).crops:
        st.caption(as_text(f"The last-layer attention of {as_series(unreadable)} cannot be read."))
    with st.container(key="lab_sweeps"):
        for name, axis in AXES.items():
            with st.container(key=f"lab_sweep_{name}", gap=None):
                st.html(render("paragraph", kind="lab-axis", text=axis.title))
                if curves := found.get(name):
                    words = "; ".join(_words(title, curve) for title, curve in zip(titles, curves, strict=True))
                    chart(chart_of_curves(curves, titles, palette()), f"sweep {name}", words, subject, named=False)
                    if max(curves[0].n_pictures) > 1:
                        st.caption("Line: the mean over directions. Shaded: from the least to the most.")
                    if curves[0].gaps:
                        st.caption(as_text(curves[0].words()))
                else:
                    st.caption(as_text(axis.problem(subject.scene)))
    csv_button("sweeps", lambda: rows_of(found), subject, names)


def _sweep(scene: LabScene, models_asked: Sequence[Model], report: Progress) -> dict[str, list[SweepCurve]]:
    axes = [name for name, axis in AXES.items() if not axis.problem(scene)]
    steps = len(axes) * len(models_asked)
    found: dict[str, list[SweepCurve]] = {}
    for number, (axis, model) in enumerate((axis, model) for axis in axes for model in models_asked):

        def share(done: int, total: int, before: int = number) -> None:
            report(before * total + done, steps * total)

        found.setdefault(axis, []).append(lab.get("sweep").run(scene, model, axis=axis, report=share))
    return found


def _words(title: str, curve: SweepCurve) -> str:
    return f"{AXES.get(curve.axis).title}, {title}: {curve.words()}"


def rows_of(found: Mapping[str, Sequence[SweepCurve]]) -> list[Row]:
    """Every value of every axis, model by model; what cannot be drawn has no number."""
    return [
        {
            "axis": axis, "unit": AXES.get(axis).unit, "value": value, "probability": curve.probability[at],
            "lowest": curve.low[at], "highest": curve.high[at], "attention_inside": curve.attention[at],
            "pictures": curve.n_pictures[at], "probability_without_marker": curve.unmarked, "model": curve.model,
        }
        for axis, curves in found.items()
        for curve in curves
        for at, value in enumerate(curve.values)
    ]  # fmt: skip
