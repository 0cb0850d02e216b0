"""The live demo's state: all that a link must carry to show the same thing again, and its form in the link.

A link comes from anyone. Each part is checked; one that is not valid is left at its default, with a sentence that says
so. An upload is never part of a link.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

from dashboard.demo.shapes_in_link import shapes_in_link
from dashboard.demo.windows import Window, window_from_text, window_text
from dashboard.frame.verdicts import CHOOSE, EACH, QUESTIONS
from vpe_core import attention, datasets, models
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import PromptError, VPEError
from vpe_core.markers import Protocol, catalog, parse_color
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import Mark, marks_from_text, marks_to_text
from vpe_core.markers.protocols import MAX_WIDTH, NATIVE_REFERENCE_PX, PAPER_SIDE_PX
from vpe_core.prompts import ENSEMBLES, PAPER_TEMPLATE, check_classes, check_template
from vpe_core.prompts.texts import clean_text

COLORS = {"red": "#ff0000", "yellow": "#ffff00", "blue": "#1e90ff", "white": "#ffffff"}
"""Swatches: the name, which prompts use too, and the ink."""
WIDTHS = (1, 2, 3, 4, 6, 8, 12)
AS_DRAWN = "as drawn"
POLYGON = "polygon"
"""The tool that draws a contour point by point."""
MOVE = "move"
"""The tool that draws nothing: it moves, resizes and deletes."""
UPLOAD = "upload"
FROM_CASE = "case_"
"""Before a name in links on the benchmark page: Streamlit takes out of them what that page's own filters are called."""
MIN_CLASSES, MAX_CLASSES = 2, 40
"""To choose from; of a single class it can only be asked whether it is present."""
CONTROLS = ("twin", "blank", "other", "mirror")
"""Where else the same marker can stand: as a benchmark's variants name their pictures and places."""
_SEPARATOR = "|"
_MAX_NAME_CHARS, _MAX_WORDS = 200, 100
_CASE = re.compile(r"[0-9a-f]{12}:\d{1,7}:[\w#./+-]{1,80}")


@dataclass(frozen=True, slots=True)
class DemoState:
    """What the live demo shows.

    Attributes:
        sample: Name of the X-ray; empty for the first one, `UPLOAD` for the session's own.
        tool: What the pointer does, one of `tools()`.
        treatment: One of `treatments()`.
        marks: What is drawn.
        color: A key of `COLORS`.
        width: Line width in pixels of an image whose shorter side is 512.
        model: A model's name.
        question: `CHOOSE` one of the classes, or `EACH` class: present or not.
        classes: The classes that are asked about; empty for `default_classes`.
        template: The prompt, with `{class}`, or the name of an ensemble of prompts.
        suffix: Whether the prompt names the marker.
        method: An attention method's name; the last block by default, because there a marker moves the gaze itself.
        target: The class whose evidence the attention shows; empty for the likeliest.
        opacity: Of the attention overlays, in percent.
        findings: Whether the answer, the known findings, is shown.
        hidden: Whether X-rays are called case 1, 2, 3, so that no name gives a finding away.
        control: What else the same marker is put on, one of `CONTROLS`; empty for nothing.
        second: The model that answers beside the first one; empty for none.
        protocol: How the picture is made for the model: "native", as people see it, or as in the paper.
        marker_words: What names the marker in the prompt; empty for the paper's words.
        measured: The case of a benchmark that this is, from `dashboard.demo.as_measured`; empty once anything differs.
        window: (center, width) in the X-ray's own values; None for the file's.
        invert: Whether black and white are turned over.
        window_for_model: Whether the model gets the X-ray in that window, too.
    """

    sample: str = ""
    tool: str = "circle"
    treatment: str = AS_DRAWN
    marks: tuple[Mark, ...] = ()
    color: str = "red"
    width: int = 3
    model: str = "simclip"
    question: str = CHOOSE
    classes: tuple[str, ...] = ()
    template: str = PAPER_TEMPLATE
    suffix: bool = False
    method: str = "last-layer"
    target: str = ""
    opacity: int = 60
    findings: bool = False
    hidden: bool = False
    control: str = ""
    second: str = ""
    protocol: Protocol = "native"
    marker_words: str = ""
    measured: str = ""
    window: Window | None = None
    invert: bool = False
    window_for_model: bool = False

    @property
    def ink(self) -> str:
        """The colour that is drawn: a swatch's, or, as benchmarks draw it, the one of that name."""
        return self.color if self.measured or self.color not in COLORS else COLORS[self.color]

    @property
    def native_width(self) -> float:
        """The line width on the picture for people; the paper's counts pixels of a picture half as large."""
        return self.width * (NATIVE_REFERENCE_PX / PAPER_SIDE_PX if self.protocol == "paper" else 1)

    @property
    def model_window(self) -> tuple[Window | None, bool]:
        """Window and inversion that the model gets."""
        return (self.window, self.invert) if self.window_for_model else (None, False)

    @property
    def shown_classes(self) -> tuple[str, ...]:
        """What the model is asked about."""
        return self.classes or default_classes(self.question)


