"""Other people's results beside our own, and where every number comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.benchmark.filters import Choice, is_shown, remember_shown, show_as_before, show_only
from dashboard.benchmark.results import Column, columns, forget_loaded, keep_loaded, loaded, run_command
from dashboard.frame.html import render
from dashboard.frame.rights import may, why_not
from dashboard.frame.uploads import new_upload
from dashboard.frame.words import as_text, few
from vpe_core.errors import ResultsError
from vpe_core.results import Manifest, Run
from vpe_core.results.exchange.archive import pack_run, place_of, read_archive
from vpe_core.results.exchange.score_tables import read_scores

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from vpe_core.results.analysis.scores import Results

_TO_SHOW, _FIELD = "bench:to show", "bench:field"
_ZIP, _PARQUET, _UTF16, _EXCEL = b"PK", b"PAR1", (b"\xff\xfe", b"\xfe\xff"), b"[Content_Types].xml"
_HEAD_BYTES = 4096


def show_what_was_loaded() -> None:
    """Set the filters to results that have just been loaded; called before the filters are drawn."""
    if name := st.session_state.pop(_TO_SHOW, None):
        show_only([column for column in loaded() if column.file == name])


def load_section() -> None:
    """A field for tables of scores and for whole results; what they hold becomes columns under Model."""
    with st.expander("Load other results", icon=":material/upload_file:", key="bench_load"):
        st.caption(
            "From this page, another machine or the paper's own code: a run folder as a ZIP file, whose prompts can be "
            "changed; a table of probabilities, CSV or Parquet; or the official code's folder of experiments as a ZIP "
            "file. It stays in this session."
        )
        if not may("uploads"):
            st.caption(as_text(why_not("uploads")))
            return
        field = f"bench_file{st.session_state.get(_FIELD, '')}"
        if new_upload(st.file_uploader("Results", key=field), field, _take, "Reading the file"):
            st.rerun()
        if taken := loaded():
            names = ", ".join(f"{column.who} on {column.dataset}" for column in taken)
            st.caption(as_text(f"Loaded: {names}. They stand under Model, beside the others."))
            if hidden := [column for column in taken if not is_shown(column)]:
                label = f"Show {few([f'{column.who} on {column.dataset}' for column in hidden], 2)}"
                st.button(as_text(label), key="bench_show_loaded", on_click=show_only, args=(hidden,))
            st.button("Forget loaded results", key="bench_forget", on_click=_forget)


def _forget() -> None:
    """Back to what was shown before the first file came, with an empty field."""
    forget_loaded()
    show_as_before(columns())
    st.session_state[_FIELD] = int(st.session_state.get(_FIELD) or 0) + 1


def _take(file: UploadedFile) -> None:
    data = file.getvalue()
    keep_loaded(file.name, _reader(data, file.name)(data, file.name))
    remember_shown()
    st.session_state[_TO_SHOW] = file.name


def _reader(data: bytes, name: str) -> Callable[[bytes, str], Sequence[Results]]:
    """What reads a file, by its content: a name may lie, and often has no ending."""
    head, problem = data[:_HEAD_BYTES], "is neither"
    if data.startswith(_ZIP) and _EXCEL not in head:
        return read_archive
    if data.startswith(_ZIP):
        problem = "is an Excel file; save it as CSV"
    elif not data:
        problem = "is empty"
    elif data.startswith((_PARQUET, *_UTF16)) or b"\0" not in head:
        return read_scores
    raise ResultsError(f"Expected results as a ZIP file, or a table of scores as CSV or Parquet, but {name} {problem}.")


def provenance(choice: Choice) -> None:
    """Which weights, which data, which versions, measured when: for each column; and the results to take along."""
    with st.expander("Where these numbers come from", icon=":material/history:", key="bench_provenance"):
        for number, column in enumerate(choice.columns):
            st.html(_facts(column))
            if isinstance(column.run, Run):
                name = place_of(column.run).replace("/", "-")
                st.download_button(
                    "Results as a folder (ZIP)", partial(pack_run, column.run), f"{name}.zip", "application/zip",
                    key=f"bench_zip_{number}", on_click="ignore", icon=":material/folder_zip:",
                    help="Embeddings and samples: it can be loaded on this page, or unpacked into a results folder.",
                )  # fmt: skip


def no_results() -> None:
    """What is shown when there are no results at all."""
    st.info(
        "There are no results here yet. They would be a table of markers and data sets, with gains and intervals. "
        "This command measures the paper's eight rows and their controls on simulated X-rays:",
        icon=":material/table_chart:",
    )
    st.code(f"{run_command('sim-multi')} --controls", language="bash")


def _facts(column: Column) -> str:
    manifest = column.run.manifest
    data, model = manifest.dataset, manifest.model
    facts = {
        "Source": f"{manifest.source}{', simulated X-rays' if data.simulated else ''}",
        "Model": f"{model.title}, {model.source}" + (f" at {model.revision[:12]}" if model.revision else ""),
        "Weights": model.weights_sha256 and f"SHA-256 {model.weights_sha256}",
        "Data": f"{data.title}: {data.samples} samples, {data.images} images, {data.patients} patients",
        "Data fingerprint": data.fingerprint,
        "Prompt": data.template.replace("{suffix}", ""),
        "Measured": _when(manifest),
        "Note": data.note,
        "Arithmetic": ", ".join(part for part in (manifest.precision, manifest.device) if part),
        "Stored as": manifest.stored,
        "Seed": manifest.seed,
        "Versions": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
        "Skipped": "; ".join(f"{one.file}: {one.reason}" for one in manifest.problems[:5])
        + (f" and {len(manifest.problems) - 5} more" if len(manifest.problems) > 5 else ""),
        "Folder": _folder(column),
    }
    return render("facts", title=f"{column.dataset}, {column.who}", facts=facts)


def _folder(column: Column) -> str:
    if column.file or not isinstance(column.run, Run):
        return ""
    return "/".join(column.run.folder.parts[-3:])


def _when(manifest: Manifest) -> str:
    if manifest.source == "loaded table":
        return ""
    took = f", in {manifest.seconds:,.0f} s" if manifest.seconds else ""
    return f"{manifest.finished:%Y-%m-%d %H:%M} UTC{took}"
