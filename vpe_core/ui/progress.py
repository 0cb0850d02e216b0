"""A button for a download, and a bar while it runs. The page stays alive: the work is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from vpe_core.ui import jobs
from vpe_core.ui.words import as_text

_EVERY_S = 0.7


@st.fragment(run_every=_EVERY_S)
def watched(key: str, label: str, work: Callable[[jobs.Report], object], done: str) -> None:
    """Show a button that starts `work` as the job `key`; while it runs, its progress; at the end, what became of it.

    When it succeeds, the page is run again and says `done`.
    """
    known = jobs.state(key)
    if known and known.running:
        st.progress(known.fraction, text=as_text(known.text))
        return
    if known and known.error is None:
        jobs.dismiss(key)
        st.toast(done, icon=":material/check:")
        st.rerun()
    if known and known.error:
        st.error(as_text(known.error), icon=":material/cloud_off:")
    if st.button(label, key=f"start {key}", icon=":material/download:"):
        jobs.start(key, work)
        st.rerun(scope="fragment")
