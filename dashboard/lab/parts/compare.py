"""Compare all: thumbnails sorted by the change, a chart, and how fragile the answer is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from dashboard.demo.state import session
from dashboard.demo.state.demo_state import COLORS
from dashboard.frame.html import render
from dashboard.frame.palette import palette
from dashboard.lab.charts import chart_of_ways
from dashboard.lab.show import NO_ATTENTION, chart, jpeg_text, send_to_demo, sentence
from dashboard.lab.subject import Subject, state_with
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.work import asked_model, computed
from vpe_core import lab
from vpe_core.lab import LabScene
from vpe_core.lab.compare import Compared
from vpe_core.plots.percent import percent, points_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Progress

_SMALL_PX = 128


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was compared, with a small picture of each way, as pages embed it."""

    compared: Compared
    thumbnails: tuple[str, ...]


def show_compared(subject: Subject) -> None:
    """Every marker in every colour and width."""
    scene = subject.scene
    model = asked_model(subject.model)
    found: _Found | None = computed("compare", (subject.model, subject.key), partial(_compare, scene, model))
    if found is None:
        return
    compared, fragility = found.compared, found.compared.fragility
    sentence(compared.words(), subject)
    st.html(render("lab_fragility", score=fragility.score, axes=fragility.axes, percent=percent))
    present = next(place for place, style in enumerate(compared.styles) if style.same_picture(scene.style))
    left, right = st.columns(2, gap="large")
    with left:
        st.html(
            render(
                "lab_ways", ways=[_way(found, place) for place in compared.order], target=scene.target,
                before=percent(float(compared.unmarked[compared.column])), percent=percent,
                present=compared.styles[present].title, attention=compared.attention_unmarked, isnan=np.isnan,
            )
        )  # fmt: skip
        _send(subject, compared, present)
        if np.isnan(compared.attention_unmarked):
            st.caption(NO_ATTENTION)
    with right:
        words = f"The probability of {scene.target} with each of {len(compared.styles)} ways of marking the region"
        chart(chart_of_ways(compared, scene.target, present, palette()), "compare", words, subject)
        st.caption("A larger dot is a wider line. The ring is the present marker.")


def _compare(scene: LabScene, model: Model, report: Progress) -> _Found:
    pictures: list[str] = []

    def keep(picture: NDArray[np.uint8]) -> None:
        small = Image.fromarray(picture)
        small.thumbnail((_SMALL_PX, _SMALL_PX), Image.Resampling.BILINEAR)
        pictures.append(jpeg_text(small, 72))

    found = lab.get("compare").run(scene, model, colors=COLORS, report=report, on_picture=keep)
    return _Found(found, tuple(pictures[1:]))


def _way(found: _Found, place: int) -> dict[str, Any]:
    compared = found.compared
    return {
        "title": compared.styles[place].title,
        "picture": found.thumbnails[place],
        "share": float(compared.probabilities[place, compared.column]),
        "change": float(compared.changes[place]),
        "points": _points(compared, place),
        "attention": float(compared.attention[place]),
    }


def _points(compared: Compared, place: int) -> str:
    before, after = compared.unmarked[compared.column], compared.probabilities[place, compared.column]
    return points_between(float(before), float(after))


def _send(subject: Subject, compared: Compared, present: int) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="lab_send"):
        places = [place for place in compared.order if place != present]
        place = st.selectbox(
            "A way of marking",
            places,
            format_func=lambda one: f"{compared.styles[one].title} ({_points(compared, one)})",
            key="lab_way",
        )
        chosen = compared.styles[place]
        state = state_with(session.state(), chosen, subject.scene.region.box, subject.xray.size_wh)
        send_to_demo(state, subject.scene.target, "lab_send_way")
        csv_button("compare", lambda: rows_of(compared), subject)


def rows_of(compared: Compared) -> list[Row]:
    """Every way, the largest rise first."""
    return [
        {
            "way": (style := compared.styles[place]).title, "marker": style.marker,
            "color": (style.color_name or style.color) if "color" in style.uses else "",
            "width": style.width if "width" in style.uses else "",
            "probability": compared.probabilities[place, compared.column], "change": compared.changes[place],
            "attention_inside": compared.attention[place],
            "probability_without_marker": compared.unmarked[compared.column],
            "attention_inside_without_marker": compared.attention_unmarked,
        }
        for place in compared.order
    ]  # fmt: skip
