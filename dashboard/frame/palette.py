"""The colours of charts for the background that the visitor has chosen."""

from __future__ import annotations

import streamlit as st

from vpe_core.plots.theme import DARK, LIGHT, Palette


def palette() -> Palette:
    """Dark as the app is, unless the visitor has chosen the light theme."""
    return LIGHT if st.context.theme.type == "light" else DARK
