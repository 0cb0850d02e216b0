"""Starting a benchmark run on the benchmark page, and watching the one that is under way on this server."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from vpe_core import datasets, models
from vpe_core.results import Run
from vpe_core.settings import get_settings
from vpe_core.ui import jobs, run_job
from vpe_core.ui.benchmark_filters import show_only
from vpe_core.ui.benchmark_results import Column, columns
from vpe_core.ui.progress import follow, followed, unfollow
from vpe_core.ui.run_job import PLANS, RUN, Order
from vpe_core.ui.words import as_text

_EVERY_S = 1.0
_TOO_LATE = "bench:too late"
_LIMITS = {"All images": None, "The first 100, to try it out": 100, "The first 20, to try it out": 20}
_FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")


def run_progress() -> None:
    """The run that is under way, or what became of the one that this session saw; nothing if there was none."""
    current = jobs.state(RUN)
    if current and current.running:
        follow(RUN)
        if st.session_state.pop(_TOO_LATE, False):
            st.info("Another run was started a moment before. Start yours when this one has ended.")
        _watched()
    elif ended := followed(RUN):
        _outcome(ended)


def run_section(*, unfolded: bool = False) -> None:
    """The form that starts a run; nothing where the settings let nobody start one."""
    if get_settings().start_runs == "nobody":
        return
    with st.expander("Run a benchmark", icon=":material/play_circle:", key="bench_run", expanded=unfolded):
        if not may_start():
            st.caption(
                "Runs are started in a browser on the machine that runs this app. With the setting "
                "VPE_START_RUNS=anyone, everybody may start one."
            )
            return
        known = jobs.state(RUN)
        if known and known.running:
            st.caption("A run is under way, see the top of this page. Only one goes at a time.")
            return
        _form()


def may_start() -> bool:
    """Whether the settings let this visitor start and stop runs.

    A browser on this machine has no address here. One that comes through a proxy on this machine looks the same but
    for the headers that a proxy adds; where it adds none, the settings have to say who may.
    """
    who = get_settings().start_runs
    if who == "local":
        forwarded = any(name in st.context.headers for name in _FORWARDED)
        return st.context.ip_address is None and not forwarded
    return who == "anyone"


@st.fragment(run_every=_EVERY_S)
def _watched() -> None:
    known = jobs.state(RUN)
    if known is None or not known.running:
        st.rerun()
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="bench_run_progress"):
        st.progress(known.fraction, text=as_text(known.text))
        if may_start():
            st.button(
                "Stop", key="bench_stop", icon=":material/stop:", on_click=jobs.stop, args=(RUN,),
                disabled=known.stopped, help="What is finished is kept, and the same run goes on when it is started.",
            )  # fmt: skip


def _outcome(known: jobs.JobState) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="bench_run_outcome"):
        if known.error and may_start():
            st.error(as_text(known.error), icon=":material/error:")
        elif known.error:  # which may name folders of this machine
            st.error("The run has ended with an error. Ask whoever started it.", icon=":material/error:")
        elif known.stopped:
            st.info("The run was stopped. Start it again to go on.", icon=":material/stop_circle:")
        else:
            st.success(as_text(known.text), icon=":material/check:")
            made = [column for column in columns() if isinstance(column.run, Run) and column.run.folder == known.result]
            if made:
                st.button("Show it", key="bench_run_show", type="primary", on_click=_show_made, args=(made,))
        st.button("Close", key="bench_run_close", on_click=unfollow, args=(RUN,))


def _show_made(made: Sequence[Column]) -> None:
    show_only(made)
    unfollow(RUN)


@st.fragment
def _form() -> None:
    here = [name for name in datasets.names() if datasets.is_here(name)]
    ready = [name for name in models.selectable_names() if models.is_ready(models.get(name))]
    if not here or not ready:
        st.caption("It needs a data set and a model on this machine; the page Data and models says how to get them.")
        return
    st.caption(
        "Every marker is drawn on every X-ray of a data set and shown to a model. The results go into the results "
        "folder of this machine; everybody who uses the app sees them."
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="bench_run_form"):
        spec = datasets.get(st.selectbox("Data set", here, key="run_dataset", width=170))
        if len(spec.parts) > 1 and not spec.simulated:  # of the simulated sets, the project carries one part
            usual = spec.parts.index(spec.default_part)
            st.selectbox("Part", spec.parts, usual, key=f"run_part_{spec.name}", width=110)
        st.selectbox("Model", ready, format_func=lambda name: models.get(name).title, key="run_model", width=260)
        st.selectbox("What to measure", tuple(PLANS), key="run_plan", width=290)
        st.selectbox("Images", tuple(_LIMITS), key="run_limit", width=230)
        if st.button("Start", key="run_start", type="primary", icon=":material/play_arrow:", on_click=_start):
            st.rerun()
    st.caption("It may take minutes or hours, and the live demo is slower meanwhile. What is there is not done again.")


def _start() -> None:
    """Start what the fields say now, which may be newer than what the page was last drawn with."""
    said = st.session_state
    spec = datasets.get(said["run_dataset"])
    part = said.get(f"run_part_{spec.name}", spec.default_part)
    order = Order(spec.name, part, said["run_model"], said["run_plan"], _LIMITS[said["run_limit"]])
    if may_start():
        said[_TOO_LATE] = not run_job.start(order)
        follow(RUN)
