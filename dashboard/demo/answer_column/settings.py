"""Folded under the X-ray: model and prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.demo.answers.marked_xray import suffix_words
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import (
    AS_DRAWN,
    MAX_CLASSES,
    checked_classes,
    checked_template,
    default_classes,
    treatments,
)
from dashboard.frame.words import as_text
from vpe_core import models
from vpe_core.errors import PromptError, VPEError
from vpe_core.markers import get as get_marker
from vpe_core.prompts import PAPER_TEMPLATE
from vpe_core.prompts.templates import fill_template

_ENSEMBLE_TITLES = {"reports": "Average of 5 report phrasings", "captions": "Average of 4 caption phrasings"}
_MOST_CHARS = 90
_TEMPLATES = (PAPER_TEMPLATE, *_ENSEMBLE_TITLES)


def model_and_prompt() -> None:
    """Show the settings of the question, and what is wrong with those that are not valid."""
    with st.expander(as_text(_summary()), key="demo_question"):
        state = session.state()
        names = tuple(dict.fromkeys((*models.selectable_names(), state.model)))
        st.selectbox("Model", names, names.index(state.model), format_func=model_title, key=session.key("model"))
        _classes()
        _template()
        left, right = st.columns(2)
        left.toggle(
            "Name the marker in the prompt",
            state.suffix,
            key=session.key("suffix"),
            help="Adds words such as “indicated by a red circle”.",
        )
        right.selectbox(
            "Show the marked region",
            treatments(),
            treatments().index(state.treatment),
            format_func=_treatment_title,
            key=session.key("treatment"),
        )


def target_choice(label: str, classes: Sequence[str], about: str, *, disabled: bool = False) -> None:
    """The class that maps and studies are about; none chosen means the likeliest.

    Args:
        label: Of the field.
        classes: What there is to choose from.
        about: What is said of it on hover.
        disabled: Whether it cannot be changed.
    """
    targets, chosen = ("", *classes), session.state().target
    st.selectbox(
        label,
        targets,
        targets.index(chosen) if chosen in targets else 0,
        format_func=lambda value: value or "the likeliest class",
        key=session.key("target"),
        disabled=disabled,
        help=about,
    )


def _classes() -> None:
    state = session.state()
    names = st.multiselect(
        "Classes",
        sorted({*default_classes(), *state.classes}, key=str.casefold),
        default=state.shown_classes,
        key=session.classes_key(state.question),
        accept_new_options=True,
        placeholder="Choose or type a class",
        max_selections=MAX_CLASSES,
        help="What the model is asked about. Type to add your own.",
    )
    _complain(lambda: checked_classes(names, state.question))


def _template() -> None:
    template = session.state().template
    templates = tuple(dict.fromkeys((*_TEMPLATES, template)))
    text = st.selectbox(
        "Prompt",
        templates,
        templates.index(template),
        format_func=lambda value: _ENSEMBLE_TITLES.get(value, value),
        key=session.key("template"),
        accept_new_options=True,
        help="Type your own, with {class} for the class and {suffix} for the marker. Left empty, the last one stays.",
    )
    _complain(lambda: checked_template(text or ""))


def _complain(check: Callable[[], object]) -> None:
    try:
        check()
    except PromptError as error:
        st.error(as_text(f"{error} Until then, the last valid one counts."), icon=":material/edit:")


def _summary() -> str:
    state = session.state()
    wording = _ENSEMBLE_TITLES.get(state.template) or fill_template(state.template, "{class}", suffix_words(state))
    shown = wording if len(wording) <= _MOST_CHARS else f"{wording[: _MOST_CHARS - 1]}…"
    number = len(state.shown_classes)
    parts = [
        f"Prompt: {shown}",
        model_title(state.model).partition(": ")[0].removesuffix(" (embedded)"),
        f"{number} {'class' if number == 1 else 'classes'}",
    ]
    parts += [] if state.treatment == AS_DRAWN else [_treatment_title(state.treatment).lower()]
    return " · ".join(parts)


def model_title(name: str) -> str:
    try:
        spec = models.get(name)
    except VPEError:
        return name
    return spec.title if models.is_ready(spec) else f"{spec.title} (not downloaded)"


def _treatment_title(name: str) -> str:
    return "As drawn" if name == AS_DRAWN else get_marker(name).title
