"""Where the model looks: the two overlays, the share of attention inside the region, and their settings."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st
from markupsafe import Markup

from dashboard.demo.answer_column.settings import target_choice
from dashboard.demo.answers.answer import Answer, Impression
from dashboard.demo.answers.marked_xray import treatment_of
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.assets import asset
from dashboard.frame.attention_words import attention_sentence, place_words, shares
from dashboard.frame.jpeg import jpeg
from dashboard.frame.words import as_text
from vpe_core import attention
from vpe_core.attention import overlay
from vpe_core.cache import BoundedCache
from vpe_core.plots.answer_html import MapValues, OverlayImage, overlay_pair
from vpe_core.plots.percent import percent

TO_DRAW = "Draw a marker on the X-ray to see how the answer and the attention change."
OUTSIDE = "The marks lie outside the picture, so there is no share of attention to compare."
CROPPED = "A crop shows nothing but the region, so there is no share of attention to compare."


def attention_pair(
    result: Answer, state: DemoState, marker: str, picture_wh: tuple[int, int], memory: BoundedCache
) -> Markup:
    """The two maps, and what they are maps of. The unmarked one, the same for every stroke, is kept."""
    method = attention.get(state.method)
    shows = method.shows(result.target)
    without = result.without
    return overlay_pair(
        memory.get_or_compute(
            ("overlay", without.key, without.probabilities, result.classes, state.opacity, picture_wh),
            lambda: _overlay_image(without, result, state, f"{shows}, without a marker", picture_wh),
        ),
        _overlay_image(
            result.marked, result, state, f"{shows}, with the {marker}", None if result.cropped else picture_wh
        )
        if result.marked
        else None,
        marker=marker,
        shows=shows,
        reason=method.reason,
    )


def _overlay_image(
    impression: Impression, result: Answer, state: DemoState, shows: str, picture_wh: tuple[int, int] | None
) -> OverlayImage:
    colored = overlay(impression.preview, impression.heatmap, opacity=state.opacity / 100)
    chance = impression.probabilities[result.classes.index(result.target)]
    alt = f"{shows}; the answer gives {result.target} {percent(chance)}"
    values = MapValues.of(impression.heatmap, picture_wh) if picture_wh else None
    return OverlayImage(jpeg(colored), colored.size, alt, values)


def attention_words(result: Answer, state: DemoState) -> tuple[str, str, str]:
    """The sentence in three parts: its two numbers in the middle."""
    if result.inside is None:
        return (TO_DRAW if not result.marked else CROPPED if result.cropped else OUTSIDE), "", ""
    inside, place = result.inside, place_words(state.marks, treatment_of(state))
    text = attention_sentence(inside.before, inside.after, inside.area, place, result.asked_for)
    return text.partition(shares(inside.before, inside.after))


@cache
def _readout() -> Any:
    return st.components.v2.component("vpl_map_readout", js=asset("map_readout.js"))


def attention_settings(result: Answer) -> None:
    """Opacity, class and method of the maps; and what tells the value under the pointer."""
    _readout()(key="vpl_map_readout")
    state, methods = session.state(), attention.quick_names()
    with st.container(key="demo_attention"):
        opacity, target, method = st.columns((3, 4, 5), gap="small", vertical_alignment="bottom")
        opacity.slider("Opacity", 0, 100, state.opacity, key=session.key("opacity"), format="%d%%")
        with target:
            target_choice(
                "Evidence for",
                result.classes,
                "For the methods that read the text. The others show the same for every class.",
                disabled=not result.asked_for,
            )
        method.selectbox(
            "Method",
            methods,
            methods.index(state.method),
            format_func=lambda name: attention.get(name).title,
            key=session.key("method"),
            help=as_text(attention.get(state.method).reason) or None,
        )
