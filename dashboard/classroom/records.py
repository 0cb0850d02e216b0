"""What a class consists of, as plain values: questions, tasks, members, answers, and how a room looks at one moment."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from dashboard.demo.film.xray import Xray
from vpe_core.markers.marks import Mark

MAX_NAME_CHARS = 24


@dataclass(frozen=True, slots=True)
class TaskQuestion:
    """What a class is asked.

    Attributes:
        number: Of the task in its room, from 1.
        kind: A name from `kinds.catalog.names()`.
        sample: Name of the X-ray in the gallery; "own" for the lecturer's.
        classes: What the model chooses from.
        target: The class that the model is to be made to say; empty for kinds without one.
        model: Who answers.
        turn: How often the task was begun anew.
    """

    number: int
    kind: str
    sample: str
    classes: tuple[str, ...]
    target: str = ""
    model: str = "simclip"
    turn: int = 0

    @property
    def key(self) -> str:
        """What tells it from every other one in its room."""
        return f"{self.number}-{self.turn}"


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A question with its picture.

    Attributes:
        question: What is asked.
        xray: Which the model is shown.
        film: The same picture to draw on, under a key of its own, in words that give no finding away.
    """

    question: TaskQuestion
    xray: Xray
    film: Xray


@dataclass(frozen=True, slots=True)
class Member:
    """Who has joined: a number in the order of joining, and a nickname, which may be empty."""

    number: int
    nickname: str = ""

    @property
    def title(self) -> str:
        """What to call them."""
        return self.nickname or f"Member {self.number}"


@dataclass(frozen=True, slots=True)
class MemberDrawing:
    """One shape, and the width of its line in pixels of an image whose shorter side is 512."""

    mark: Mark
    width: int = 3


@dataclass(frozen=True, slots=True)
class MemberAnswer:
    """What a member has answered.

    Attributes:
        choice: The class that was chosen; empty for a drawing.
        drawing: What was drawn; None for a choice.
        said: What the model makes of it, a probability a class; empty where it was not asked.
        score: Higher is better; None where it does not count.
        ink: Share of the picture that the drawing covers.
        after_s: Seconds from the begin of the task.
    """

    choice: str = ""
    drawing: MemberDrawing | None = None
    said: tuple[float, ...] = ()
    score: float | None = None
    ink: float = 0.0
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a member in a task: the latest answer, and the best one where several count."""

    member: Member
    latest: MemberAnswer
    best: MemberAnswer | None = None

    @property
    def displayed(self) -> MemberAnswer:
        """The one that the class is shown."""
        return self.best or self.latest


@dataclass(frozen=True, slots=True, eq=False)
class RoomView:
    """A room at one moment.

    Attributes:
        code: Of the room.
        version: Rises with every change.
        members: How many have joined.
        task: What is asked now; None before the first task.
        kept: What was answered to it, in the order of joining.
        waiting: What was drawn and is not answered by the model yet.
        revealed: Whether the class sees the results.
        frozen: Whether answers are taken no more.
        names_shown: Whether nicknames are on the projector.
        lesson_step: Where everybody is sent in the lesson; None for nowhere.
    """

    code: str
    version: int
    members: int
    task: Task | None
    kept: tuple[Kept, ...]
    waiting: tuple[tuple[Member, MemberDrawing], ...]
    revealed: bool
    frozen: bool
    names_shown: bool
    lesson_step: int | None


def cleaned_nickname(text: str) -> str:
    """A nickname without control and direction signs, on one line, and no longer than `MAX_NAME_CHARS`."""
    visible = "".join(" " if sign.isspace() else sign for sign in text[: 20 * MAX_NAME_CHARS])
    kept = "".join(sign for sign in visible if unicodedata.category(sign)[0] != "C")
    return " ".join(kept.split())[:MAX_NAME_CHARS].strip()
