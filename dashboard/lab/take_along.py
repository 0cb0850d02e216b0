"""The numbers of a part as a CSV file, a row each with everything that is needed to ask again."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import streamlit as st

import vpe_core
from dashboard.demo.answer_column.exports import pixels_sha256
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import UPLOAD
from dashboard.frame.csv_cells import cell
from dashboard.frame.shared_models import shared_model
from dashboard.lab.subject import Subject
from vpe_core.markers.marks import Mark, marks_to_text
from vpe_core.plots.take_along import OUT_OF_DOMAIN, file_name

Row: TypeAlias = Mapping[str, object]
OWN = "own X-ray"


def csv_button(part: str, rows: Callable[[], Sequence[Row]], subject: Subject, models: Sequence[str] = ()) -> None:
    """A button that saves what a part shows; the file is made at the click.

    Args:
        part: Names the file, and the button's key.
        rows: Their columns are those of the first; "model" is a column where several were asked.
        subject: What they are of.
        models: The names of all models that were asked, where it is not the subject's alone.
    """
    weights = {name: shared_model(name).record.weights_sha256 for name in models or (subject.model,)}
    make = partial(_file, rows, _about(subject), subject.model, weights)
    name = file_name(f"{part}.csv", simulated=subject.xray.simulated)
    st.download_button(
        "CSV", make, name, "text/csv", key=f"lab_csv_{part}", icon=":material/download:", on_click="ignore",
        help="These numbers as a table, with model, X-ray, region and prompt in each row.",
    )  # fmt: skip


def set_csv_button(part: str, rows: Callable[[], Sequence[Row]], *, simulated: bool) -> None:
    """The same for what is stored of a data set: each row has its own model, weights and data set, and no X-ray.

    Args:
        part: Names the file, and the button's key.
        rows: Their columns are those of the first.
        simulated: Whether the data set is, which each row and the file's name say.
    """
    name = file_name(f"{part}.csv", simulated=simulated)
    about = {"simulated": simulated, "app_version": vpe_core.__version__}
    st.download_button(
        "CSV", lambda: _written([{**row, **about} for row in rows()]), name, "text/csv", key=f"lab_csv_{part}",
        icon=":material/download:", on_click="ignore",
        help="These numbers as a table, with data set, model and weights in each row.",
    )  # fmt: skip


def _file(rows: Callable[[], Sequence[Row]], about: Row, model: str, weights: Mapping[str, str]) -> bytes:
    full = []
    for row in rows():
        name = str(row.get("model", model))
        full.append({**row, "model": name, "weights_sha256": weights[name], **about})
    return _written(full)


def _written(full: Sequence[Row]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if full:
        writer.writerow(full[0])
        writer.writerows([_said(value) for value in row.values()] for row in full)
    return buffer.getvalue().encode()


def _about(subject: Subject) -> Row:
    """What stands in every row."""
    scene, xray, state = subject.scene, subject.xray, session.state()
    image = xray.title if subject.secret else OWN if state.sample == UPLOAD else xray.key
    _, _, corners = marks_to_text((Mark(scene.style.marker, scene.region),)).partition(":")
    return {
        "xray": image,
        "simulated": xray.simulated,
        "caution": OUT_OF_DOMAIN if subject.astray else "",
        "xray_pixels_sha256": pixels_sha256(xray.image),
        "class": scene.target,
        "classes": "|".join(scene.classes),
        "present_marker": scene.style.title,
        "region": f"{type(scene.region).__name__.lower()} {corners}",
        "prompt": state.template,
        "suffix": scene.suffix(scene.style).strip(),
        "app_version": vpe_core.__version__,
    }


def _said(value: object) -> object:
    """A value as a cell: texts are safe in a spreadsheet, and what cannot be told is empty."""
    if isinstance(value, bool | int):
        return value
    if value is None:
        return ""
    if isinstance(value, str):
        return cell(value)
    number = float(value)  # type: ignore[arg-type]  # a Python or NumPy float
    return f"{number:.6f}" if math.isfinite(number) else ""
