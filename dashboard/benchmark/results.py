"""The results on the benchmark page: what is stored here, what a session has loaded, and what is computed from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from dashboard.frame.shared_models import shared_model
from dashboard.frame.words import few
from dashboard.library.own_set import OwnSet
from vpe_core import datasets
from vpe_core.errors import ModelError, ResultsError
from vpe_core.plots.table_html import Head
from vpe_core.results import Run, find_runs
from vpe_core.results.analysis.scores import Evaluation, Results, WithEmbeddings
from vpe_core.results.exchange.archive import LoadedRun
from vpe_core.results.store.manifest import MANIFEST
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_RESAMPLES = 2000
MAX_LOADED_FILES = 8
_LOADED = "bench:loaded"
OWN_NAME = "your data"
"""What a person's own data are called: filters stand in the address, and the name of a file may be a patient's."""


class OwnRun(Run):
    """Results of a person's own data, in their folder.

    Attributes:
        own: The data; the results are here as long as they are.
    """

    def __init__(self, folder: Path, own: OwnSet) -> None:
        super().__init__(folder)
        self.own = own


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Results as a column of the table.

    Attributes:
        run: The results.
        dataset: The data set and, if it is not the usual one, its part; `OWN_NAME` for one's own.
        who: The model and, where it matters, where the numbers come from.
        file: Name of the file that this session has loaded it from; empty for stored results.
    """

    run: Results
    dataset: str
    who: str
    file: str = ""

    def head(self, with_model: bool) -> Head:
        """What stands above it."""
        return Head(self.dataset, self.who if with_model else "", self.run.manifest.dataset.simulated)


def columns() -> tuple[Column, ...]:
    """All results: those of the project, of the results folder, and what this session has loaded."""
    stored = sorted(_stored(_stamp()), key=lambda run: not is_carried(run))  # what somebody measures here comes after
    seen = Counter((_dataset_name(run), run.manifest.model.name, run.manifest.source) for run in stored)
    found = [
        Column(
            run, _dataset_name(run), _who(run, seen[_dataset_name(run), run.manifest.model.name, run.manifest.source])
        )
        for run in stored
    ]
    return (*found, *loaded())


def is_carried(run: Results) -> bool:
    """Whether the project itself carries the results."""
    return isinstance(run, Run) and run.folder.is_relative_to(get_settings().precomputed_dir)


def loaded() -> tuple[Column, ...]:
    """What this session has loaded, named after its files."""
    kept: dict[str, tuple[Results, ...]] = st.session_state.get(_LOADED, {})
    return tuple(
        Column(run, OWN_NAME if file == OWN_NAME else _dataset_name(run), f"{run.manifest.model.name} ({file})", file)
        for file, runs in kept.items()
        for run in runs
        if not isinstance(run, OwnRun) or run.own.is_here
    )


def keep_own(run: OwnRun) -> Column:
    """Keep results of one's own data for this session, beside those of other models; the column that they become.

    Raises:
        ResultsError: The session holds as many files as it may.
    """
    kept: dict[str, tuple[Results, ...]] = st.session_state.get(_LOADED, {})
    others = [one for one in kept.get(OWN_NAME, ()) if one.manifest.model.name != run.manifest.model.name]
    keep_loaded(OWN_NAME, (*others, run))
    return next(column for column in loaded() if column.run is run)


def keep_loaded(file: str, runs: Sequence[Results]) -> None:
    """Keep the results of a file for this session, in place of earlier ones from a file of that name.

    Raises:
        ResultsError: The session holds as many files as it may.
    """
    kept = st.session_state.get(_LOADED, {})
    if file not in kept and len(kept) >= MAX_LOADED_FILES:
        raise ResultsError(f"At most {MAX_LOADED_FILES} files can be loaded at a time. Forget the loaded ones first.")
    st.session_state[_LOADED] = {**kept, file: tuple(runs)}


def forget_file(file: str) -> None:
    """Drop what this session has loaded from a file of this name."""
    kept: dict[str, tuple[Results, ...]] = st.session_state.get(_LOADED, {})
    st.session_state[_LOADED] = {name: runs for name, runs in kept.items() if name != file}


