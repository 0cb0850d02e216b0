"""The live demo's state as the address bar has it: in names that no other page takes away, and without one's own data.

On the way to another page, Streamlit takes out of the address whatever the filters of the page before are called. A
state that came from a benchmark's case has other names for those parts, so that it is whole after Back and Forward.
What a person has given is never in an address: only this session can tell what its short sign stands for.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import streamlit as st

from dashboard.demo.state.demo_state import FROM_CASE, DemoState
from dashboard.demo.state.state_link import query_from_state
from dashboard.frame.unknown_in_link import KNOWN_IN_LINKS
from dashboard.library.own_set import is_own

OWN = "own"
"""The name in an address of a sign for what is shown of one's own data."""
_SIGNS, _MOST_SIGNS = "demo:own signs", 4000
_OF_NOBODY = "This link leads to data that somebody gave to a session of their own; it is in no other session."


def address_of(state: DemoState, *, apart: bool) -> dict[str, str]:
    """What the address says of a state.

    Args:
        state: What is shown.
        apart: Whether parts that are called like a filter of the benchmark have names of their own.
    """
    if is_own(state.sample):
        return {OWN: _sign_of(state)}
    query = query_from_state(state)
    return {f"{FROM_CASE}{name}" if apart and name in KNOWN_IN_LINKS else name: text for name, text in query.items()}


def plain_names(query: Mapping[str, str]) -> dict[str, str]:
    """An address in the names of the state's parts; of two names for one part, the one of its own counts."""
    return {name.removeprefix(FROM_CASE): query[name] for name in sorted(query, key=is_apart)}


def is_apart(name: str) -> bool:
    """Whether a name in an address is one that no filter of the benchmark has."""
    return name.startswith(FROM_CASE)


def own_state(query: Mapping[str, str]) -> tuple[DemoState | None, tuple[str, ...]]:
    """What an address shows of this session's own data, if it does; and a sentence if it is another session's."""
    if OWN not in query:
        return None, ()
    state = next((state for state, sign in _signs().items() if sign == query[OWN]), None)
    here = state is not None and is_own(state.sample)
    return (state, ()) if here else (None, (_OF_NOBODY,))


def forget_own_states() -> None:
    """Nothing in this session stands for one's own data any more."""
    st.session_state.pop(_SIGNS, None)


def _signs() -> dict[DemoState, str]:
    signs: dict[DemoState, str] = st.session_state.setdefault(_SIGNS, {})
    return signs


def _sign_of(state: DemoState) -> str:
    signs = _signs()
    if state not in signs and len(signs) >= _MOST_SIGNS:
        del signs[next(iter(signs))]
    return signs.setdefault(state, secrets.token_hex(4))
