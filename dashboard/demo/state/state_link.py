"""The live demo's state as a link says it.

A link comes from anyone. Each part is checked; one that is not valid is left at its default, with a sentence that says
so. An upload is never part of a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, get_args

from dashboard.demo.state.demo_state import (
    COLORS,
    CONTROLS,
    UPLOAD,
    DemoState,
    case_code,
    checked_template,
    own_classes,
    tools,
    treatments,
)
from dashboard.demo.state.shapes_in_link import shapes_in_link
from dashboard.demo.state.windows import window_from_text, window_text
from dashboard.frame.verdicts import CHOOSE, QUESTIONS
from vpe_core import attention, models
from vpe_core.errors import VPEError
from vpe_core.markers import Protocol, parse_color
from vpe_core.markers.marks import marks_from_text, marks_to_text
from vpe_core.markers.protocols import MAX_WIDTH
from vpe_core.prompts import check_classes
from vpe_core.prompts.texts import clean_text

_SEPARATOR = "|"
_MAX_NAME_CHARS, _MAX_WORDS = 200, 100
_CASE = re.compile(r"[0-9a-f]{12}:\d{1,7}:[\w#./+-]{1,80}")


def state_from_query(query: Mapping[str, str]) -> tuple[DemoState, tuple[str, ...]]:
    """The state in a link, and one sentence for each part of it that was left out."""
    state, problems = DemoState(), []
    for name, (parse, _) in _FIELDS.items():
        if name not in query:
            continue
        if name == "marks":
            marks, unread = shapes_in_link(query[name])
            state = replace(state, marks=marks)
            problems += [unread] if unread else []
            continue
        read: Callable[[str], Any] = partial(_classes, question=state.question) if name == "classes" else parse
        try:
            state = replace(state, **{name: read(query[name])})
        except (VPEError, ValueError) as error:
            problems.append(f"{_NAMES[name]} in this link could not be read. {error}")
    if state.target and state.target not in state.shown_classes:
        problems.append(f"{_NAMES['target']} in this link, {state.target!r}, is none of the classes to choose from.")
        state = replace(state, target="")
    return state, tuple(problems)


_OF_PICTURE = ("sample", "marks", "window", "invert")


def query_from_state(state: DemoState, *, named: bool = False) -> dict[str, str]:
    """What a link says: only what differs from the default, and of an upload neither that nor what is drawn on it.

    Args:
        state: What is shown.
        named: Whether the X-ray has its own name also while the answer is hidden.
    """
    default = DemoState()
    query = {
        name: write(getattr(state, name))
        for name, (_, write) in _FIELDS.items()
        if getattr(state, name) != getattr(default, name) and not (name in _OF_PICTURE and state.sample == UPLOAD)
    }
    has_name = "." not in state.sample  # an image of a data set has a number instead
    if has_name and "sample" in query and not (state.findings or named):
        query["sample"] = case_code(state.sample)
    return query


def _one_of(what: str, choices: Callable[[], tuple[str, ...]]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices():
            raise ValueError(f"Expected {what} out of {', '.join(choices())}, but got {text[:40]!r}.")
        return text

    return parse


def _number_of(what: str, choices: tuple[int, ...] | range) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 4 or int(text) not in choices:
            allowed = (
                f"from {choices[0]} to {choices[-1]}"
                if isinstance(choices, range)
                else f"out of {', '.join(map(str, choices))}"
            )
            raise ValueError(f"Expected {what} {allowed}, but got {text[:20]!r}.")
        return int(text)

    return parse


def _color(text: str) -> str:
    if text not in COLORS:
        parse_color(text)
    return text


def _case(text: str) -> str:
    if not _CASE.fullmatch(text):
        raise ValueError(f"There is no such case: {text[:40]!r}.")
    return text


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"Expected 0 or 1, but got {text[:20]!r}.")
    return text == "1"


def _sample(text: str) -> str:
    """A name is only looked up; one of a data set's images may be a path with spaces in it."""
    parts = text.replace("\\", "/").split("/")
    if len(text) > _MAX_NAME_CHARS or not text.isprintable() or not all(part.strip(". ") for part in parts):
        raise ValueError(f"There is no X-ray called {text[:40]!r}.")
    return text


def _model(text: str) -> str:
    return models.get(text).name


def _classes(text: str, question: str = CHOOSE) -> tuple[str, ...]:
    return own_classes(text.split(_SEPARATOR), question)


_FIELDS: dict[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "sample": (_sample, str),
    "tool": (_one_of("a tool", tools), str),
    "treatment": (_one_of("a treatment", treatments), str),
    "marks": (marks_from_text, marks_to_text),
    "color": (_color, str),
    "width": (_number_of("a width", range(1, int(MAX_WIDTH) + 1)), str),
    "model": (_model, str),
    "question": (_one_of("a question", lambda: QUESTIONS), str),
    "classes": (_classes, _SEPARATOR.join),
    "template": (checked_template, str),
    "suffix": (_flag, lambda value: str(int(value))),
    "method": (_one_of("a method", attention.quick_names), str),
    "target": (lambda text: check_classes([text])[0], str),
    "opacity": (_number_of("an opacity", range(101)), str),
    "findings": (_flag, lambda value: str(int(value))),
    "hidden": (_flag, lambda value: str(int(value))),
    "control": (_one_of("a control", lambda: CONTROLS), str),
    "second": (_model, str),
    "protocol": (_one_of("a protocol", lambda: get_args(Protocol)), str),
    "marker_words": (lambda text: clean_text(text, "the words for the marker", _MAX_WORDS), str),
    "measured": (_case, str),
    "window": (window_from_text, window_text),
    "invert": (_flag, lambda value: str(int(value))),
    "window_for_model": (_flag, lambda value: str(int(value))),
}
"""How each part is read from a link, and written into one."""

LINK_FIELDS = tuple(_FIELDS)
"""What the live demo's address says."""

_NAMES = {
    "sample": "The X-ray",
    "tool": "The tool",
    "treatment": "The way of showing the region",
    "marks": "The shapes",
    "color": "The colour",
    "width": "The line width",
    "model": "The model",
    "question": "The question",
    "classes": "The classes",
    "template": "The prompt",
    "suffix": "Whether the prompt names the marker",
    "method": "The attention method",
    "target": "The class that evidence is asked for",
    "opacity": "The opacity",
    "findings": "Whether the answer is shown",
    "hidden": "Whether this is a quiz",
    "control": "The control",
    "second": "The second model",
    "protocol": "How the picture is made",
    "marker_words": "The words for the marker",
    "measured": "The case of the benchmark",
    "window": "The window",
    "invert": "Whether black and white are turned over",
    "window_for_model": "Whether the model gets the window",
}
"""What each part is called in a sentence."""
