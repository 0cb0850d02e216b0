"""The evidence for whatever class is pointed at in the answer: of methods that read the text, and quick models."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.demo.answers.answer import Answer
from dashboard.demo.answers.marked_xray import MarkedXray, template_of, without_and_with_marks
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.assets import asset
from dashboard.frame.jpeg import jpeg
from vpe_core import attention
from vpe_core.attention.colormaps import table
from vpe_core.cache import BoundedCache
from vpe_core.plots.answer_html import MapValues

if TYPE_CHECKING:
    from vpe_core.models import Model

_KEY = "vpl_class_evidence"
_CELLS = 40


def class_evidence(result: Answer, model: Model, xray: Xray) -> None:
    """Listen for a class that is pointed at; only once there was one are the maps of all classes computed."""
    state = session.state()
    if not attention.get(state.method).reads_text or model.spec.scheme != "embedded":
        return
    question = hashlib.sha256(f"{xray.key} {state}".encode()).hexdigest()[:12]
    wanted = (st.session_state.get(_KEY) or {}).get("wanted")
    _listener()(
        key=_KEY,
        data={
            "question": question,
            "maps": evidence_maps(result, model, xray, state, session.memory(xray)) if wanted == question else None,
            "colors": b64encode(table("inferno").tobytes()).decode("ascii"),
            "opacity": state.opacity / 100,
        },
        on_wanted_change=lambda: None,
        height="content",
    )


def evidence_maps(
    result: Answer, model: Model, xray: Xray, state: DemoState, memory: BoundedCache
) -> list[dict[str, object]]:
    """Of the unmarked image and the marked one, if any: the picture, and for each class the levels of its map.

    Levels are those of `MapValues`: one byte a cell, 255 for the strongest value of that map.
    """
    images = without_and_with_marks(model, xray, state, memory)
    return [_of_all_classes(image, result.classes, state) for image in (images[:1] if result.cropped else images)]


def _of_all_classes(image: MarkedXray, classes: tuple[str, ...], state: DemoState) -> dict[str, object]:
    heatmaps = image.heatmaps(classes, state.method, template_of(state))
    values = [MapValues.of(heatmap, image.preview.size, _CELLS) for heatmap in heatmaps]
    return {
        "base": b64encode(jpeg(image.preview)).decode("ascii"),
        "columns": values[0].columns,
        "rows": values[0].rows,
        "levels": {name: one.base64 for name, one in zip(classes, values, strict=True)},
    }


@cache
def _listener() -> Any:
    return st.components.v2.component(_KEY, js=asset("class_evidence.js"))
