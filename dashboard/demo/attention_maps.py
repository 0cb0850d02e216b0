"""Where the model looks: the two overlays, the share of attention inside the region, and their settings."""

from __future__ import annotations

import io

import streamlit as st
from PIL import Image

from dashboard.demo import session
from dashboard.demo.answer import Answer, Impression
from dashboard.demo.state import DemoState
from dashboard.frame.words import attention_sentence
from vpe_core import attention
from vpe_core.attention import overlay
from vpe_core.plots.answer_html import OverlayImage

TO_DRAW = "Draw a marker on the X-ray to see how the answer and the attention change."
TOO_SMALL = "The marked region is too small to tell how much of the attention lies in it."
CROPPED = "A crop shows nothing but the region, so there is no share of attention to compare."


def overlay_image(impression: Impression, result: Answer, state: DemoState, how: str) -> OverlayImage:
    colored = overlay(impression.shown, impression.heatmap, opacity=state.opacity / 100)
    chance = impression.probabilities[result.classes.index(result.target)]
    looks = f"Where the model looks for {result.asked_for}" if result.asked_for else "Where the model looks"
    alt = f"{looks}, {how}; it gives {result.target} {chance:.2f}"
    return OverlayImage(_jpeg(colored), colored.size, alt)


def attention_words(result: Answer, place: str) -> tuple[str, str, str]:
    """The sentence in three parts: its two numbers in the middle."""
    if result.inside is None:
        return (TO_DRAW if not result.marked else CROPPED if result.cropped else TOO_SMALL), "", ""
    inside = result.inside
    text = attention_sentence(inside.before, inside.after, inside.area, place, result.asked_for)
    return text.partition(f"{inside.before:.2f} → {inside.after:.2f}")


def attention_settings(result: Answer) -> None:
    state, methods = session.state(), attention.names()
    with st.container(key="demo_attention"):
        opacity, target, method = st.columns(3, gap="small", vertical_alignment="bottom")
        opacity.slider("Opacity", 0, 100, state.opacity, key=session.key("opacity"), format="%d%%")
        targets = ("", *result.classes)
        target.selectbox(
            "Evidence for",
            targets,
            targets.index(state.target) if state.target in targets else 0,
            format_func=lambda value: value or "the likeliest class",
            key=session.key("target"),
            disabled=not result.asked_for,
            help="For the methods that read the text. The last block and rollout are the same for every class.",
        )
        method.selectbox(
            "Method",
            methods,
            methods.index(state.method),
            format_func=lambda name: attention.get(name).title,
            key=session.key("method"),
        )


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
