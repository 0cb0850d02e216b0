"""What a page shows when a model gives no answer: what is wrong, in its place, or that it tries again by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.frame.words import as_text
from vpe_core.errors import BusyError, DeviceLostError, VPEError

_EVERY_S = 1.5
_SHOWN = "busy:shown"


@st.fragment(run_every=_EVERY_S)
def try_again() -> None:
    """Say that many ask, and run the page again a little later."""
    if st.session_state.pop(_SHOWN, False):
        st.rerun()
    st.session_state[_SHOWN] = True
    st.info("Many people are asking this model. Trying again by itself.", icon=":material/hourglass_top:")


def say_problem(error: VPEError) -> None:
    """Say where a part of the answer would stand why it cannot be given.

    Raises:
        BusyError, DeviceLostError: `error` is one; they concern the whole answer, and go on to whoever shows that.
    """
    if isinstance(error, (BusyError, DeviceLostError)):
        raise error
    st.error(as_text(str(error)), icon=":material/error:")


@contextmanager
def problems_shown() -> Iterator[None]:
    """Show, where an answer would stand, why there is none: it tries again by itself, or says what is wrong."""
    try:
        yield
    except BusyError:
        try_again()
    except DeviceLostError:  # from here on the CPU answers, and a banner says so
        st.rerun()
    except VPEError as error:
        say_problem(error)
