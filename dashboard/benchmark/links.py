"""What a link to the benchmark asks for and what of it is not here: the filters drop that, this says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.frame.words import as_text, few

_NAMES = {
    "data": "data set",
    "model": "model",
    "marker": "marker",
    "metric": "metric",
    "class": "class",
    "color": "colour",
    "width": "width",
    "protocol": "protocol",
    "suffix": "rows",
    "named": "marker in the sentence",
    "scoring": "scoring",
    "rows": "markers in the table",
    "intervals": "intervals",
    "ensembles": "ensembles",
    "chart": "chart",
}
SWITCH = ("true", "false", "1", "0")
"""What a link may say of a switch."""
_MAY_BE_EMPTY = ("data", "model", "rows")
"""Lists that a person may have emptied."""
TYPED = ("prompt", "suffix_words")
"""What a person writes: it is checked where it is used."""
_WORDING = "say "
_OTHERS = ("embed", "utm_", "fbclid", "gclid")
"""What Streamlit and the places where links are posted add."""
_MAX_CHARS, _MOST = 40, 6
_TOLD = "bench:told of link"


def asked_for() -> dict[str, list[str]]:
    """What the address says, before the filters have taken it over and dropped what they do not know."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def left_out(
    asked: Mapping[str, Sequence[str]], offered: Mapping[str, Sequence[str]], classes: Sequence[str] = ()
) -> list[str]:
    """What of a link is not there to be shown: "data set “nosuch”".

    Args:
        asked: From `asked_for`.
        offered: For each filter all that can be chosen, as links write it.
        classes: Those whose wording can be changed.
    """
    missing, typed = [], {*TYPED, *map(wording_key, classes)}
    for name, values in asked.items():
        if name in offered:
            wrong = [value for value in values if value not in offered[name]]
            if wrong == [""] and name in _MAY_BE_EMPTY:
                continue
            missing += [f"{_NAMES.get(name, name)} {_quoted(value)}" for value in wrong]
        elif name not in typed and not name.startswith(_OTHERS):
            missing.append(_quoted(name))
    return missing


def say_left_out(
    asked: Mapping[str, Sequence[str]], offered: Mapping[str, Sequence[str]], classes: Sequence[str], shown: object
) -> None:
    """One box about all that was left out of a link; it stays until other results are chosen.

    Args:
        asked: From `asked_for`.
        offered: For each filter all that can be chosen, as links write it.
        classes: Those whose wording can be changed.
        shown: What the filters are set to now.
    """
    if _TOLD not in st.session_state:  # later, the address says what the filters were set to
        st.session_state[_TOLD] = (left_out(asked, offered, classes), shown)
    told, then = st.session_state[_TOLD]
    if not told or then != shown:
        st.session_state[_TOLD] = ([], None)
        return
    st.warning(
        as_text(f"This link asks for what is not among the results here: {few(told, _MOST)}. It was left out."),
        icon=":material/link_off:",
    )


def wording_key(label: str) -> str:
    """The name in links of a class's wording."""
    return f"{_WORDING}{label}"


def _quoted(text: str) -> str:
    return f"“{text[:_MAX_CHARS]}{'…' if len(text) > _MAX_CHARS else ''}”"
