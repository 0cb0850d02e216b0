"""What a link to the benchmark asks for and what of it is not here: the filters drop that, this says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.frame.links import quoted, unknown_parts
from dashboard.frame.words import few

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
    "cases": "number of cases",
    "cases_order": "order of the cases",
    "cases_class": "class of the cases",
    "flips": "flips only",
}
TYPED = ("prompt", "suffix_words", "compare", "against")
"""What is checked where it is used: what a person writes, and the rows that are compared."""
KNOWN_IN_LINKS = (*_NAMES, *TYPED)
"""What the benchmark page reads from the address, besides the wording of classes."""
SWITCH = ("true", "false", "1", "0")
"""What a link may say of a switch."""
_MAY_BE_EMPTY = ("data", "model", "rows")
"""Lists that a person may have emptied."""
WORDING = "say "
"""How the name of a wording begins."""
_MOST = 6


def unknown_in_link(
    asked: Mapping[str, Sequence[str]], offered: Mapping[str, Sequence[str]], classes: Sequence[str] = ()
) -> list[str]:
    """A sentence about names that the page does not know, and one about what is not there: "data set “nosuch”".

    Args:
        asked: The address, before the filters have taken it over and dropped what they do not know.
        offered: For each filter all that can be chosen, as links write it.
        classes: Those whose wording can be changed.
    """
    missing, unknown, typed = [], {}, {*TYPED, *map(wording_key, classes)}
    for name, values in asked.items():
        if name in offered:
            wrong = [value for value in values if value not in offered[name]]
            if wrong == [""] and name in _MAY_BE_EMPTY:
                continue
            missing += [f"{_NAMES.get(name, name)} {quoted(value)}" for value in wrong]
        else:
            unknown[name] = ""
    told = unknown_parts(unknown, typed, "the benchmark")
    if missing:
        told.append(f"This link asks for what is not among the results here: {few(missing, _MOST)}. It was left out.")
    return told


def wording_key(label: str) -> str:
    """The name in links of a class's wording."""
    return f"{WORDING}{label}"
