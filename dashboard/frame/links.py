"""What the address bar carries, the same way on every page: read it, say once what of it cannot be shown, write it.

A filter that is a single widget is bound to its part of the address by Streamlit (`bind="query-params"`): that reads,
checks and writes it, without a step of the browser's Back for each change. What is more than the values of widgets,
such as a drawing, is read with `new_link` and written with `write_link`. Both drop what they cannot show, and say so
with `left_out`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import streamlit as st

from dashboard.frame.view import VIEW
from dashboard.frame.words import as_list, few

NOT_OURS = ("embed", "utm_", "fbclid", "gclid")
"""How parts of an address begin that Streamlit and the places where links are posted add."""
_MAX_CHARS, _MOST = 40, 6


def address() -> dict[str, list[str]]:
    """What the address says now: all values of each name."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name != VIEW}


def new_link(page: str, arrived: bool) -> dict[str, str] | None:
    """What the address says, if this session has not written it there; None if it has.

    Args:
        page: Whose state it is.
        arrived: Whether the person comes from another page: an address that says nothing then leads to what was left
            here. On the page itself, the browser's Back leads there at last: to the page as it was first shown.
    """
    query = _said()
    known = query == st.session_state.get(_written(page)) or (arrived and not query)
    # Known from here on, also where the page stops before it writes its own.
    st.session_state[_written(page)] = query
    if known:
        return None
    st.session_state.pop(_left_out(page), None)
    return query


def write_link(page: str, query: Mapping[str, str]) -> None:
    """Bring the address bar up to date; what it says can be copied and opened elsewhere."""
    if query != _said():
        view = {VIEW: st.query_params[VIEW]} if VIEW in st.query_params else {}
        st.query_params.from_dict({**query, **view})
    st.session_state[_written(page)] = dict(query)


def leave_out(page: str, sentences: Sequence[str]) -> None:
    """Keep for `say_left_out` what of the link cannot be shown, a sentence each."""
    kept, _ = st.session_state.get(_left_out(page), ((), None))
    st.session_state[_left_out(page)] = ((*kept, *sentences), None)


def unknown_parts(query: Mapping[str, str], known: Collection[str], page_name: str) -> list[str]:
    """A sentence about the parts of a link whose names the page does not know, if there are such."""
    unknown = [quoted(name) for name in query if name not in known and not name.startswith(NOT_OURS)]
    if not unknown:
        return []
    return [f"This link asks for what {page_name} does not know: {few(unknown, _MOST)}. It was left out."]


def say_unknown(page_name: str, others: Collection[str], others_begin: tuple[str, ...]) -> None:
    """A box about the parts of the address that neither a page without filters knows nor another page.

    Args:
        page_name: The page, in a sentence.
        others: What other pages read.
        others_begin: How else names begin that other pages read.
    """
    asked = {name: "" for name in _said() if not name.startswith(others_begin)}
    if sentences := unknown_parts(asked, others, page_name):
        st.warning(as_list(sentences), icon=":material/link_off:")


def quoted(text: str) -> str:
    """The beginning of what somebody wrote into a link, in quotation marks."""
    return f"“{text[:_MAX_CHARS]}{'…' if len(text) > _MAX_CHARS else ''}”"


def check_again(page: str) -> None:
    """Forget what was left out of an earlier link: the person has come by another one."""
    st.session_state.pop(_left_out(page), None)


def drop_of_other_page(names: Iterable[str], theirs: Iterable[str], theirs_begin: str = "") -> None:
    """Take out of the address what another page has written there.

    Args:
        names: What this page reads.
        theirs: What the other page writes. If the address says something that only they have, all of it is theirs.
        theirs_begin: How else names begin that it writes.
    """
    said = set(_said())
    other = {*theirs, *(name for name in said if theirs_begin and name.startswith(theirs_begin))}
    if said & other - set(names):
        for name in said & other:
            del st.query_params[name]


def is_checked(page: str) -> bool:
    """Whether `leave_out` was called for the link. Later, where widgets are bound, the address says what they show."""
    return _left_out(page) in st.session_state


def say_left_out(page: str, shown: object) -> None:
    """One box about all that was left out of a link; it stays until something else is shown.

    Args:
        page: As in `leave_out`.
        shown: What the page shows now, by which it is told from something else; not None.
    """
    sentences, then = st.session_state.get(_left_out(page), ((), None))
    if then not in (None, shown):
        sentences = ()
    st.session_state[_left_out(page)] = (sentences, shown)
    if sentences:
        st.warning(as_list(sentences), icon=":material/link_off:")


def _said() -> dict[str, str]:
    """What the address says of the page; how pages are shown is not its matter."""
    return {name: text for name, text in st.query_params.to_dict().items() if name != VIEW}


def _written(page: str) -> str:
    return f"{page}: address"


def _left_out(page: str) -> str:
    return f"{page}: left out of the link"
