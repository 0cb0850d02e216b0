"""Studies while people wait: one job for each part of a session, with a bar, stoppable; results stay in the session."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.frame.shared_models import model_for_runs
from dashboard.frame.words import as_text
from dashboard.lab.subject import Subject
from vpe_core import jobs, lab
from vpe_core.cache import BoundedCache
from vpe_core.lab import LabScene
from vpe_core.models import Model
from vpe_core.types import Progress

_EVERY_S = 0.5
_RESULTS = "lab:results"
_KEPT, _KEPT_BYTES = 32, 32_000_000


def computed(
    part: str, asked: Hashable, work: Callable[[Progress], Any], *, at_once: bool = True, counts: str = "pictures"
) -> Any:
    """The result of some work; None while it is under way or was stopped, which is shown in its place.

    Args:
        part: The part of the page: it has one job at a time, and what it asked for earlier ends.
        asked: What tells this work from all other of the part.
        work: From where its progress is told to a result; it runs in a thread and must not touch Streamlit.
        at_once: Whether it begins without a click.
        counts: What its progress counts, in the plural.
    """
    results, place = _results(), (part, asked)
    key = _job(part)
    known = jobs.state(key)
    if place in results:
        if known and known.order == asked:
            jobs.forget(key)
        return results.get_or_compute(place, lambda: None)
    if known and known.running:
        if known.order != asked:
            jobs.stop(key)
        _watch(key)
        return None
    ended = known if known and known.order == asked else None
    if ended and ended.error:
        st.error(as_text(ended.error), icon=":material/error:")
    elif ended and ended.stopped:
        st.caption("Stopped.")
    if (ended or not at_once) and not st.button(
        "Try again" if ended else "Compute", key=f"lab_begin_{part}", icon=":material/play_arrow:", type="primary"
    ):
        return None
    jobs.start(key, lambda report: _keep(results, place, work, report, counts), asked)
    _watch(key)
    return None


def computed_study(study: str, subject: Subject, *, scene: LabScene | None = None, **options: Any) -> Any:
    """What a study out of `vpe_core.lab.STUDIES` finds; None while it is under way.

    Args:
        study: Its name.
        subject: Which model is asked, and of what.
        scene: In place of the subject's.
        options: The study's own.
    """
    work = partial(lab.get(study).run, scene or subject.scene, asked_model(subject.model), **options)
    return computed(study, (subject.model, subject.key, *options.values()), lambda report: work(report=report))


def asked_model(name: str) -> Model:
    """The model as a study of this session asks it: it yields to people, and takes turns with other studies.

    To be called by the page's own thread, which knows the session; it may have to load the model.
    """
    return model_for_runs(name, f"marker lab, {_session()}")


def _keep(
    results: BoundedCache, place: Hashable, work: Callable[[Progress], Any], report: jobs.Report, counts: str
) -> None:
    def progress(done: int, total: int) -> None:
        report(done / total if total else 1.0, f"{done:,} of {total:,} {counts}")

    found = work(progress)
    results.get_or_compute(place, lambda: found)


@st.fragment(run_every=_EVERY_S)
def _watch(key: str) -> None:
    known = jobs.state(key)
    if known is None or not known.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.progress(known.fraction, text=as_text(known.text))
        st.button("Stop", key=f"stop {key}", icon=":material/stop_circle:", on_click=jobs.stop, args=(key,))


def _results() -> BoundedCache:
    kept: BoundedCache = st.session_state.setdefault(_RESULTS, BoundedCache(_KEPT, _KEPT_BYTES))
    return kept


def _job(part: str) -> str:
    return f"marker lab {part} {_session()}"


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else "alone"
