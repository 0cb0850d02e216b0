"""Buttons whose clicks all count. Streamlit takes clicks that come while it is at work for a single one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import inf
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset


def counted_button(label: str, key: str, on_clicks: Callable[[], None], **options: Any) -> None:
    """A button like `st.button`; `on_clicks` is called when there is something to `take_clicks`.

    The browser counts. Until it can, a click is reported as any button does it.
    """

    def clicked() -> None:
        st.session_state[_uncounted(key)] = st.session_state.get(_uncounted(key), 0) + 1
        on_clicks()

    st.button(label, key=key, on_click=clicked, **options)
    _counter()(
        key=_counter_of(key),
        data={"button": key, "clicks": st.session_state.get(_handled(key), 0)},
        on_clicks_change=on_clicks,
        height="content",
    )


def take_clicks(key: str) -> list[float]:
    """When a button was clicked since this was asked last, one after another, in ms of the browser's clock.

    What the browser has not counted, or tells no time of, is at infinity: now.
    """
    uncounted = [inf] * st.session_state.pop(_uncounted(key), 0)
    told = (st.session_state.get(_counter_of(key)) or {}).get("clicks")
    if not isinstance(told, Mapping) or not isinstance(told.get("number"), int) or not isinstance(told.get("at"), list):
        return uncounted
    new = max(told["number"] - st.session_state.get(_handled(key), 0), 0)
    st.session_state[_handled(key)] = told["number"]
    times = [float(time) if isinstance(time, (int, float)) else inf for time in told["at"]]
    return times[-new:] + uncounted if new else uncounted


def _counter_of(key: str) -> str:
    return f"{key}_counter"


def _handled(key: str) -> str:
    return f"{key}_handled"


def _uncounted(key: str) -> str:
    return f"{key}_uncounted"


@cache
def _counter() -> Any:
    return st.components.v2.component("vpl_click_counter", js=asset("click_counter.js"))
