"""Other people's results beside our own, and where every number comes from."""

from __future__ import annotations

from html import escape

import streamlit as st

from vpe_core.errors import ResultsError
from vpe_core.results import Manifest, Run
from vpe_core.results.exchange import read_scores
from vpe_core.ui.benchmark_filters import Choice
from vpe_core.ui.benchmark_results import Column, forget_loaded, keep_loaded, loaded, run_command
from vpe_core.ui.words import as_text

_READ = "bench:read"


def load_section() -> None:
    """A field for tables of scores; what they hold becomes columns under Model."""
    with st.expander("Load other results", icon=":material/upload_file:", key="bench_load"):
        st.caption(
            "A table of probabilities as this page downloads it, CSV or Parquet, from another machine or program. "
            "It stays in this session. A run folder belongs into the results folder (VPE_RESULTS_DIR); folders of the "
            "official code come in with `python -m vpe_core benchmark import DIR`."
        )
        file = st.file_uploader("Table of scores", type=["csv", "parquet"], key="bench_file")
        if file is not None and st.session_state.get(_READ) != file.file_id:
            try:
                keep_loaded(file.name, read_scores(file.getvalue(), file.name))
            except ResultsError as error:
                st.error(as_text(str(error)), icon=":material/error:")
                return
            st.session_state[_READ] = file.file_id
            st.rerun()
        if runs := loaded():
            names = ", ".join(f"{run.manifest.model.name} on {run.manifest.dataset.name}" for run in runs)
            st.caption(as_text(f"Loaded: {names}. Choose it under Model."))
            st.button("Forget loaded tables", key="bench_forget", on_click=forget_loaded)


def provenance(choice: Choice) -> None:
    """Which weights, which data, which versions, measured when: for each column."""
    with st.expander("Where these numbers come from", icon=":material/history:", key="bench_provenance"):
        st.html("".join(_facts(column) for column in choice.columns))


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
        "Arithmetic": ", ".join(part for part in (manifest.precision, manifest.device) if part),
        "Stored as": manifest.stored,
        "Seed": manifest.seed,
        "Versions": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
        "Skipped": "; ".join(f"{one.file}: {one.reason}" for one in manifest.problems[:5])
        + (f" and {len(manifest.problems) - 5} more" if len(manifest.problems) > 5 else ""),
        "Folder": "/".join(column.run.folder.parts[-3:]) if isinstance(column.run, Run) else None,
    }
    rows = "".join(
        f"<tr><th scope='row'>{name}</th><td><bdi>{escape(str(value))}</bdi></td></tr>"
        for name, value in facts.items()
        if value not in (None, "")
    )
    title = escape(f"{column.dataset}, {column.who}")
    return f'<table class="vpl-facts"><caption><bdi>{title}</bdi></caption><tbody>{rows}</tbody></table>'


def _when(manifest: Manifest) -> str:
    if manifest.source == "loaded table":
        return ""
    took = f", in {manifest.seconds:,.0f} s" if manifest.seconds else ""
    return f"{manifest.finished:%Y-%m-%d %H:%M} UTC{took}"
