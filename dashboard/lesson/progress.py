"""Where somebody is in the lesson: the step and the model, which are in the link, and guesses, which are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import streamlit as st

from dashboard.frame import links
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.step import Guess
from vpe_core import models
from vpe_core.errors import VPEError
from vpe_core.markers.marks import Mark

QUIZ = "quiz"
"""What the place after the last step is called in links; the steps are numbers."""
STEP, MODEL = "step", "model"
LINK_FIELDS = (STEP, MODEL)
"""What the lesson's address says."""
FIRST_MODEL = "simclip"
_PAGE, _KEPT = "lesson", "lesson:progress"


@dataclass(frozen=True, slots=True)
class Given:
    """A guess that was given, and whether it came true; None where nothing is right, or nothing answered yet."""

    guess: Guess
    is_right: bool | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """The lesson as one person has it.

    Attributes:
        place: Name of the step, or `QUIZ`.
        model: Who is asked.
        given: Guesses by model and step: another model is another lesson.
        rounds: How often each was begun again.
        drawn: What is being drawn for the step at hand.
        quiz: The answers to the quiz, once they are handed in.
    """

    place: str = STEPS.names()[0]
    model: str = FIRST_MODEL
    given: Mapping[tuple[str, str], Given] = field(default_factory=dict)
    rounds: Mapping[tuple[str, str], int] = field(default_factory=dict)
    drawn: tuple[Mark, ...] = ()
    quiz: tuple[int | None, ...] | None = None

    @property
    def number(self) -> int:
        """Number of the step at hand, from 1; one more than there are for the quiz."""
        return places().index(self.place) + 1

    @property
    def score(self) -> tuple[int, int]:
        """How many guesses came true, and of how many that can be told."""
        given = [one.is_right for (model, _), one in self.given.items() if model == self.model]
        return given.count(True), len(given) - given.count(None)

    def given_for(self, step: str) -> Given | None:
        """The guess for a step, if there is one."""
        return self.given.get((self.model, step))

    def round_of(self, step: str) -> int:
        """How often it was begun again."""
        return self.rounds.get((self.model, step), 0)

    def at(self, place: str) -> Progress:
        """At another place."""
        return replace(self, place=place, drawn=())

    def with_guess(self, step: str, given: Given) -> Progress:
        """With a guess for a step."""
        return replace(self, given={**self.given, (self.model, step): given})

    def begun_again(self, step: str) -> Progress:
        """With the step as it was before its guess."""
        given = {key: one for key, one in self.given.items() if key != (self.model, step)}
        rounds = {**self.rounds, (self.model, step): self.round_of(step) + 1}
        return replace(self, given=given, rounds=rounds, drawn=())


def places() -> tuple[str, ...]:
    """All places: the steps, then the quiz."""
    return (*STEPS.names(), QUIZ)


def begin(arrived: bool) -> None:
    """Take over what the address bar says, if it is not what this session wrote there; guesses stay."""
    link = links.new_link(_PAGE, arrived)
    if _KEPT in st.session_state and link is None:
        return
    place, model, problems = read_link(link or {})
    before = st.session_state.get(_KEPT, Progress())
    st.session_state[_KEPT] = replace(before.at(place), model=model)
    links.leave_out(_PAGE, problems)


def read_link(query: Mapping[str, str]) -> tuple[str, str, tuple[str, ...]]:
    """Place and model that a link names, and a sentence for each part of it that was left out."""
    place, model, problems = places()[0], FIRST_MODEL, []
    by_link = {step_text(one): one for one in places()}
    if (text := query.get(STEP)) is not None:
        place = by_link.get(text, place)
        if text not in by_link:
            problems.append(
                f"This link asks for step {links.quoted(text)}. The lesson has steps 1 to {len(STEPS)} and {QUIZ}."
            )
    if (text := query.get(MODEL)) is not None:
        try:
            model = models.get(text).name
        except VPEError as error:
            problems.append(f"The model in this link could not be read. {error}")
    return place, model, (*problems, *links.unknown_parts(query, LINK_FIELDS, "the lesson"))


def step_text(place: str) -> str:
    """A place as links say it."""
    return place if place == QUIZ else str(places().index(place) + 1)


def write_link() -> None:
    """Bring the address bar up to date."""
    here = progress()
    query = {STEP: step_text(here.place), MODEL: here.model}
    usual = {STEP: step_text(places()[0]), MODEL: FIRST_MODEL}
    links.write_link(_PAGE, {name: text for name, text in query.items() if text != usual[name]})


def say_left_out() -> None:
    """What of the link cannot be shown; it stays until another step is shown."""
    here = progress()
    links.say_left_out(_PAGE, (here.place, here.model))


def progress() -> Progress:
    """Where the person is."""
    kept: Progress = st.session_state[_KEPT]
    return kept


def keep(changed: Progress) -> None:
    """Keep where the person is now."""
    st.session_state[_KEPT] = changed


def go(place: str) -> None:
    """To another place."""
    keep(progress().at(place))


def go_by(steps: int) -> None:
    """So many places on, or back; not beyond the ends."""
    number = progress().number - 1 + steps
    go(places()[max(0, min(number, len(places()) - 1))])
