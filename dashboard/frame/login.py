"""The wall before all pages, where whoever runs the app wants one: Streamlit's own login, by an identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

import streamlit as st

from vpe_core.settings import get_settings


def require_login() -> None:
    """Stop the page until its visitor has logged in, if `[auth]` is among the secrets or `VPE_LOGIN` is set.

    With `VPE_LOGIN`, secrets that are missing or cannot be read close the app; they never open it.
    """
    providers = _providers()
    if providers is None and not get_settings().login:
        return
    if st.user.get("is_logged_in"):
        with st.sidebar:
            st.button("Log out", key="frame_logout", icon=":material/logout:", on_click=st.logout)
        return
    if providers is None or find_spec("authlib") is None:
        lacking = "the package Authlib" if providers is not None else "a section [auth] in Streamlit's secrets"
        st.error(
            f"This app is for people who have logged in, but here nobody can: it lacks {lacking}. Ask whoever runs it.",
            icon=":material/lock:",
        )
        st.stop()
    st.info("This app is for people who have logged in.", icon=":material/lock:")
    for name in providers or [""]:
        label = f"Log in with {name}" if name else "Log in"
        st.button(label, key=f"frame_login_{name}", type="primary", on_click=partial(st.login, name or None))
    st.stop()


def _providers() -> list[str] | None:
    """Names of the identity providers; none for a single one without a name; None where there is no `[auth]`."""
    if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets:
        return None
    auth: Mapping[str, Any] = st.secrets["auth"]
    return [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]
