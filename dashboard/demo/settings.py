"""Folded under the X-ray: model and prompt, and the region in numbers (the way to draw without a mouse)."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.demo import session
from dashboard.demo.state import (
    AS_DRAWN,
    MAX_CLASSES,
    POLYGON,
    checked_classes,
    checked_template,
    default_classes,
    treatments,
)
from dashboard.demo.xray import Xray
from dashboard.frame.words import as_text
from vpe_core import models
from vpe_core.errors import PromptError, RegionError, VPEError
from vpe_core.markers import get as get_marker
from vpe_core.markers.base import Shape
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import MAX_MARKS, Mark, point_region
from vpe_core.prompts import PAPER_TEMPLATE
from vpe_core.types import Arrow, Box, Region

_ENSEMBLE_TITLES = {"reports": "Average of 5 report phrasings", "captions": "Average of 4 caption phrasings"}
_FIELDS: dict[Shape, tuple[str, ...]] = {
    "ellipse": ("left", "top", "right", "bottom"),
    "box": ("left", "top", "right", "bottom"),
    "arrow": ("tail x", "tail y", "tip x", "tip y"),
    "dot": ("x", "y"),
}
"""What says where a shape lies; a contour has too many points."""
_PROBLEM = "demo:region_problem"
_MIDDLE = (0.4, 0.4, 0.6, 0.6)
_TEMPLATES = (PAPER_TEMPLATE, *_ENSEMBLE_TITLES)


def model_and_prompt() -> None:
    """Show the settings of the question, and what is wrong with those that are not valid."""
    with st.expander(as_text(_summary()), key="demo_question"):
        state = session.state()
        names = tuple(dict.fromkeys((*models.selectable_names(), state.model)))
        st.selectbox("Model", names, names.index(state.model), format_func=_model_title, key=session.key("model"))
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


def region_in_numbers(xray: Xray) -> None:
    """Fields to add a shape by its coordinates."""
    width, height = xray.size_wh
    with st.expander("Region in numbers", key="demo_region"):
        st.toggle(
            "Contour point by point",
            session.state().tool == POLYGON,
            key=session.key("by_points"),
            help="With the tool Contour: click the corners, and the first one again to close.",
        )
        st.caption(f"Pixels of the X-ray, {width} wide and {height} high, from the upper left corner.")
        tools = {name: shape for shape, name in drawing_tools().items() if shape in _FIELDS}
        names = sorted(tools, key=lambda name: list(_FIELDS).index(tools[name]))
        kind = st.selectbox("Shape", names, format_func=_kind_title, key="demo_region_kind")
        limits = (width, height, width, height)
        for column, name, limit, share in zip(st.columns(4), _FIELDS[tools[kind]], limits, _MIDDLE, strict=False):
            column.number_input(name, 0, limit, round(limit * share), key=_field(kind, name))
        st.button(
            "Add shape",
            key="demo_region_add",
            icon=":material/add:",
            on_click=_add,
            args=(kind, tools[kind], xray.size_wh),
            disabled=len(session.state().marks) >= MAX_MARKS,
        )
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(as_text(problem), icon=":material/crop_free:")


def _field(kind: str, name: str) -> str:
    return f"demo_region_{kind}_{name}"


def _add(kind: str, shape: Shape, size_wh: tuple[int, int]) -> None:
    values = [st.session_state[_field(kind, name)] for name in _FIELDS[shape]]
    try:
        match shape:
            case "arrow":
                region: Region = Arrow((values[0], values[1]), (values[2], values[3]))
            case "dot":
                region = point_region(values[0], values[1], size_wh)
            case _:
                region = Box(*values)
    except RegionError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        session.change(marks=(*session.state().marks, Mark(kind, region)))


def _classes() -> None:
    state = session.state()
    names = st.multiselect(
        "Classes",
        sorted({*default_classes(), *state.classes}, key=str.casefold),
        default=state.shown_classes,
        key=session.key("classes"),
        accept_new_options=True,
        placeholder="Choose or type a class",
        max_selections=MAX_CLASSES,
        help="What the model chooses from. Type to add your own.",
    )
    _complain(lambda: checked_classes(names))


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
        help="Type your own, with {class} where the class name goes.",
    )
    _complain(lambda: checked_template(text or ""))


def _complain(check: Callable[[], object]) -> None:
    try:
        check()
    except PromptError as error:
        st.error(as_text(f"{error} Until then, the last valid one counts."), icon=":material/edit:")


def _summary() -> str:
    state = session.state()
    template = _ENSEMBLE_TITLES.get(state.template, f"“{state.template.replace('{suffix}', '')}”")
    suffix = "marker named" if state.suffix else "no suffix"
    shown = "" if state.treatment == AS_DRAWN else f" · {_treatment_title(state.treatment).lower()}"
    return f"Model {state.model} · {len(state.shown_classes)} classes · {template} · {suffix}{shown}"


def _model_title(name: str) -> str:
    try:
        spec = models.get(name)
    except VPEError:
        return name
    return spec.title if models.is_ready(spec) else f"{spec.title} (not downloaded)"


def _treatment_title(name: str) -> str:
    return "As drawn" if name == AS_DRAWN else get_marker(name).title


def _kind_title(name: str) -> str:
    return get_marker(name).title
