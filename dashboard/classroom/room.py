"""One class in memory: who has joined, what is asked, what was answered. Every method may be called by any thread."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PIL import Image

from dashboard.classroom.drawings import better, check, checked_score
from dashboard.classroom.errors import RoomError
from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import Said
from dashboard.classroom.records import (
    Kept,
    Member,
    MemberAnswer,
    MemberDrawing,
    RoomView,
    Task,
    TaskQuestion,
    cleaned_nickname,
)
from dashboard.demo.film.xray import Xray
from vpe_core.cache import BoundedCache

MAX_MEMBERS, MAX_TASKS = 100, 50
MEMBERS_LOOK_EVERY_S = 10.0
"""So often members are told of new answers once the results are shown; of what the lecturer does, at once."""
OWN = "own"
"""What the lecturer's own X-ray is called in questions and tables."""
_TOKEN_BYTES = 16
_SILENT_S = 120.0
_OWN_PX = 2048
"""Longer side of the lecturer's own X-ray as the room holds it: more than a canvas or a model takes."""
_MEMORY_RESULTS, _MEMORY_BYTES = 200, 16_000_000

GONE = "This class has ended."


@dataclass
class _Round:
    """A question with its answers, by member; the picture is kept only while it is asked."""

    question: TaskQuestion
    began: float
    kept: dict[int, Kept] = field(default_factory=dict)


