"""The live demo's state: all that must be known to show the same thing again; `state_link` is its form in a link."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dashboard.demo.state.windows import Window
from dashboard.frame.verdicts import CHOOSE, EACH
from vpe_core import datasets
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import PromptError
from vpe_core.markers import Protocol, catalog
from vpe_core.markers import get as get_marker
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import Mark
from vpe_core.markers.protocols import NATIVE_REFERENCE_PX, PAPER_SIDE_PX
from vpe_core.prompts import ENSEMBLES, PAPER_TEMPLATE, check_classes, check_template

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
        hidden: Whether this is a quiz: without hints, and no part of the lab gives away what has not been shown.
        control: What else the same marker is put on, one of `CONTROLS`; empty for nothing.
        second: The model that answers beside the first one; empty for none.
        protocol: How the picture is made for the model: "native", as people see it, or as in the paper.
        marker_words: What names the marker in the prompt; empty for the paper's words.
        measured: The case of a benchmark that this is, from `answer_column.as_measured`; empty once anything differs.
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


def tool_title(tool: str) -> str:
    """What a tool's button says."""
    return "Move" if tool == MOVE else get_marker(tool).short_title.capitalize()


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


_OF_QUESTION = (
    "sample", "treatment", "marks", "color", "width", "model", "question", "classes", "template", "suffix", "protocol",
    "marker_words", "model_window",
)  # fmt: skip


def case_code(sample: str) -> str:
    """The name of an X-ray in a link that gives no finding away, as all do until the answer is shown."""
    return f"case-{hashlib.sha256(sample.encode()).hexdigest()[:8]}"


def checked_classes(names: Iterable[str], question: str = CHOOSE) -> tuple[str, ...]:
    """The class names, cleaned.

    Raises:
        PromptError: One is not valid or given twice, holds a |, or there are too few or too many for the question.
    """
    names = tuple(names)
    least, purpose = (1, "to ask about") if question == EACH else (MIN_CLASSES, "to choose from")
    if not least <= len(names) <= MAX_CLASSES:
        raise PromptError(f"Expected {least} to {MAX_CLASSES} classes {purpose}, but got {len(names)}.")
    classes = check_classes(names)
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
