"""Buttons whose clicks all count. Streamlit takes clicks that come while it is at work for a single one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset


def counted_button(label: str, key: str, on_clicks: Callable[[int], None], **options: Any) -> None:
    """A button like `st.button`; `on_clicks` is told how often it was clicked since the last time.

    The browser counts. Until it can, a click is reported as any button does it.
    """
    memory, counter = f"{key}_handled", f"{key}_counter"

    def counted() -> None:
        total = int((st.session_state.get(counter) or {}).get("clicks") or 0)
        new = total - st.session_state.get(memory, 0)
        st.session_state[memory] = total
        if new > 0:
            on_clicks(new)

    st.button(label, key=key, on_click=on_clicks, args=(1,), **options)
    _counter()(
        key=counter,
        data={"button": key, "clicks": st.session_state.get(memory, 0)},
        on_clicks_change=counted,
        height="content",
    )


@cache
def _counter() -> Any:
    return st.components.v2.component("vpl_click_counter", js=asset("click_counter.js"))
