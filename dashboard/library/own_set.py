"""A person's own table and X-rays: kept for one session, in a folder of its own that goes with it."""

from __future__ import annotations

import shutil
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from vpe_core import datasets
from vpe_core.datasets import Dataset, Problem
from vpe_core.datasets.gallery import Finding, GalleryImage, set_sample_name
from vpe_core.datasets.own_files import OwnFiles, write_own_files
from vpe_core.errors import DatasetError
from vpe_core.scratch import scratch_folder

KEPT_HOURS = 2
_MAY_BE_AWAY = 3
"""Minutes that a browser may be away, as while a page is loaded anew over a slow line."""
_OWN = "own:set"


class OwnSet:
    """A table of one's own with its X-rays, in a folder that lives as long as this object, and `KEPT_HOURS` at most.

    Attributes:
        dataset: The usable samples, and the problems of the others.
        refused: A sentence for each file that was left out.
        undecodable: Images whose header is sound and whose pixels are not.

    Args:
        files: Name and content of what was given.

    Raises:
        DatasetError: They hold no table that can be read.
    """

    dataset: Dataset
    refused: tuple[str, ...]
    undecodable: tuple[Problem, ...]

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        self.folder = scratch_folder()
        remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        try:
            written = write_own_files(files, self.folder / "files")
            self._read(written)
        except DatasetError as error:
            remove()
            raise DatasetError(self.as_named(str(error))) from None
        gone = threading.Event()
        weakref.finalize(self, gone.set)
        watch = partial(remove_when_over, remove, gone, _connection())
        threading.Thread(target=watch, name="own data", daemon=True).start()

    @property
    def is_here(self) -> bool:
        """Whether its time is not over."""
        return self.folder.is_dir()

    @property
    def results(self) -> Path:
        """Where its results are kept."""
        return self.folder / "results"

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What cannot be used, in words that name no folder of this machine."""
        found = (*self.dataset.all_problems, *self.undecodable)
        return tuple(Problem(one.file, one.row, self.as_named(one.reason), one.kind) for one in found)

    def as_named(self, text: str) -> str:
        """The text without the name of the folder."""
        for folder in (self.folder / "files", self.folder):
            text = text.replace(f"{folder}/", "").replace(str(folder), "your files")
        return text

    def entry(self, image_id: str) -> GalleryImage | None:
        """One of its X-rays with all its findings, as the live demo shows it."""
        samples = [sample for sample in self.dataset if sample.image_id == image_id]
        if not samples:
            return None
        return GalleryImage(
            name=set_sample_name(self.dataset.name, image_id),
            path=samples[0].image_path,
            title=f"{self.dataset.title} {image_id}: {', '.join(sample.label for sample in samples)}",
            note="Your own X-ray. It stays in this session.",
            difficulty="",
            findings=tuple(Finding(sample.label, sample.box) for sample in samples if sample.box),
            simulated=False,
        )

    def _read(self, written: OwnFiles) -> None:
        self.dataset = datasets.open_dataset("table", written.table)
        self.refused = written.refused
        self.undecodable = datasets.undecodable_images(self.dataset)


def remove_when_over(
    remove: Callable[[], object],
    gone: threading.Event,
    is_connected: Callable[[], bool],
    every_s: float = 60.0,
    kept_s: float = KEPT_HOURS * 3600,
) -> None:
    """Wait until a session has ended or the time is over, and remove its data.

    Args:
        remove: Removes them.
        gone: Set when nobody holds them any more.
        is_connected: Whether the session's browser is there; it may be away for a moment.
        every_s: How often that is asked, in seconds.
        kept_s: After how many seconds the time is over.
    """
    end, absent = time.monotonic() + kept_s, 0
    while not gone.wait(every_s):
        absent = 0 if is_connected() else absent + 1
        if absent > _MAY_BE_AWAY or time.monotonic() > end:
            remove()
            return


def _connection() -> Callable[[], bool]:
    """Whether this session's browser is there, as a question that any thread can ask."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return lambda: True
    session, app = context.session_id, runtime.get_instance()
    return lambda: app.is_active_session(session)


def own_set() -> OwnSet | None:
    """What this session has given; None if it has given nothing, or its time is over."""
    kept: OwnSet | None = st.session_state.get(_OWN)
    return kept if kept and kept.is_here else None


def is_over() -> bool:
    """Whether this session's own data were removed because their time was over."""
    kept: OwnSet | None = st.session_state.get(_OWN)
    return kept is not None and not kept.is_here


def keep_own_set(kept: OwnSet) -> None:
    """Keep it for this session, in place of an earlier one."""
    st.session_state[_OWN] = kept


def forget_own_set() -> None:
    """Remove this session's own data now, unless a run still reads them."""
    st.session_state.pop(_OWN, None)


def is_own(name: str) -> bool:
    """Whether a name in links is that of an X-ray of this session's own data."""
    kept = own_set()
    return kept is not None and name.startswith(set_sample_name(kept.dataset.name, ""))


def own_entry(name: str) -> GalleryImage | None:
    """An X-ray of this session's own data, by its name in links; nobody else's link leads to it."""
    kept = own_set()
    if kept is None or not name.startswith(start := set_sample_name(kept.dataset.name, "")):
        return None
    return kept.entry(name.removeprefix(start))
