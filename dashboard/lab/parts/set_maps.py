"""Maps of a whole data set, from the files that `lab maps` wrote: how well each finds the findings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

from dashboard.demo.answer_column.settings import model_title
from dashboard.frame.html import render
from dashboard.frame.palette import palette
from dashboard.lab.map_charts import chart_of_set_maps
from dashboard.lab.show import chart, say_whose, stored_choice
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, set_csv_button
from vpe_core.errors import ResultsError
from vpe_core.lab.findings import how_many, stored_files
from vpe_core.lab.mapping import title_of
from vpe_core.lab.set_maps import ClassOfSet, SetMaps, read_set_maps
from vpe_core.plots.percent import percent, points

COMMAND = "python -m vpe_core lab maps --dataset sim-multi --model {model}"
NONE_STORED = (
    "No maps of a whole data set are stored here. This command makes every quick map of every finding, without and "
    "with a marker; it takes a while:"
)
MEASURES = {"hit": "Pointing hit", "iou": "IoU"}
_SAID = {"hit": percent, "iou": "{:.2f}".format}


def show_set_maps(subject: Subject) -> None:
    """How well each map finds the findings of a set, the subject's model first; or how to measure that."""
    st.markdown("**Which map finds the findings?**")
    found = stored_choice(
        "Stored maps", _stored(subject.model), _title, key=f"lab_stored_maps_{subject.model}", missing=NONE_STORED,
        command=COMMAND.format(model=subject.model),
    )  # fmt: skip
    if found is None:
        return
    names = best_first(found)
    say_whose(subject, found.model, found.weights)
    st.html(render("lab_sentence", text=found.words(), simulated=found.simulated))
    with st.container(key="lab_set_maps"):
        for measure, title in MEASURES.items():
            with st.container(key=f"lab_set_maps_{measure}", gap=None):
                st.html(render("lab_set_key", title=title, marker=found.marker))
                figure = chart_of_set_maps(found, names, measure, palette())
                chart(figure, f"set maps {measure}", _alt(found, names, measure), subject, named=False)
    st.html(
        render(
            "lab_set_maps", found=found, names=names, title_of=title_of, percent=percent, points=points,
            model=model_title(found.model), of=how_many(found.n, found.n_all),
        )
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="lab_set_class_row"):
        of_class = st.segmented_control(
            "By class", tuple(MEASURES), format_func=MEASURES.__getitem__, key="lab_set_class"
        )
        set_csv_button("maps-over-set", lambda: rows_of(found), simulated=found.simulated)
    if of_class:
        st.html(
            render(
                "lab_set_classes", found=found, names=names, title_of=title_of, measure=of_class,
                title=MEASURES[of_class], said=_SAID[of_class], percent=percent,
            )
        )  # fmt: skip


def rows_of(found: SetMaps) -> list[Row]:
    """Each map without and with the marker, and what that adds; over the set with its interval, then in each class."""
    rows: list[Row] = []

    def add(name: str, measure: str, way: str, label: str, of: ClassOfSet, numbers: Row) -> None:
        rows.append(
            {
                "map": title_of(name), "measure": measure, "way": way, "class": label, "findings": of.n,
                "patients": of.patients, **numbers, "dataset": found.dataset, "part": found.part,
                "marker": found.marker, "model": found.model, "weights_sha256": found.weights,
            }
        )  # fmt: skip

    everything = ClassOfSet(found.n, found.patients, found.chance_hit)
    for name in best_first(found):
        one = found.maps[name]
        for measure, gain in one.gains.items():
            ways = {"no marker": one.unmarked, "marked": one.marked}
            for way, known in {**{way: getattr(score, measure) for way, score in ways.items()}, "adds": gain}.items():
                numbers = {"value": known.value, "low": known.low, "high": known.high}
                add(name, measure, way, "all", everything, numbers)
            for label, of in found.classes.items():
                for way, score in ways.items():
                    value = getattr(score.by_class[label], measure)
                    add(name, measure, way, label, of, {"value": value, "low": None, "high": None})
    return rows


def best_first(found: SetMaps) -> list[str]:
    """The maps by their IoU without a marker, the largest first."""
    return sorted(found.maps, key=lambda name: -found.maps[name].unmarked.iou.value)


def _alt(found: SetMaps, names: list[str], measure: str) -> str:
    """A chart in words."""
    said = _SAID[measure]
    rows = [
        f"{title_of(name)} {said(getattr(one.unmarked, measure).value)}, with the {found.marker} "
        f"{said(getattr(one.marked, measure).value)}"
        for name in names
        for one in (found.maps[name],)
    ]
    return f"{MEASURES[measure]} over {how_many(found.n, found.n_all)}, without a marker: {'; '.join(rows)}"


def _title(found: SetMaps) -> str:
    return f"{found.dataset}, {found.part}: {model_title(found.model)}, {found.marker}, {found.n:,} findings"


def _stored(model: str) -> list[SetMaps]:
    read = (_read(file, file.stat().st_mtime_ns) for file in stored_files("maps"))
    return sorted((one for one in read if one), key=lambda one: one.model != model)


@lru_cache(maxsize=32)
def _read(file: Path, changed_ns: int) -> SetMaps | None:  # noqa: ARG001 - part of the cache's key
    try:
        return read_set_maps(file)
    except ResultsError:
        return None
