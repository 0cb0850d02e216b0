"""Models that all sessions share, and the garbage collector in a server that holds their millions of objects.

A full collection walks every object of torch, timm and transformers, about a second in which no session gets an answer.
Streamlit would run one after every run of a page (`runner.postScriptGC`, off in `.streamlit/config.toml`). Here what
never dies is set aside instead, so that the interpreter's own collections are short; they free what sessions leave.
"""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.frame.server_figures import watch
from vpe_core import models, serving
from vpe_core.errors import VPEError
from vpe_core.models.device import lost_devices
from vpe_core.serving import Asking
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from vpe_core.models import Model


_AHEAD_AFTER_S = 3.0
"""Who opens a page of a fresh server at once gets it first, without torch being imported beside."""


def shared_model(name: str) -> Model:
    """The model of this name, loaded once for all sessions, as this session asks it.

    Sessions take turns. While this one waits for an answer it looks whether its page is to be run again, as after the
    next stroke; what it waited for is then dropped.

    Raises:
        ModelError: It is not on this machine, or may not be used.
    """
    context = get_script_run_ctx(suppress_warning=True)
    served = served_model(name)
    if context is None:
        return served
    return serving.asked_by(served, Asking(context.session_id), _stop_if_run_again)


def model_for_runs(name: str, asker: str = "benchmark run") -> Model:
    """The same for a benchmark or whoever else asks much, which yields to all sessions.

    Args:
        name: Of the model.
        asker: Those who yield take turns among themselves.

    Raises:
        ModelError: It is not on this machine, or may not be used.
    """
    return serving.asked_by(served_model(name), Asking(asker, bulk=True))


@st.cache_resource(show_spinner=False)
def load_ahead(name: str) -> None:
    """Once a server, load a model in the background, so that the first to ask waits less.

    A model that is not here is left out, and so is all of it where the settings do not want it.
    """
    with suppress(VPEError):  # a page says what is wrong with the settings
        if get_settings().load_ahead:
            loading = threading.Timer(_AHEAD_AFTER_S, _load_quietly, (name,))
            loading.name, loading.daemon = f"loads {name}", True
            loading.start()


def _answers(model: Model) -> bool:
    return model.record.device not in lost_devices()


@st.cache_resource(max_entries=4, show_spinner=False, validate=_answers)
def served_model(name: str) -> Model:
    """The model itself, which nobody asks but through one of the functions above."""
    model = serving.serve_as_set(models.load_model(name))
    watch(model)
    set_aside_what_stays()
    return model


def _load_quietly(name: str) -> None:
    with suppress(VPEError):  # who asks for it will be told
        if models.is_ready(models.get(name)):
            served_model(name).encode_texts("")  # the first pass of a network takes several times as long as the second


def _stop_if_run_again() -> None:
    """Any look at the session's state stops a script that is to be run again (`SafeSessionState`)."""
    _ = "frame:asks" in st.session_state


def set_aside_what_stays() -> None:
    """Leave everything that is alive now out of later collections; called when a model has been loaded.

    What was set aside earlier is looked at once more, so that a model that is no longer used can be freed.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # The next full collection waits until the young objects are a quarter of those that the last one met: none now.
    gc.collect()
