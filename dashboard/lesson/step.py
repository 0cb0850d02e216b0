"""What a step of the lesson is made of. No streamlit here.

A step shows a scene and asks one question. After the guess it asks models (`find`) and says what came of it (`tell`):
plain functions of the numbers, so that the words follow them wherever they lead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from PIL import Image

from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.lesson.asking import Asker
from vpe_core.datasets.gallery import Finding, GalleryImage
from vpe_core.markers.marks import Mark

Guess: TypeAlias = str | tuple[Mark, ...]
"""The key of a choice, or what was drawn."""
Facts: TypeAlias = Any
"""The numbers of a step, of a type of its own."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a lesson is held with.

    Attributes:
        model: Name of the model that is asked.
        entries: The gallery.
        xray: Reads an entry's X-ray.
        twin: Reads the same chest without its findings; None where there is none.
    """

    model: str
    entries: Sequence[GalleryImage]
    xray: Callable[[GalleryImage], Xray]
    twin: Callable[[Xray], Xray | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonScene:
    """What is shown and asked before anybody answers.

    Attributes:
        question: One question.
        choices: Key to words; empty where the guess is drawn on the X-ray.
        state: Model, X-ray and what is marked on it, as the live demo has it.
        xray: The X-ray; None for a step without one.
        drawn_on: The picture that carries the marks, if it is another one: the chest without its findings.
        findings: What the question is about, the first one at hand.
        elsewhere: What the live demo is to be opened with to go on; None where that follows from the answer.
    """

    question: str
    choices: Mapping[str, str] = field(default_factory=dict)
    state: DemoState = field(default_factory=DemoState)
    xray: Xray | None = None
    drawn_on: Xray | None = None
    findings: tuple[Finding, ...] = ()
    elsewhere: DemoState | None = None

    @property
    def picture(self) -> Xray:
        """The picture that the models are shown."""
        shown = self.drawn_on or self.xray
        assert shown is not None
        return shown


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of 0 to 1 as a bar.

    Attributes:
        name: What it is of.
        share: How long it is.
        marked: Whether a marker is drawn.
        text: The share as it is written; empty for whole percents.
    """

    name: str
    share: float
    marked: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars under one title."""

    title: str
    bars: tuple[Bar, ...]

    @classmethod
    def of_change(cls, title: str, before: float, after: float, name: str) -> Bars:
        """One share without and with a marker.

        Args:
            title: What it is of.
            before: Without.
            after: With.
            name: What the second bar is called: "with the circle".
        """
        return cls(title, (Bar("without", before), Bar(name, after, True)))


@dataclass(frozen=True, slots=True)
class Matrix:
    """A small table of probabilities.

    Attributes:
        corner: What the cells hold.
        columns: Their titles.
        rows: Title and cells of each.
    """

    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Visuals:
    """What an answer puts on the page besides words.

    Attributes:
        bars: Groups of bars.
        matrix: A table of probabilities; None for none.
        pictures: In place of the X-ray, each with its words; none leaves the X-ray as it is.
        state: What is drawn on the X-ray from now on; None leaves it.
        sentence: What it says; of the first answer this is said elsewhere.
    """

    bars: tuple[Bars, ...] = ()
    matrix: Matrix | None = None
    pictures: tuple[tuple[Image.Image, str], ...] = ()
    state: DemoState | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Feedback:
    """What is said after the guess.

    Attributes:
        right: Keys of the choices that came true; empty where there is no right one.
        is_right: The same of a drawing; None where there is no right one.
        you: What is said of the guess, besides whether it is right; may be empty.
        model: What the model said; empty where none was asked.
        truth: What is known; may be empty.
        sentences: What follows from the numbers.
        boxes: Where the findings are, to be shown on the X-ray.
        shown: What is shown with it.
        link: What the live demo is to be opened with; None for no link.
    """

    right: Collection[str] = ()
    is_right: bool | None = None
    you: str = ""
    model: str = ""
    truth: str = ""
    sentences: tuple[str, ...] = ()
    boxes: tuple[Finding, ...] = ()
    shown: Visuals = field(default_factory=Visuals)
    link: DemoState | None = None

    def verdict(self, guess: Guess) -> bool | None:
        """Whether the guess is right; None where there is no right one."""
        if isinstance(guess, str):
            return guess in self.right if self.right else None
        return self.is_right


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to try: one control with one visible effect.

    Attributes:
        label: What is to be tried.
        options: Key to title, the same for all scenes or of a scene; the first one is what the answer has shown.
        show: What an option shows, from the scene, who asks, the guess and the option's key.
    """

    label: str
    options: Mapping[str, str] | Callable[[LessonScene], Mapping[str, str]]
    show: Callable[[LessonScene, Asker, Guess, str], Visuals]

    def options_of(self, scene: LessonScene) -> Mapping[str, str]:
        """What there is to try in a scene."""
        return self.options if isinstance(self.options, Mapping) else self.options(scene)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the lesson.

    Attributes:
        title: A few words.
        scene: What is shown and asked.
        find: The numbers, from the scene, who asks, and the guess.
        tell: What they come to.
        trial: One thing to try; None for none.
        simulated: Whether its numbers come from simulated X-rays alone.
        opinion: Whether an opinion is asked for, and not a guess at what the model will do.
    """

    title: str
    scene: Callable[[Setting], LessonScene]
    find: Callable[[LessonScene, Asker, Guess], Facts]
    tell: Callable[[Facts, Guess], Feedback]
    trial: Trial | None = None
    simulated: bool = field(default=True, kw_only=True)
    opinion: bool = field(default=False, kw_only=True)
