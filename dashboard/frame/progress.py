"""Buttons for downloads, and a bar while one runs. The page stays alive: the work is done elsewhere.

The server has one job of a kind, and every session that was there while it ran is told how it ended: by itself, once,
and nobody who comes later.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.frame.rights import may, why_not
from dashboard.frame.words import as_text
from vpe_core import jobs, models
from vpe_core.datasets.real_xrays import fetch_xrays, missing_xrays
from vpe_core.models import ModelSpec

_EVERY_S = 0.7


def follow(key: str) -> None:
    """Let this session be told how the job that is under way, or that it has just started, ends."""
    if known := jobs.state(key):
        st.session_state[_followed(key)] = known.number


def followed(key: str) -> jobs.JobState | None:
    """The job if it is one that this session follows, under way or ended."""
    known = jobs.state(key)
    return known if known and st.session_state.get(_followed(key)) == known.number else None


def unfollow(key: str) -> None:
    """This session knows how the job ended, and is told no more."""
    st.session_state.pop(_followed(key), None)


def _followed(key: str) -> str:
    return f"follows {key}"


@st.fragment
def watched(key: str, label: str, work: Callable[[jobs.Report], object], done: str) -> None:
    """Show a button that starts `work` as the job `key`; while it runs, its progress; at the end, what became of it.

    When it succeeds, the page is run again and says `done`. A button alone asks the server nothing: thirty idle
    visitors that poll would keep it busy.
    """
    known = jobs.state(key)
    show = st.fragment(_show, run_every=_EVERY_S) if known and known.running else _show
    show(key, label, work, done)


def _show(key: str, label: str, work: Callable[[jobs.Report], object], done: str) -> None:
    current = jobs.state(key)
    if current and current.running:
        follow(key)
        st.progress(current.fraction, text=as_text(current.text))
        return
    ended = followed(key)
    if ended and ended.error is None:
        unfollow(key)
        st.toast(done, icon=":material/check:")
        st.rerun()
    if ended and ended.error:
        st.error(as_text(ended.error), icon=":material/cloud_off:")

    def begin() -> None:
        jobs.start(key, work)
        follow(key)

    st.button(label, key=f"start {key}", icon=":material/download:", on_click=begin)


def not_here(spec: ModelSpec) -> str:
    """What a visitor should know of a model before it is fetched."""
    return f"{spec.title} is not on this machine yet. {spec.domain} Licence: {spec.licence}."


def model_download(spec: ModelSpec) -> None:
    """The way to a model that is not on this machine: a download, or for an embedded one what to do instead."""
    if not may("downloads"):
        st.caption(as_text(why_not("downloads")))
        return
    if spec.scheme != "hf-hub":
        st.caption("Its folder is missing; restore it from the repository.")
        return

    def fetch(report: jobs.Report) -> None:
        models.fetch(spec.name, lambda step: report(step.fraction, f"{step.file}: {step.done / 1e6:,.0f} MB"))

    size = f" ({spec.size_bytes / 1e6:,.0f} MB)" if spec.size_bytes else ""
    watched(f"model {spec.name}", f"Download {spec.title}{size}", fetch, f"{spec.title} is here.")


def xrays_download() -> None:
    """The way to the real X-rays; nothing if they are here."""
    missing = missing_xrays()
    if missing and not may("downloads"):
        st.caption(as_text(why_not("downloads")))
    elif missing:
        size_mb = sum(xray.size_bytes for xray in missing) / 1e6
        watched("real X-rays", f"Fetch {len(missing)} real X-rays ({size_mb:.0f} MB)", fetch_xrays, "They are here.")
