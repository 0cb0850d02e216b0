"""What an exported answer says of itself: the question, the answer and the model in a few lines. No streamlit here."""

from __future__ import annotations

from dashboard.demo.answers.answer import Answer
from dashboard.demo.answers.marked_xray import suffix_words
from dashboard.demo.state.demo_state import AS_DRAWN, DemoState
from dashboard.frame.verdicts import EACH
from dashboard.frame.words import marker_name
from vpe_core import attention
from vpe_core.markers import get as get_marker
from vpe_core.models import Model
from vpe_core.plots.percent import percent
from vpe_core.prompts import ENSEMBLES, build_prompts, negated
from vpe_core.prompts.templates import CLASS_FIELD


def answer_line(result: Answer, state: DemoState) -> str:
    """The class at hand and its probability: "consolidation: 27% → 96% with the circle"."""
    place = result.classes.index(result.target)
    what = f"{result.target} present" if state.question == EACH else result.target
    before = percent(result.without.probabilities[place])
    if result.marked is None:
        return f"{what}: {before} without a marker"
    after = percent(result.marked.probabilities[place])
    return f"{what}: {before} → {after} with the {marker_name(state.marks, state.treatment)}"


def question_line(model: Model, state: DemoState) -> str:
    """The model, the prompt that all classes share, and the marker."""
    parts = [model.spec.title, _prompts(state), _marker(state)]
    return " · ".join(part for part in parts if part)


def attention_line(result: Answer, state: DemoState) -> str:
    """What the colours show."""
    return f"Colours: {attention.get(state.method).shows(result.target)}"


def _prompts(state: DemoState) -> str:
    templates = ENSEMBLES.get(state.template, (state.template,))
    if state.question != EACH:
        return f"prompt “{_prompt(templates, state)}”"
    against = tuple(negated(one) for one in templates)
    return f"prompt “{_prompt(templates, state)}” against “{_prompt(against, state)}”"


def _prompt(templates: tuple[str, ...], state: DemoState) -> str:
    ((first, *others),) = build_prompts([CLASS_FIELD], templates, suffix=suffix_words(state))
    return f"{first}” and {len(others)} more, averaged, such as “{others[0]}" if others else first


def _marker(state: DemoState) -> str:
    if not state.marks:
        return ""
    if state.treatment != AS_DRAWN:
        return get_marker(state.treatment).title
    return f"{state.color} {marker_name(state.marks, state.treatment)}, line {state.width} px"