def same_question(state: DemoState, other: DemoState) -> bool:
    """Whether both show a model the same and ask it the same, whatever the page looks like."""
    return all(getattr(state, name) == getattr(other, name) for name in _OF_QUESTION)


def tools() -> tuple[str, ...]:
    """What a pointer can do on the X-ray: draw one of the markers, `POLYGON`, and `MOVE`."""
    return (*drawing_tools().values(), POLYGON, MOVE)


def marker_of_tool(tool: str) -> str:
    """What a tool draws; `MOVE`, which draws nothing, is itself."""
    return drawing_tools()["contour"] if tool == POLYGON else tool


def treatments() -> tuple[str, ...]:
    """How the marked regions are shown to the model: as drawn, or all in one other way (names of markers)."""
    return (AS_DRAWN, *catalog.treatments())


def default_classes(question: str = CHOOSE) -> tuple[str, ...]:
    """What the model is asked about unless told otherwise: the findings, and to choose from also that there is none."""
    findings = datasets.get("sim-multi").classes
    return findings if question == EACH else (*findings, HEALTHY)


def with_question(state: DemoState, question: str) -> DemoState:
    """The state with another question, and with classes of which it can be asked.

    A single class becomes one to choose from by its alternative: that there is nothing.
    """
    classes = state.classes
    if question == CHOOSE and len(classes) == 1:
        classes = (*classes, next(name for name in reversed(default_classes()) if name not in classes))
    asked = replace(state, question=question, classes=own_classes(classes, question) if classes else ())
    return asked if asked.target in asked.shown_classes else replace(asked, target="")


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
_OF_QUESTION = (
    "sample", "treatment", "marks", "color", "width", "model", "question", "classes", "template", "suffix", "protocol",
    "marker_words", "model_window",
)  # fmt: skip


def query_from_state(state: DemoState) -> dict[str, str]:
    """What a link says: only what differs from the default, and of an upload neither that nor what is drawn on it."""
    default = DemoState()
    query = {
        name: write(getattr(state, name))
        for name, (_, write) in _FIELDS.items()
        if getattr(state, name) != getattr(default, name) and not (name in _OF_PICTURE and state.sample == UPLOAD)
    }
    if state.hidden and "sample" in query and "." not in state.sample:  # an image of a data set has a number for a name
        query["sample"] = case_code(state.sample)
    return query


def case_code(sample: str) -> str:
    """The name of an X-ray in links that give no finding away."""
    return f"case-{hashlib.sha256(sample.encode()).hexdigest()[:8]}"


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


def checked_classes(names: Iterable[str], question: str = CHOOSE) -> tuple[str, ...]:
    """The class names, cleaned.

    Raises:
        PromptError: One is not valid or given twice, holds a |, or there are too few or too many for the question.
    """
    classes = check_classes(tuple(names))
    least, purpose = (1, "to ask about") if question == EACH else (MIN_CLASSES, "to choose from")
    if not least <= len(classes) <= MAX_CLASSES:
        raise PromptError(f"Expected {least} to {MAX_CLASSES} classes {purpose}, but got {len(classes)}.")
    if divided := next((name for name in classes if "|" in name), None):
        raise PromptError(f"Expected class names without |, which stands between them in links, but got {divided!r}.")
    return classes


def own_classes(names: Iterable[str], question: str = CHOOSE) -> tuple[str, ...]:
    """`checked_classes`; empty if they are the default ones."""
    classes = checked_classes(names, question)
    return () if set(classes) == set(default_classes(question)) else classes


def checked_template(text: str) -> str:
    """The name of a template ensemble, or a template of one's own, cleaned.

    Raises:
        PromptError: It is neither.
    """
    return text if text in ENSEMBLES else check_template(text)


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
    "method": (_one_of("a method", attention.names), str),
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
    "hidden": "Whether names are hidden",
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
