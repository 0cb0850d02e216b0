"""Cards of the data sets: whether they are here, how to get them, and a check of what is in their folder."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.frame.words import as_text
from vpe_core import datasets
from vpe_core.datasets import Dataset, DatasetSpec, Problem
from vpe_core.errors import VPEError

_SHOWN_PROBLEMS = 200
_ROW_PX = 35


def dataset_card(spec: DatasetSpec) -> None:
    """A data set: where it comes from, its terms, and whether it is here; if so, with a check."""
    here = datasets.is_here(spec.name)
    with st.container(border=True, key=f"dataset_{spec.name}"):
        badge = ":blue-badge[ready]" if here else ":gray-badge[not here]"
        simulated = " :gray-badge[simulated]" if spec.simulated else ""
        st.markdown(f"**{as_text(spec.title)}** {badge}{simulated}")
        st.caption(as_text(" ".join(filter(None, (spec.terms, spec.citation and f"{spec.citation}.")))))
        if here:
            _check(spec)
        else:
            st.caption(as_text(spec.how_to_get))


@st.fragment
def _check(spec: DatasetSpec) -> None:
    """A button, and what the last check of this session found."""
    memory = f"checked {spec.name}"
    part = spec.default_part
    if len(spec.parts) > 1 and not spec.simulated:  # of the simulated sets, the project carries one part
        part = st.selectbox("Part", spec.parts, spec.parts.index(part), key=f"part {spec.name}")
    if st.button(f"Check {spec.name}", key=f"check {spec.name}", icon=":material/fact_check:"):
        with st.spinner(f"Reading {spec.title}"):
            try:
                st.session_state[memory] = datasets.open_dataset(spec.name, part=part)
            except VPEError as error:
                st.session_state[memory] = str(error)
    match st.session_state.get(memory):
        case Dataset() as dataset:
            dataset_content(dataset, dataset.all_problems)
        case str() as message:
            st.error(as_text(message), icon=":material/error:")


def dataset_content(dataset: Dataset, problems: Sequence[Problem]) -> None:
    """Counts, classes, and what cannot be used."""
    part = "" if dataset.part == "all" else f"Part {dataset.part}: "
    classes = f"{len(dataset.classes)} class{'es' * (len(dataset.classes) != 1)}"
    st.markdown(f"{part}**{len(dataset):,} samples** in {dataset.of_whom}; {classes}.")
    if dataset.note:
        st.caption(as_text(dataset.note))
    counts = dataset.class_counts()
    st.dataframe(
        {"Class": list(counts), "Samples": list(counts.values())},
        hide_index=True,
        height=_ROW_PX * (min(len(counts), 10) + 1) + 3,
        key=f"classes {dataset.name}",
    )
    if dataset.class_warning:
        st.warning(as_text(dataset.class_warning), icon=":material/warning:")
    if not problems:
        st.success("Nothing is wrong.", icon=":material/check:")
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in datasets.count_kinds(problems).items())
    st.warning(as_text(f"{len(problems):,} cannot be used: {kinds}."), icon=":material/rule:")
    shown = problems[:_SHOWN_PROBLEMS]
    st.dataframe(
        {
            "Row": [problem.row for problem in shown],
            "Why": [problem.reason for problem in shown],
            "File": [problem.file for problem in shown],
        },
        hide_index=True,
        key=f"problems {dataset.name}",
    )
    if len(problems) > len(shown):
        st.caption(as_text(f"The first {len(shown)}; `datasets check {dataset.name} --json` lists all."))
