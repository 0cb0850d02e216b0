"""Starting a benchmark run on the benchmark page, and watching the one that is under way on this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.benchmark import run_job
from dashboard.benchmark.filters import show_only
from dashboard.benchmark.results import Column, columns
from dashboard.benchmark.run_job import PLANS, RUN, Order
from dashboard.frame.progress import follow, followed, unfollow
from dashboard.frame.words import as_text
from vpe_core import datasets, jobs, models
from vpe_core.results import Run
from vpe_core.settings import get_settings

_EVERY_S = 1.0
_TOO_LATE = "bench:too late"
_LIMITS = {"All images": None, "The first 100, to try it out": 100, "The first 20, to try it out": 20}
_FORM = "bench:form"
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
            st.caption("A run is under way, see the top of this page. Only one runs at a time.")
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
        order = known.order if isinstance(known.order, Order) else None
        name = f"The run of {order.title} ({order.details})" if order else "The run"
        if known.error and may_start():
            st.error(as_text(f"{name} has ended with an error. {known.error}"), icon=":material/error:")
        elif known.error:  # which may name folders of this machine
            st.error(as_text(f"{name} has ended with an error. Ask whoever started it."), icon=":material/error:")
        elif known.stopped:
            st.info(as_text(f"{name} was stopped. What is finished is kept."), icon=":material/stop_circle:")
        else:
            st.success(as_text(known.text), icon=":material/check:")
            made = [column for column in columns() if isinstance(column.run, Run) and column.run.folder == known.result]
            if made:
                st.button("Show it", key="bench_run_show", type="primary", on_click=_show_made, args=(made,))
        if order and (known.stopped or known.error) and may_start():
            st.button(
                "Go on" if known.stopped else "Try again", key="bench_run_again", type="primary",
                icon=":material/play_arrow:", on_click=_begin, args=(order,),
            )  # fmt: skip
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
        spec = datasets.get(_field("Data set", here, "run_dataset", 170))
        if len(spec.parts) > 1 and not spec.simulated:  # of the simulated sets, the project carries one part
            _field("Part", spec.parts, f"run_part_{spec.name}", 110, usual=spec.default_part)
        _field("Model", ready, "run_model", 260, format_func=lambda name: models.get(name).title)
        _field("What to measure", tuple(PLANS), "run_plan", 290)
        _field("Images", tuple(_LIMITS), "run_limit", 230)
        if st.button("Start", key="run_start", type="primary", icon=":material/play_arrow:", on_click=_start):
            st.rerun()
    st.caption("It may take minutes or hours, and the live demo is slower meanwhile. What is already measured is kept.")


def _field(label: str, choices: Sequence[str], key: str, width: int, usual: str = "", **options: Any) -> str:
    """A field of the form. It keeps its value while the form is away, as it is during a run."""
    kept: dict[str, str] = st.session_state.setdefault(_FORM, {})
    if st.session_state.get(key) not in choices:
        st.session_state[key] = next((one for one in (kept.get(key), usual) if one in choices), choices[0])
    kept[key] = st.selectbox(label, choices, key=key, width=width, **options)
    return kept[key]


def _start() -> None:
    """Start what the fields say now, which may be newer than what the page was last drawn with."""
    said = st.session_state
    spec = datasets.get(said["run_dataset"])
    part = said.get(part_key := f"run_part_{spec.name}", spec.default_part)
    fields = (part_key, "run_dataset", "run_model", "run_plan", "run_limit")
    said.setdefault(_FORM, {}).update({key: said[key] for key in fields if key in said})
    _begin(Order(spec.name, part, said["run_model"], said["run_plan"], _LIMITS[said["run_limit"]]))


def _begin(order: Order) -> None:
    if may_start():
        st.session_state[_TOO_LATE] = not run_job.start(order)
        follow(RUN)
