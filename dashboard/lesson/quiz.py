"""The questions to take home. No streamlit here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """A question with one right answer.

    Attributes:
        words: The question.
        options: What can be answered.
        right: Number of the right one.
        explanation: Why.
    """

    words: str
    options: tuple[str, ...]
    right: int
    explanation: str


QUIZ = (
    QuizQuestion(
        "A zero-shot model says “pneumonia, 80%”. What does the 80% mean?",
        (
            "In 80 of 100 such patients it is pneumonia",
            "Of the names on its list, pneumonia fits best, with 80 of the 100% that it has to deal out",
            "The model has seen enough X-rays to be 80% sure",
        ),
        1,
        "The list decides what can be said, and the 100% are shared among its names. Whether 80% come true in 80 of "
        "100 cases has to be measured.",
    ),
    QuizQuestion(
        "A patient has two findings, and the model may choose one class. What can you expect?",
        (
            "It names the one that matters more for the patient",
            "It names both",
            "Each takes probability from the other, and at least one may go unsaid",
        ),
        2,
        "A single choice knows nothing of importance. Asking about each finding by itself is another question, and has "
        "errors of its own.",
    ),
    QuizQuestion(
        "With a circle around the finding a model is right more often. What has it shown?",
        (
            "That it sees the finding better",
            "That the circle helps; why, is still open",
            "That it understands circles as doctors do",
        ),
        1,
        "The circle also tells size and place. Only controls, such as the same circle on the same X-ray without the "
        "finding, show how much is sight.",
    ),
    QuizQuestion(
        "The attention lies on the finding. Is the answer right?",
        ("Yes", "No", "That does not follow"),
        2,
        "Attention tells where a model looks, not why it answers. It can look at the place and name something else.",
    ),
    QuizQuestion(
        "Which control says most about what a marker gives away by itself?",
        (
            "The same marker on the same X-ray without the finding",
            "A larger marker on the finding",
            "The same X-ray with another prompt",
        ),
        0,
        "There, nothing but the marker can lead to an answer. Such pictures exist for simulated X-rays; for real ones "
        "there are only weaker controls.",
    ),
    QuizQuestion(
        "A gain in AUROC is +0.02 with a 95% interval of [−0.01, +0.05]. What do you report?",
        (
            "A gain of 0.02",
            "No clear gain: the interval contains 0",
            "Nothing: with an interval the number is worthless",
        ),
        1,
        "The data agree with a small loss as well as with a gain. Report the number together with its interval.",
    ),
    QuizQuestion(
        "A model does well on simulated X-rays. What about a hospital's?",
        (
            "The same, if the simulation looks real",
            "Nobody knows before it was tested there",
            "Worse by a known amount",
        ),
        1,
        "Devices, people and findings differ. It takes a test on labelled X-rays of that hospital, and again whenever "
        "something changes there.",
    ),
)


def n_right(answers: Sequence[int | None]) -> int:
    """How many answers are right."""
    return sum(answer == question.right for answer, question in zip(answers, QUIZ, strict=True))
