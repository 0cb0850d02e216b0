"""What a benchmark has stored of the case that is shown, and the way back to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.benchmark.case_link import case_state, class_words, question_of
from dashboard.benchmark.results import Column, columns, evaluation
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState, same_question
from dashboard.frame.html import render
from dashboard.frame.page import page_link
from vpe_core.errors import VPEError
from vpe_core.plots.percent import percent
from vpe_core.results.analysis.rows import TableRow, marker_title
from vpe_core.results.analysis.tables import scored_pair
from vpe_core.variants import Variant

_BENCHMARK = "pages/benchmark.py"
_FROM_CASE, _ADDRESS = "demo:from a case", "demo:benchmark address"


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredCase:
    """A sample as a benchmark has measured it.

    Attributes:
        column: The results.
        look: The marker.
        words: What the prompts call its true class.
        before: The stored probability of the true class without the marker.
        after: With it.
    """

    column: Column
    look: Variant
    words: str
    before: float
    after: float


def keep_benchmark(address: Mapping[str, list[str]]) -> None:
    """Remember how the benchmark page is left, for the way back to it."""
    st.session_state[_ADDRESS] = dict(address)


def measured_case(state: DemoState) -> MeasuredCase | None:
    """The case that the state names, if the state shows just that, and its results are here."""
    if not state.measured:
        return None
    identity, _, place = state.measured.partition(":")
    row, _, key = place.partition(":")
    column = next((one for one in columns() if one.run.fingerprint.startswith(identity)), None)
    try:
        return None if column is None else _measured_there(column, int(row), Variant.parse(key), state)
    except VPEError:  # a link that somebody has made up
        return None


def _measured_there(column: Column, row: int, look: Variant, state: DemoState) -> MeasuredCase | None:
    run, question = column.run, question_of(column.run, state)
    expected = case_state(run, row, look, question, state.suffix) if row < len(run.samples) else None
    if expected is None or expected.measured != state.measured or not same_question(expected, state):
        return None
    before, after = scored_pair(evaluation(), run, TableRow(look, state.suffix), question)
    (places,) = np.nonzero(after.rows == row)
    if not len(places):
        return None
    words = dict(zip(run.manifest.dataset.classes, class_words(run, question), strict=True))
    chances = (float(scored.of_true_class[places[0]]) for scored in (before, after))
    return MeasuredCase(column, look, words[str(run.samples.iloc[row]["label"])], *chances)


def as_measured_line() -> None:
    """Above the answer: what was measured of this case, how the picture is made, and the way back."""
    state = session.state()
    if state.measured:
        st.session_state[_FROM_CASE] = True
    came = st.session_state.get(_FROM_CASE, False)
    if not came and state.protocol == "native":
        return
    case = measured_case(state)
    with st.container(key="demo_measured", gap=None):
        if case:
            st.html(_line(case))
        elif state.measured:
            st.caption(_why_none(state))
        elif state.protocol == "paper":
            st.caption("Drawn as in the paper: on the picture squashed to 256 x 256 pixels.")
            st.button("Draw at full resolution", key="demo_native", on_click=_draw_natively)
        if came:
            page_link(_BENCHMARK, "Back to the benchmark", icon=":material/arrow_back:", query_params=_address(case))


def _why_none(state: DemoState) -> str:
    """Why the case that the state names is not shown as measured."""
    identity = state.measured.partition(":")[0]
    if any(column.run.fingerprint.startswith(identity) for column in columns()):
        return (
            "Not as measured any more: the link names a case of the benchmark, but another picture, marker or question "
            "than was measured. The answer is that of what is shown."
        )
    return "The results that this case was opened from are not on this machine."


def _draw_natively() -> None:
    session.change(protocol="native")


def _line(case: MeasuredCase) -> str:
    look, run = case.look, case.column.run.manifest
    how = [f"{look.color} {marker_title(look.marker)}", f"{look.width:g} px", f"{look.protocol} protocol"]
    return render(
        "as_measured",
        label=case.words,
        before=percent(case.before),
        after=percent(case.after),
        kind="vpl-gain" if case.after > case.before else "vpl-loss",
        how=", ".join(how),
        where=f"{case.column.who} on {case.column.dataset}",
        simulated=run.dataset.simulated,
    )


def _address(case: MeasuredCase | None) -> dict[str, str | list[str]]:
    """How the benchmark page was left; for who came by a link, the results that have the case."""
    kept: dict[str, list[str]] | None = st.session_state.get(_ADDRESS)
    if kept is not None:
        return dict(kept)
    if case is None:
        return {}
    return {"data": case.column.dataset, "model": case.column.who}
