"""Scan maps of a whole data set, from the files that `lab scan` wrote."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

from dashboard.demo.answer_column.settings import model_title
from dashboard.frame.html import render
from dashboard.frame.words import as_text
from dashboard.lab.show import say_whose, stored_choice
from dashboard.lab.subject import Subject
from vpe_core.errors import LabError
from vpe_core.lab.findings import stored_files
from vpe_core.lab.scan_record import WAYS, Measured, ScanRecord

COMMAND = "python -m vpe_core lab scan --dataset sim-multi --model {model}"
NONE_STORED = "No scan of a whole data set is stored here. This command makes one; it takes a while and can be stopped:"


def show_stored_scans(subject: Subject) -> None:
    """How often scan maps find the findings of a set, the subject's model first; or how to measure that."""
    st.markdown("**Over a data set**")
    chosen = stored_choice(
        "Stored scans", _stored(subject.model), _title, key="lab_stored_scan", missing=NONE_STORED,
        command=COMMAND.format(model=subject.model),
    )  # fmt: skip
    if chosen is None:
        return
    hits, overlaps = _summaries(chosen)
    order = chosen.order
    say_whose(subject, order.model, order.weights_sha256)
    st.html(
        render(
            "lab_scan_set", record=chosen, order=order, rows=list(zip(hits, overlaps, strict=True)),
            model=model_title(order.model), ways=WAYS,
        )
    )  # fmt: skip
    if not chosen.is_complete:
        st.caption(
            as_text(f"{len(chosen.findings):,} of {chosen.total:,} findings are done; the same command goes on.")
        )


def _title(record: ScanRecord) -> str:
    order = record.order
    how = f"{order.color} {order.marker}, {order.n} × {order.n}"
    return f"{order.dataset}, {order.part}: {model_title(order.model)}, {how}"


def _stored(model: str) -> list[ScanRecord]:
    records = [
        record for file in stored_files("scan") if (record := _read(file, file.stat().st_mtime_ns)) and record.findings
    ]
    return sorted(records, key=lambda record: record.order.model != model)


@lru_cache(maxsize=16)
def _read(file: Path, changed_ns: int) -> ScanRecord | None:  # noqa: ARG001 - part of the cache's key
    try:
        return ScanRecord.read(file)
    except LabError:
        return None


@lru_cache(maxsize=16)
def _summaries(record: ScanRecord) -> tuple[tuple[Measured, ...], tuple[Measured, ...]]:
    return record.summary("hit"), record.summary("iou")
