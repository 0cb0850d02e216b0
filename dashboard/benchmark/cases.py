"""Cases: what the marker does to single samples, with a way into the live demo, which shows each as it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.benchmark.case_link import box_of, case_state
from dashboard.benchmark.filters import ALL, NUMBERS, ORDERS, Choice
from dashboard.benchmark.results import OwnRun, evaluation, image_folder
from dashboard.benchmark.table import look_of
from dashboard.demo.answer_column.as_measured import keep_benchmark
from dashboard.demo.state.address import address_of
from dashboard.frame import links
from dashboard.frame.assets import asset
from dashboard.frame.html import render
from dashboard.frame.jpeg import jpeg
from dashboard.frame.page import page_link
from dashboard.frame.words import as_text
from vpe_core.errors import VPEError
from vpe_core.images import load_image
from vpe_core.markers import draw_marker
from vpe_core.plots.percent import percent, points_between
from vpe_core.results.analysis.cases import case_table
from vpe_core.results.analysis.numerals import signed_text
from vpe_core.types import Box

_SORTED: Mapping[str, tuple[list[str], list[bool]]] = dict(
    zip(
        ORDERS,
        (
            (["change"], [False]),
            (["change"], [True]),
            (["label", "change"], [True, False]),
            (["box_share"], [True]),
            (["box_share"], [False]),
        ),
        strict=True,
    )
)
"""For each order the columns, and whether each ascends."""
_A_TIME = 20
"""Cases that are drawn before somebody scrolls to their end."""
_THUMB_PX = 288
_UNFOLDED = "bench:unfolded cases"


@st.fragment
def show_cases(choice: Choice) -> None:
    """Show single samples of the leading results, the ones that the marker helped most first."""
    first = choice.first
    st.header(f"Cases: what {look_of(choice.look)} does to single X-rays", anchor=False)
    what = "score" if choice.question.scoring == "cosine" else "probability"
    st.caption(
        as_text(
            f"{first.who} on {first.dataset}: the {what} of the true class, without → with the marker; what it said"
        )
    )
    try:
        table = case_table(first.run, choice.lead, choice.question, evaluation())
    except VPEError as error:
        st.info(as_text(str(error)), icon=":material/info:")
        return
    table, most = _chosen(table)
    folder = image_folder(first.run)
    if folder is None:
        st.caption("The X-rays of this data set are not on this machine, so there are only numbers.")
    if table.empty:
        st.info("No case is like that. Choose all classes, or turn off “Flips only”.", icon=":material/filter_alt:")
        return
    wanted = min(len(table), most or len(table))
    drawn = min(wanted, _unfolded((first.run.fingerprint, choice.lead, choice.question, most)))
    st.caption(f"{drawn:,} of {len(table):,} cases")
    with st.container(key="bench_cases"):
        for _, case in table.head(drawn).iterrows():
            _case(case, choice, folder)
    keep_benchmark(links.address())
    _component("place")(key="bench_place", height="content")
    if drawn < wanted:
        _component("more_when_seen")(
            key="bench_cases_end", data={"shown": drawn}, on_seen_change=_unfold, height="content"
        )


def _chosen(table: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """The cases that are asked for, sorted, and how many at most."""
    classes = sorted(set(table["label"]))
    with st.container(key="bench_cases_row", horizontal=True, vertical_alignment="bottom", gap="small"):
        order = st.segmented_control(
            "Sort by", ORDERS, default=ORDERS[0], key="cases_order", required=True, bind="query-params"
        )
        number = st.segmented_control(
            "How many", NUMBERS, default=NUMBERS[0], key="cases", required=True, bind="query-params"
        )
        label = st.selectbox("Class of the cases", (ALL, *classes), key="cases_class", bind="query-params", width=190)
        flips = st.toggle("Flips only", key="flips", bind="query-params", help="Where the marker changed the answer.")
    if label in classes:
        table = table[table["label"] == label]
    if flips:
        table = table[table["said_before"] != table["said_after"]]
    columns, ascending = _SORTED[order or ORDERS[0]]
    most = None if number == NUMBERS[-1] else int(number or NUMBERS[0])
    return table.sort_values(columns, ascending=ascending, kind="stable"), most


def _unfolded(shown: object) -> int:
    """How many cases have been scrolled to; anew for other cases."""
    known, number = st.session_state.get(_UNFOLDED, (None, _A_TIME))
    if known != shown:
        number = _A_TIME
        st.session_state[_UNFOLDED] = (shown, number)
    return int(number)


def _unfold() -> None:
    shown, number = st.session_state[_UNFOLDED]
    seen = (st.session_state.get("bench_cases_end") or {}).get("seen")
    if seen == number:  # and not an earlier end, told late
        st.session_state[_UNFOLDED] = (shown, number + _A_TIME)


@cache
def _component(name: str) -> Any:
    return st.components.v2.component(f"vpl_{name}", js=asset(f"{name}.js"))


def _case(case: pd.Series, choice: Choice, folder: Path | None) -> None:
    with st.container(key=f"bench_case_{case['sample']}", gap=None):
        picture = _picture(case, choice, folder)
        if picture:
            st.image(picture, width="stretch", alt=f"Chest X-ray with {case['label']} marked")
        st.html(case_words(case, in_percent=choice.question.scoring != "cosine"))
        if link := demo_link(case, choice):
            label = "Open as measured" if link.as_measured else "Open in live demo"
            page_link("pages/live_demo.py", label, icon=":material/draw:", query_params=link.query)


def case_words(case: pd.Series, in_percent: bool) -> str:
    """What the marker did, in the figures of the live demo."""
    before, after = (percent(case[at]) if in_percent else f"{case[at]:.2f}" for at in ("before", "after"))
    return render(
        "case",
        label=case["label"],
        kind="vpl-gain" if case["change"] > 0 else "vpl-loss",
        change=f"{points_between(case['before'], case['after'])} points" if in_percent else signed_text(case["change"]),
        before=before,
        after=after,
        said_before=case["said_before"],
        said_after=case["said_after"],
    )


@dataclass(frozen=True, slots=True)
class _DemoLink:
    """A link to the live demo: what its address says, and whether the demo asks just as it was measured."""

    query: Mapping[str, str]
    as_measured: bool


def demo_link(case: pd.Series, choice: Choice) -> _DemoLink | None:
    """A link to the live demo that shows this case as measured; None if the demo does not have the X-ray."""
    run = choice.first.run
    if image_folder(run) is None:
        return None
    state = case_state(run, int(case["sample"]), choice.look, choice.question, choice.named)
    return None if state is None else _DemoLink(address_of(state, apart=True), bool(state.measured))


def _picture(case: pd.Series, choice: Choice, folder: Path | None) -> bytes | None:
    """The X-ray with the marker, as people see it; None without a file that can be read."""
    box, file = box_of(case), case.get("image_path")
    if folder is None or box is None or not isinstance(file, str):
        return None
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    variant = choice.look
    draw = _thumbnail if isinstance(choice.first.run, OwnRun) else _drawn  # one's own X-rays stay in the session
    try:
        return draw(str(path), path.stat().st_mtime_ns, box.xyxy, variant.marker, variant.color)
    except VPEError:
        return None


@st.cache_data(max_entries=512, show_spinner=False)
def _drawn(
    path: str,
    changed_ns: int,
    xyxy: tuple[float, float, float, float],
    marker: str,
    color: str,
) -> bytes:
    return _thumbnail(path, changed_ns, xyxy, marker, color)


def _thumbnail(
    path: str,
    changed_ns: int,  # noqa: ARG001 - as in `_drawn`
    xyxy: tuple[float, float, float, float],
    marker: str,
    color: str,
) -> bytes:
    image = draw_marker(load_image(Path(path)), Box(*xyxy), marker, color=color)
    image.thumbnail((_THUMB_PX, _THUMB_PX))
    return jpeg(image)
