"""What a page shows while too many people ask a model: it tries again by itself."""

from __future__ import annotations

import streamlit as st

_EVERY_S = 1.5
_SHOWN = "busy:shown"


@st.fragment(run_every=_EVERY_S)
def try_again() -> None:
    """Say that many ask, and run the page again a little later."""
    if st.session_state.pop(_SHOWN, False):
        st.rerun()
    st.session_state[_SHOWN] = True
    st.info("Many people are asking this model. Trying again by itself.", icon=":material/hourglass_top:")
