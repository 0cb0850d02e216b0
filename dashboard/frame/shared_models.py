"""Models that all sessions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.frame.garbage import set_aside_what_stays
from vpe_core import models

if TYPE_CHECKING:
    from vpe_core.models import VisionLanguageModel


@st.cache_resource(max_entries=4, show_spinner=False)
def shared_model(name: str) -> VisionLanguageModel:
    """The model of this name, loaded once for all sessions.

    Raises:
        ModelError: It is not on this machine, or may not be used.
    """
    model = models.load_model(name)
    set_aside_what_stays()
    return model