class Room:
    """A class.

    Args:
        code: What members type.
        opened_by: Where the lecturer comes from, as for the limit of rooms.
        clock: Seconds that only grow.

    Attributes:
        memory: What is computed of the lecturer's own X-ray; it goes with the room.
    """

    def __init__(self, code: str, opened_by: str, clock: Callable[[], float]) -> None:
        self.code, self.opened_by = code, opened_by
        self.memory = BoundedCache(_MEMORY_RESULTS, _MEMORY_BYTES)
        self._clock, self._lock = clock, threading.RLock()
        self._steering = secrets.token_urlsafe(_TOKEN_BYTES)
        self._members: dict[str, Member] = {}
        self._seen: dict[str, float] = {}
        self._joined = 0
        self._rounds: list[_Round] = []
        self._task: Task | None = None
        self._own: Xray | None = None
        self._waiting: dict[int, tuple[Member, MemberDrawing]] = {}
        self._revealed = self._frozen = self._names_shown = self._ended = False
        self._lesson_step: int | None = None
        self._version = self._told_members = 1
        self._told_at = self._sign_of_life = clock()

    @property
    def steering_token(self) -> str:
        """What only who opened the room is given."""
        return self._steering

    @property
    def silent_s(self) -> float:
        """Since when the lecturer gave no sign of life."""
        with self._lock:
            return self._clock() - self._sign_of_life

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._ended

    def steers(self, token: str) -> bool:
        """Whether this is the lecturer's token; if so, it is a sign of life."""
        right = hmac.compare_digest(token.encode(), self._steering.encode())
        if right:
            with self._lock:
                self._sign_of_life = self._clock()
        return right

    def member(self, token: str) -> Member | None:
        """Whose token this is; None if nobody's."""
        with self._lock:
            found = self._members.get(token)
            if found is not None:
                self._seen[token] = self._clock()
            return found

    def knows(self, token: str) -> bool:
        """Whether it is a token of this room."""
        return not self._ended and (self.steers(token) or self.member(token) is not None)

    def join(self, nickname: str = "") -> str:
        """Take a member in; returns the token by which the room knows them.

        Raises:
            RoomError: The class is full, or over.
        """
        with self._lock:
            self._require_open()
            if len(self._members) >= MAX_MEMBERS and not self._make_room():
                raise RoomError(f"This class is full: {MAX_MEMBERS} members are the most.")
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            self._joined += 1
            self._members[token] = Member(self._joined, cleaned_nickname(nickname))
            self._seen[token] = self._clock()
            self._changed(for_members=False)
            return token

    def leave(self, token: str) -> None:
        """Let a member go, who counts no more; so does the answer to the task at hand, while answers are taken."""
        with self._lock:
            if who := self._members.pop(token, None):
                self._seen.pop(token)
                self._waiting.pop(who.number, None)
                if self._rounds and not (self._frozen or self._revealed):
                    self._rounds[-1].kept.pop(who.number, None)
                self._changed(for_members=False)

    def view(self) -> RoomView:
        """How it looks now."""
        with self._lock:
            kept = self._rounds[-1].kept if self._rounds else {}
            return RoomView(
                code=self.code,
                version=self._version,
                members=len(self._members),
                task=self._task,
                kept=tuple(kept[number] for number in sorted(kept)),
                waiting=tuple(self._waiting.values()),
                revealed=self._revealed,
                frozen=self._frozen,
                names_shown=self._names_shown,
                lesson_step=self._lesson_step,
            )

    def version_for(self, token: str) -> int:
        """The version to compare with: the lecturer and the projector see each change, members wait for answers."""
        with self._lock:
            is_member = self.member(token) is not None
            if not is_member:
                return self._version
            if self._revealed and self._clock() - self._told_at >= MEMBERS_LOOK_EVERY_S:
                self._told_members, self._told_at = self._version, self._clock()
            return self._told_members

    def draw(self, token: str, key: str, drawing: MemberDrawing) -> int:
        """Show a drawing to the class while the model has yet to answer it; returns the version that has it.

        Raises:
            RoomError: As `answer`.
        """
        with self._lock:
            who, task = self._require_answering(token, key)
            self._waiting[who.number] = who, check(task, drawing)
            self._changed(for_members=False)
            return self._version

    def answer(
        self, token: str, key: str, *, choice: str = "", drawing: MemberDrawing | None = None, said: Said
    ) -> MemberAnswer:
        """Take a member's answer.

        Args:
            token: The member's.
            key: Of the question that is answered.
            choice: A class, for kinds that choose.
            drawing: What was drawn, for the others.
            said: What the model says to it.

        Raises:
            RoomError: It is not taken: the reason is for the member.
        """
        with self._lock:
            who, task = self._require_answering(token, key)
            self._waiting.pop(who.number, None)
            kind, round_ = catalog.get(task.question.kind), self._rounds[-1]
            score, after_s = None, self._clock() - round_.began
            if kind.draws:
                score = checked_score(task, drawing, said)
            elif choice not in task.question.classes:
                raise RoomError("Choose one of the classes.")
            given = MemberAnswer(choice if not kind.draws else "", drawing, said.marked, score, said.ink, after_s)
            before = round_.kept.get(who.number)
            best = better(before.best if before else None, given) if kind.tries else None
            round_.kept[who.number] = Kept(who, given, best)
            self._changed(for_members=False)
            return given

    def own_xray(self) -> Xray | None:
        """The lecturer's own X-ray."""
        return self._own

    # What the lecturer does.

    def keep_own(self, token: str, xray: Xray) -> None:
        """Hold the lecturer's own X-ray, in place of an earlier one, as long as the room lasts."""
        with self._steered(token):
            image = xray.image
            if max(image.size) > _OWN_PX:
                image = image.copy()
                image.thumbnail((_OWN_PX, _OWN_PX), Image.Resampling.LANCZOS)
            self._own = replace(xray, image=image, title="Your X-ray", note="", film=None, public=False)

    def ask(self, token: str, question: TaskQuestion, xray: Xray) -> None:
        """Begin the next task; its number is given here.

        Raises:
            RoomError: There were too many, or the kind or the class is not known.
        """
        kind = catalog.get(question.kind)
        if kind.wants_target and question.target not in question.classes:
            raise RoomError("Choose the class that the model is to be made to say.")
        with self._steered(token):
            if len(self._rounds) >= MAX_TASKS:
                raise RoomError(f"{MAX_TASKS} tasks are the most. End this class, and open another one.")
            self._begin(replace(question, number=len(self._rounds) + 1, turn=0), xray)

    def restart(self, token: str) -> None:
        """Ask the same again: all answers to it are gone."""
        with self._steered(token):
            if self._task is not None:
                question = self._rounds.pop().question
                self._begin(replace(question, turn=question.turn + 1), self._task.xray)

    def steer(
        self, token: str, *, revealed: bool | None = None, frozen: bool | None = None, names_shown: bool | None = None
    ) -> None:
        """Show the results or hide them, close the answers or open them, show nicknames or not."""
        with self._steered(token):
            self._revealed = self._revealed if revealed is None else revealed
            self._frozen = self._frozen if frozen is None else frozen
            self._names_shown = self._names_shown if names_shown is None else names_shown

    def send_to_lesson(self, token: str, step: int | None) -> None:
        """Lead everybody to a step of the lesson, or back."""
        with self._steered(token):
            self._lesson_step = step

    def rounds(self, token: str) -> tuple[tuple[TaskQuestion, tuple[Kept, ...]], ...]:
        """All questions with their answers, for the lecturer alone."""
        with self._lock:
            self._require_steering(token)
            return tuple((one.question, tuple(one.kept[n] for n in sorted(one.kept))) for one in self._rounds)

    def end(self, token: str) -> None:
        """Everything is gone."""
        with self._steered(token):
            self.close()

    def close(self) -> None:
        """End it without a token: for whoever holds all rooms."""
        with self._lock:
            self._ended = True
            self._members, self._seen, self._rounds, self._waiting = {}, {}, [], {}
            self._task = self._own = None
            self.memory = BoundedCache(1, 1)

    def _begin(self, question: TaskQuestion, xray: Xray) -> None:
        kind = "simulated " if xray.simulated else ""
        key = f"class-{self.code}-{question.key}"
        film = replace(xray, key=key, label=f"A {kind}chest X-ray: draw on it.", title="", note="", findings=())
        self._task, self._waiting = Task(question, xray, film), {}
        self._rounds.append(_Round(question, self._clock()))
        self._revealed = self._frozen = False
        self._lesson_step = None

    def _make_room(self) -> bool:
        """Let somebody go who left long ago and answered nothing."""
        answered = {number for one in self._rounds for number in one.kept}
        for token in sorted(self._seen, key=self._seen.__getitem__):
            if self._clock() - self._seen[token] < _SILENT_S:
                return False
            if self._members[token].number not in answered:
                del self._members[token], self._seen[token]
                return True
        return False

    def _require_open(self) -> None:
        if self._ended:
            raise RoomError(GONE)

    def _require_answering(self, token: str, key: str) -> tuple[Member, Task]:
        self._require_open()
        who, task = self.member(token), self._task
        if who is None:
            raise RoomError("You are not in this class any more. Join it again.")
        if task is None or task.question.key != key:
            raise RoomError("The lecturer has gone on to the next task.")
        if self._frozen or (self._revealed and not catalog.get(task.question.kind).tries):
            raise RoomError("Answers are closed.")
        return who, task

    def _require_steering(self, token: str) -> None:
        self._require_open()
        if not self.steers(token):
            raise RoomError("Only who opened this class can steer it.")

    def _steered(self, token: str) -> _Steering:
        return _Steering(self, token)

    def _changed(self, *, for_members: bool = True) -> None:
        self._version += 1
        if for_members:
            self._told_members, self._told_at = self._version, self._clock()


class _Steering:
    """The lecturer's hand: the lock, the right, and a new version for everybody."""

    def __init__(self, room: Room, token: str) -> None:
        self._room, self._token = room, token

    def __enter__(self) -> None:
        self._room._lock.acquire()
        try:
            self._room._require_steering(self._token)
        except BaseException:
            self._room._lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._room._changed()
        self._room._lock.release()
