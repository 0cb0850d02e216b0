"""What the benchmark page offers in place of results that are not there, one click each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.benchmark.filters import DATA, MODEL, Choice, show_look, show_only
from dashboard.benchmark.results import Column
from dashboard.frame.words import as_text, few
from vpe_core.variants import Variant


def offer_measured(choice: Choice, having: Sequence[Column], look: Variant | None, title: str) -> None:
    """What there is instead of a marker that the leading results lack, one click each.

    Args:
        choice: What the filters ask for.
        having: Results that do have this marker.
        look: What the leading results have instead; None if they have no marker at all.
        title: What that is called.
    """
    with st.container(horizontal=True, gap="small", key="bench_offers"):
        if look:
            words = f"Show {title} on {choice.first.dataset}"
            st.button(as_text(words), key="bench_offer_look", on_click=show_look, args=(look,))
        if having:
            st.button(as_text(_offer(having)), key="bench_offer_results", on_click=show_only, args=(having,))


def nothing_chosen(found: Sequence[Column]) -> None:
    """What there is instead of a choice without results, and one click that leads to it."""
    data, who = st.session_state.get(DATA) or [], st.session_state.get(MODEL) or []
    if data and who:
        st.info(as_text(f"There are no results of {few(who)} on {few(data)}."), icon=":material/filter_alt:")
    else:
        what = "a data set and a model" if not data and not who else "a model" if data else "a data set"
        st.info(f"Choose {what} to see results.", icon=":material/filter_alt:")
    of_model = tuple(column for column in found if column.who in who)
    of_data = tuple(column for column in found if column.dataset in data)
    offers = list(dict.fromkeys(filter(None, (of_model, of_data)))) or [tuple(found)]
    with st.container(horizontal=True, gap="small", key="bench_offers"):
        for number, near in enumerate(offers):
            st.button(as_text(_offer(near)), key=f"bench_offer_{number}", on_click=show_only, args=(near,))


def _offer(columns: Sequence[Column]) -> str:
    names, who = (list(dict.fromkeys(part)) for part in zip(*((one.dataset, one.who) for one in columns), strict=True))
    return f"Show {few(who, 2)} on {few(names, 3)}"
