"""Models that all sessions share, and the garbage collector in a server that holds their millions of objects.

A full collection walks every object of torch, timm and transformers, about a second in which no session gets an answer.
Streamlit would run one after every run of a page (`runner.postScriptGC`, off in `.streamlit/config.toml`). Here what
never dies is set aside instead, so that the interpreter's own collections are short; they free what sessions leave.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import streamlit as st

from vpe_core import models

if TYPE_CHECKING:
    from vpe_core.models import Model


@st.cache_resource(max_entries=4, show_spinner=False)
def shared_model(name: str) -> Model:
    """The model of this name, loaded once for all sessions.

    Raises:
        ModelError: It is not on this machine, or may not be used.
    """
    model = models.load_model(name)
    set_aside_what_stays()
    return model


def set_aside_what_stays() -> None:
    """Leave everything that is alive now out of later collections; called when a model has been loaded.

    What was set aside earlier is looked at once more, so that a model that is no longer used can be freed.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # The next full collection waits until the young objects are a quarter of those that the last one met: none now.
    gc.collect()