def forget_loaded() -> None:
    """Drop all that this session has loaded."""
    st.session_state.pop(_LOADED, None)


@st.cache_resource(show_spinner=False)
def evaluation() -> Evaluation:
    """Scores and intervals, computed once for all sessions."""
    return Evaluation(N_RESAMPLES, encode_with_model)


def encode_with_model(run: Results, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embeddings of prompts that are not stored; the first call loads the model, and torch.

    Raises:
        ModelError: The model is not on this machine, or its weights are not those that made the results.
    """
    about = run.manifest.model
    model = shared_model(about.name)
    embeddings = model.encode_texts(list(texts))
    if about.weights_sha256 not in (None, model.record.weights_sha256) or embeddings.shape[1] != about.dimension:
        raise ModelError(
            f"The results of {about.title} come from other weights than those on this machine, so a prompt that is not "
            "stored cannot be compared with them. Run the benchmark again."
        )
    return embeddings


def prompt_losses(run: Results, who: str, prompts: Iterable[Sequence[str]], typed: Iterable[str]) -> tuple[str, ...]:
    """Sentences about what a model does not read of a person's own words; stored prompts are not looked at.

    Args:
        run: The results.
        who: What the model is called.
        prompts: For each way of showing the samples, the prompts of all classes.
        typed: What a person has written of them.

    Raises:
        ModelError: The model is not on this machine.
    """
    if not run.has_embeddings:
        return ()
    stored = set(cast(WithEmbeddings, run).texts)
    new = [group for group in dict.fromkeys(map(tuple, prompts)) if not stored.issuperset(group)]
    words = [text for text in typed if text not in stored]
    if not new and not words:
        return ()
    model = shared_model(run.manifest.model.name)
    longest = replace(model.reading([text for group in new for text in group]), alike=0)
    likest = max((model.reading(group) for group in new), key=lambda reading: reading.alike, default=longest)
    losses = (*longest.losses(who), *replace(likest, too_long=0).losses(who))
    if unread := model.unknown_words(words):
        losses += (f"{who} cannot read these words, so they mean nothing to it: {few(unread)}.",)
    return losses


def without_results(shown: Iterable[Column]) -> tuple[str, ...]:
    """Names of the data sets that have no results here."""
    known = {column.run.manifest.dataset.name for column in shown}
    return tuple(name for name in datasets.names() if name not in known and name != "table")


def run_command(dataset: str, model: str = "simclip") -> str:
    """The command that makes the results of a data set."""
    root = "" if datasets.get(dataset).simulated else " --root DIR"
    return f"python -m vpe_core benchmark run --dataset {dataset}{root} --model {model}"


def image_folder(run: Results) -> Path | None:
    """The folder with the images of a run's data set, if it is one that this machine knows."""
    if isinstance(run, OwnRun):
        return run.own.dataset.root if run.own.is_here else None
    spec = datasets.spec_of(run.manifest.dataset.name)
    if spec is None or spec.default_root is None:
        return None
    if isinstance(run, LoadedRun) and not spec.simulated:
        return None  # its table was written by a stranger: it must not choose which patients' images are shown
    return spec.default_root()


@st.cache_resource(max_entries=2, show_spinner=False)
def _stored(stamp: tuple[tuple[str, int], ...]) -> tuple[Run, ...]:  # noqa: ARG001 - part of the cache's key
    return find_runs()


def _stamp() -> tuple[tuple[str, int], ...]:
    """Changes when results come or go."""
    settings = get_settings()
    roots = (settings.results_dir, settings.precomputed_dir / "results" / "benchmark")
    files = sorted(path for root in roots for path in root.rglob(MANIFEST))
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)


def _dataset_name(run: Results) -> str:
    data = run.manifest.dataset
    return data.name if data.part in ("", "all", "test") else f"{data.name}, {data.part}"


def _who(run: Run, how_many: int) -> str:
    name = run.manifest.model.name
    if run.manifest.source == "official code":
        return f"{name} (official code)"
    return name if how_many == 1 or is_carried(run) else f"{name} (results folder)"
