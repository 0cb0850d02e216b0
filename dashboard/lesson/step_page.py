"""A step on the page: the question, then, once a guess is given, what came of it and one thing to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import streamlit as st

from dashboard.demo.state.state_link import query_from_state
from dashboard.frame.busy import problems_shown, say_problem
from dashboard.frame.html import render
from dashboard.frame.page import page_link
from dashboard.frame.progress import model_download, not_here
from dashboard.frame.words import as_text
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.film import film_to_draw_on, place_by_numbers, show_film, show_pictures
from dashboard.lesson.glossary import Explainer
from dashboard.lesson.progress import Given, Progress, keep, progress
from dashboard.lesson.step import Feedback, Guess, LessonScene, Step, Visuals
from dashboard.lesson.stored import asker, setting
from vpe_core import models
from vpe_core.datasets.gallery import Finding
from vpe_core.errors import VPEError
from vpe_core.plots.percent import percent

_Picture: TypeAlias = tuple[Visuals, tuple[Finding, ...]]
_FEW = 4
"""More options than these are a list to choose from."""


def show_step(name: str) -> None:
    """The step of this name."""
    step, here = STEPS.get(name), progress()
    try:
        scene = step.scene(setting(here.model))
    except VPEError as error:
        st.error(as_text(str(error)), icon=":material/image:")
        return
    explainer, given = Explainer(), here.given_for(name)
    beside = scene.xray is not None or (given is not None and step.trial is not None)
    outer, inner = "lesson_answered" if given else "lesson_asking", "lesson_step" if beside else "lesson_step_plain"
    with st.container(key=outer), st.container(key=inner):
        image, words, numbers = (st.container(key=f"lesson_{part}") for part in ("image", "words", "numbers"))
    with words:
        heading = f"Step {here.number} of {len(STEPS)}"
        question = explainer.parts(scene.question)
        st.html(render("lesson_question", step=heading, title=step.title, question=question))
        if given is None:
            _ask(name, step, scene, here)
        else:
            shown, boxes = _answer(name, step, scene, given, explainer)
    if given is None:
        with image:
            _film(scene, here.round_of(name))
        return
    if not beside:
        return
    with image:
        if shown.pictures:
            show_pictures(scene, shown.pictures)
        elif scene.xray:
            show_film(scene, shown.state or scene.state, boxes)
    if shown.bars or shown.matrix:
        values = {"groups": shown.bars, "matrix": shown.matrix, "simulated": step.simulated, "percent": percent}
        numbers.html(render("lesson_numbers", **values))


def _film(scene: LessonScene, turn: int) -> None:
    if scene.xray and scene.choices:
        show_film(scene, scene.state)
    elif scene.xray:
        film_to_draw_on(scene, turn)


def _ask(name: str, step: Step, scene: LessonScene, here: Progress) -> None:
    turn = here.round_of(name)
    if scene.choices:
        chosen = st.radio(
            "Your opinion" if step.opinion else "Your guess",
            tuple(scene.choices),
            index=None,
            format_func=lambda choice: as_text(scene.choices[choice]),
            key=f"lesson_guess_{name}-{here.model}-{turn}",
        )
        ready, label = chosen is not None, "This is my answer" if step.opinion else "This is my guess"
        guess: Guess = chosen or ""
    else:
        guess, ready, label = here.drawn, bool(here.drawn), "This is my circle"
        st.caption("Press at one corner of the place and pull to the other. The last circle counts.")
    st.button(
        label,
        key="lesson_commit",
        type="primary",
        icon=":material/lock:",
        disabled=not ready,
        on_click=_commit,
        args=(name, guess),
        help="Your answer stands before others are discussed."
        if step.opinion
        else "The guess stands before the answer comes.",
    )
    if not scene.choices:
        place_by_numbers(scene, turn)


def _commit(name: str, guess: Guess) -> None:
    keep(progress().with_guess(name, Given(guess)))


def _answer(name: str, step: Step, scene: LessonScene, given: Given, explainer: Explainer) -> _Picture:
    """Ask, and say what came of it; what is shown with it, and boxes on the X-ray."""
    picture: _Picture = Visuals(), ()
    with st.container(key="lesson_answer"), problems_shown():
        try:
            picture = _answered(name, step, scene, given, explainer)
        except VPEError as error:
            say_problem(error)
            _begin_again(name)
    return picture


def _answered(name: str, step: Step, scene: LessonScene, given: Given, explainer: Explainer) -> _Picture:
    if scene.xray and not models.is_ready(spec := models.get(scene.state.model)):
        st.info(as_text(not_here(spec)), icon=":material/download:")
        model_download(spec)
        return Visuals(), ()
    ask = asker()
    with st.spinner("Asking the model" if scene.xray else "Computing"):
        feedback = step.tell(step.find(scene, ask, given.guess), given.guess)
    is_right = feedback.verdict(given.guess)
    if is_right != given.is_right:
        keep(progress().with_guess(name, replace(given, is_right=is_right)))
    st.html(render("lesson_verdict", rows=_verdict(scene, given.guess, feedback, explainer)))
    sentences = [explainer.parts(sentence) for sentence in feedback.sentences]
    st.html(render("lesson_sentences", sentences=sentences))
    shown = _try(name, step, scene, given.guess) or feedback.shown
    with st.container(key="lesson_after", horizontal=True, vertical_alignment="center", gap="small"):
        _begin_again(name)
        if link := feedback.link or scene.elsewhere:
            page_link(
                "pages/live_demo.py",
                "Go on in the live demo",
                icon=":material/draw:",
                query_params=query_from_state(shown.state or link if feedback.link else link),
            )
    return shown, feedback.boxes


def _verdict(
    scene: LessonScene, guess: Guess, feedback: Feedback, explainer: Explainer
) -> list[tuple[str, object, str]]:
    """You, the model, the truth: in this order."""
    is_right = feedback.verdict(guess)
    chosen = scene.choices[guess] if isinstance(guess, str) else ""
    verdict = "" if is_right is None else "Right" if is_right else "Not right"
    you = ". ".join(_sentence(part) for part in (chosen, feedback.you) if part)
    you = f"{verdict}: {you}" if verdict and chosen else ". ".join(part for part in (verdict, you) if part)
    rows = [("You", you, "" if is_right is None else "is-right" if is_right else "is-wrong")]
    rows += [("The model", feedback.model, "")] if feedback.model else []
    rows += [("The truth", feedback.truth, "")] if feedback.truth else []
    return [(who, explainer.parts(f"{_sentence(text)}."), kind) for who, text, kind in rows]


def _sentence(text: str) -> str:
    return (text[0].upper() + text[1:]).removesuffix(".")


def _try(name: str, step: Step, scene: LessonScene, guess: Guess) -> Visuals | None:
    """The one thing to try; what it shows, or None while it stands where the answer is."""
    if step.trial is None:
        return None
    options: Mapping[str, str] = step.trial.options_of(scene)
    here, first = progress(), next(iter(options))
    key = f"lesson_try_{name}-{here.model}-{here.round_of(name)}"
    with st.container(key="lesson_try"):
        if len(options) <= _FEW:
            chosen = st.segmented_control(
                step.trial.label,
                tuple(options),
                default=first,
                format_func=lambda option: as_text(options[option]),
                key=key,
                required=True,
            )
        else:
            chosen = st.selectbox(step.trial.label, tuple(options), format_func=options.__getitem__, key=key)
        if chosen in (None, first):
            st.html(render("lesson_sentences", sentences=[]))
            return None
        with st.spinner("Asking the model"):
            shown = step.trial.show(scene, asker(), guess, chosen)
        st.html(render("lesson_sentences", sentences=[Explainer().parts(shown.sentence)]))
        return shown


def _begin_again(name: str) -> None:
    st.button("Try this step again", key="lesson_again", icon=":material/replay:", on_click=_forget, args=(name,))


def _forget(name: str) -> None:
    keep(progress().begun_again(name))
