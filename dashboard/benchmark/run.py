"""Starting a benchmark run on the benchmark page, and watching the one that is under way on this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.benchmark import run_job
from dashboard.benchmark.filters import is_shown, remember_shown, show_only
from dashboard.benchmark.results import Column, OwnRun, columns, keep_own
from dashboard.benchmark.run_job import PLANS, RUN, Order
from dashboard.frame.progress import follow, followed, unfollow
from dashboard.frame.rights import may, why_not
from dashboard.frame.words import as_text
from vpe_core import datasets, jobs, models
from vpe_core.datasets import Dataset
from vpe_core.errors import VPEError
from vpe_core.results import Run
from vpe_core.results.store.manifest import MANIFEST

_EVERY_S, _LOOK_EVERY_S = 1.0, 10.0
"""How often the page of a run looks how far it is, and one without a run whether somebody has started one."""
_TOO_LATE, _TAKEN = "bench:too late", "bench:own results taken"
FEW_SAMPLES = 20
"""Of a class; with fewer, a warning comes before the run."""
_LIMITS = {"All images": None, "The first 100, to try it out": 100, "The first 20, to try it out": 20}
_FORM = "bench:form"


def run_progress() -> None:
    """The run that is under way, or what became of the one that this session follows; nothing if there is none."""
    if is_under_way():
        if st.session_state.pop(_TOO_LATE, False):
            st.info("Another run was started a moment before. Start yours when this one has ended.")
        _watched()
        return
    if ended := followed(RUN):
        if _is_own(ended) and ended.result is not None and not ended.stopped:
            _show_own(ended)
        _outcome(ended)
    elif jobs.state(RUN) is None and may_start() and (order := run_job.unfinished()):
        _interrupted(order)
    _show_when_started()


def _interrupted(order: Order) -> None:
    """Nothing has run since the server was started: offer to go on with what it was stopped in."""
    with st.container(horizontal=True, vertical_alignment="center", key="bench_run_outcome"):
        said = f"The run of {order.title} ({order.details}) was interrupted. What is finished is kept."
        st.info(as_text(said), icon=":material/stop_circle:")
        st.button(
            "Go on", key="bench_run_again", type="primary", icon=":material/play_arrow:", on_click=begin, args=(order,)
        )
        st.button("Close", key="bench_run_close", on_click=run_job.forget_unfinished)


def run_section(*, unfolded: bool = False) -> None:
    """The form that starts a run, or why this visitor may start none."""
    with st.expander("Run a benchmark", icon=":material/play_circle:", key="bench_run", expanded=unfolded):
        if not may_start():
            st.caption(as_text(why_not("start_runs")))
            return
        if is_under_way():
            progress_here()
            return
        _form()


def is_under_way() -> bool:
    """Whether somebody's run keeps others from being started."""
    known = jobs.state(RUN)
    return known is not None and known.running


@st.fragment(run_every=_EVERY_S)
def progress_here() -> None:
    """How far the run is, in the place of what would start another one."""
    if (known := jobs.state(RUN)) and known.running:
        _bar(known)
        st.caption("Only one runs at a time. It can be stopped at the top of this page.")


def may_start() -> bool:
    """Whether the settings let this visitor start and stop runs."""
    return may("start_runs")


@st.fragment(run_every=_LOOK_EVERY_S)
def _show_when_started() -> None:
    if is_under_way():
        st.rerun()


@st.fragment(run_every=_EVERY_S)
def _watched() -> None:
    known = jobs.state(RUN)
    if known is None or not known.running:
        st.rerun()
    ours = followed(RUN) is not None
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="bench_run_progress"):
        secret = _bar(known)
        if not ours and not secret:
            st.button("Tell me when it is done", key="bench_run_follow", on_click=follow, args=(RUN,))
        if may_start() and not secret:
            st.button(
                "Stop", key="bench_stop", icon=":material/stop:", on_click=_stop,
                disabled=known.stopped, help="What is finished is kept, and the same run goes on when it is started.",
            )  # fmt: skip


def _bar(known: jobs.JobState) -> bool:
    """Show how far the run is; whether its data are another visitor's own, of which nothing more may be told."""
    secret = _is_own(known) and followed(RUN) is None
    st.progress(known.fraction, text="Another visitor's run is under way" if secret else as_text(known.text))
    return secret


def _stop() -> None:
    """Who stops a run is told how it ended, and can let it go on."""
    follow(RUN)
    jobs.stop(RUN)


def _is_own(known: jobs.JobState) -> bool:
    return isinstance(known.order, Order) and known.order.own is not None


def _show_own(known: jobs.JobState) -> None:
    """Take over the results of this session's own data, once, and show them."""
    kept = known.order.own if isinstance(known.order, Order) else None
    own = kept() if kept else None
    if own is None or st.session_state.get(_TAKEN) == known.number:
        return
    st.session_state[_TAKEN] = known.number
    folders = sorted(manifest.parent for manifest in own.results.rglob(MANIFEST))
    remember_shown()
    show_only([keep_own(OwnRun(folder, own)) for folder in folders])


def warn_of_few(n_samples: int, n_classes: int) -> None:
    """Say before a run that so few samples tell hardly anything."""
    if n_samples >= FEW_SAMPLES * max(n_classes, 1):
        return
    st.warning(
        f"{n_samples:,} samples of {n_classes} classes are few: the intervals will be wide, and a difference between "
        f"markers will hardly be more than chance. {FEW_SAMPLES} of each class are a beginning.",
        icon=":material/warning:",
    )


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
            if not all(map(is_shown, made)):
                st.button("Show it", key="bench_run_show", type="primary", on_click=_show_made, args=(made,))
        if order and (known.stopped or known.error) and may_start():
            st.button(
                "Go on" if known.stopped else "Try again", key="bench_run_again", type="primary",
                icon=":material/play_arrow:", on_click=begin, args=(order,),
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
        limit = _LIMITS[_field("Images", tuple(_LIMITS), "run_limit", 230)]
        if st.button("Start", key="run_start", type="primary", icon=":material/play_arrow:", on_click=_start):
            st.rerun()
    if (known := _size(spec.name, limit)) is not None:
        warn_of_few(*known)
    st.caption("It may take minutes or hours, and the live demo is slower meanwhile. What is already measured is kept.")


def _size(name: str, limit: int | None) -> tuple[int, int] | None:
    """How many samples and classes a run would have, where that can be told quickly."""
    if limit is None and name != "table":
        return None
    try:
        dataset = _opened(name)
    except VPEError:
        return None
    first = list(dict.fromkeys(sample.image_id for sample in dataset))[:limit]
    return sum(sample.image_id in set(first) for sample in dataset), len(dataset.classes)


@st.cache_data(max_entries=8, ttl=60, show_spinner="Counting")
def _opened(name: str) -> Dataset:
    return datasets.open_dataset(name)


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
    begin(Order(spec.name, part, said["run_model"], said["run_plan"], _LIMITS[said["run_limit"]]))


def begin(order: Order) -> None:
    """Start a run that this session follows, if it may; one that is under way is left alone, which is said."""
    if may_start():
        st.session_state[_TOO_LATE] = not run_job.start(order)
        if not st.session_state[_TOO_LATE]:
            follow(RUN)
