"""How the server does, in numbers: for whoever runs it. No name of a person, a file or an image is among them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

import streamlit as st
from streamlit import runtime

from dashboard.frame.html import render
from vpe_core import jobs
from vpe_core.cache import BoundedCache

if TYPE_CHECKING:
    from vpe_core.models import Model

_STATUS = Path("/proc/self/statm")
_STARTED = time.monotonic()
_MINUTE_S = 60.0
_LABEL_WORDS = {"0.5": "half are faster", "0.95": "95% are faster", "0.99": "99% are faster"}
"""What stands for a label's value where people read."""
_watched: WeakSet[Model] = WeakSet()
_caches: WeakSet[BoundedCache] = WeakSet()


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Attributes:
        name: In Prometheus's way: a base unit at the end, `_total` for what only grows.
        help: What it counts, for people.
        value: In the unit that the name says.
        labels: What tells it from others of its name.
    """

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def in_words(self) -> str:
        """The value with its unit, for people."""
        if self.name.endswith("_bytes"):
            return f"{self.value / 1e6:,.0f} MB"
        if not self.name.endswith("_seconds"):
            return f"{self.value:,.0f}"
        if self.value < 1:
            return f"{1000 * self.value:.0f} ms"
        hours, minutes = divmod(round(self.value / 60), 60)
        if self.value < _MINUTE_S:
            return f"{self.value:.1f} s"
        return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"


def figures() -> tuple[Figure, ...]:
    """What can be told now."""
    return (
        Figure("vpl_up_seconds", "How long the server has been up", time.monotonic() - _STARTED),
        *_sessions(),
        *_memory(),
        *_kept_for_all(),
        Figure("vpl_jobs_running", "Benchmark runs and downloads under way", len(jobs.running())),
        *(figure for model in sorted(_watched, key=lambda one: one.spec.name) for figure in _of_model(model)),
    )


def this_server() -> None:
    """How the server does, for whoever runs it."""
    with st.expander("This server", icon=":material/monitoring:", key="this_server"):
        _shown_figures()


@st.fragment
def _shown_figures() -> None:
    st.button("Look again", key="this_server_again", icon=":material/refresh:")
    parts: dict[str, dict[str, str]] = {}
    for figure in figures():
        labels = dict(figure.labels)
        part = labels.pop("model", "The app")
        more = ", ".join(_LABEL_WORDS.get(value, value) for value in labels.values())
        parts.setdefault(part, {})[f"{figure.help}{f': {more}' if more else ''}"] = figure.in_words
    for title, facts in parts.items():
        st.html(render("facts", title=title, facts=facts))


def watch(model: Model) -> None:
    """Tell from now on, as long as it is in memory, how much this model is asked."""
    _watched.add(model)


def watch_cache(cache: BoundedCache) -> BoundedCache:
    """Tell from now on how much of what all sessions ask for is kept; returns the cache."""
    _caches.add(cache)
    return cache


def _kept_for_all() -> Iterator[Figure]:
    asked, computed = (sum(getattr(cache, what) for cache in _caches) for what in ("asked", "computed"))
    words = "Results about X-rays that everybody may see"
    yield Figure("vpl_cache_results_total", words, asked - computed, (("from", "kept"),))
    yield Figure("vpl_cache_results_total", words, computed, (("from", "computed"),))
    yield Figure("vpl_cache_bytes", "Memory that these results take", sum(cache.n_bytes for cache in _caches))


def _of_model(model: Model) -> Iterator[Figure]:
    told, name = model.predictor.statistics(), ("model", model.spec.name)
    yield Figure("vpl_requests_waiting", "Requests that are not answered yet", told.waiting, (name,))
    for what in ("answered", "failed", "dropped", "refused"):
        labels = (name, ("end", what))
        yield Figure("vpl_requests_total", "Requests by how they ended", getattr(told, what), labels)
    for size, times in told.passes.items():
        labels = (name, ("pictures", str(size)))
        yield Figure("vpl_passes_total", "Passes through the network by their pictures", times, labels)
    for percentile, milliseconds in told.milliseconds.items():
        labels = (name, ("quantile", f"{percentile / 100:g}"))
        yield Figure("vpl_latency_seconds", "From asking to the answer, lately", milliseconds / 1e3, labels)


def as_prometheus(found: Sequence[Figure]) -> str:
    """The numbers in Prometheus's text format, version 0.0.4."""
    lines, told = [], set[str]()
    for one in found:
        if one.name not in told:
            told.add(one.name)
            kind = "counter" if one.name.endswith("_total") else "gauge"
            lines += [f"# HELP {one.name} {_escaped(one.help)}", f"# TYPE {one.name} {kind}"]
        labels = ",".join(f'{name}="{_escaped(value, quoted=True)}"' for name, value in one.labels)
        lines.append(f"{one.name}{f'{{{labels}}}' if labels else ''} {one.value:.10g}")
    return "".join(f"{line}\n" for line in lines)


def _sessions() -> tuple[Figure, ...]:
    if not runtime.exists():
        return ()
    manager = runtime.get_instance()._session_mgr
    return (
        Figure("vpl_sessions_connected", "Browser tabs that are open", manager.num_active_sessions()),
        Figure("vpl_sessions_kept", "Sessions in memory, also those of tabs closed lately", manager.num_sessions()),
    )


def _memory() -> tuple[Figure, ...]:
    try:
        pages = int(_STATUS.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):  # not Linux
        return ()
    return (Figure("vpl_memory_bytes", "Memory of the process", pages * os.sysconf("SC_PAGE_SIZE")),)


def _escaped(text: str, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text
