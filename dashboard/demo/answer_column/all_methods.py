"""Every attention method's map, small, without and with the marks: one click enlarges one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from dashboard.demo.answers.answer import Answer, RegionShare, share_inside
from dashboard.demo.answers.marked_xray import MarkedXray, template_of, treatment_of, without_and_with_marks
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.attention_words import how_methods_agree, place_words, shares
from dashboard.frame.html import render
from dashboard.frame.jpeg import jpeg
from dashboard.frame.words import as_text
from vpe_core import attention
from vpe_core.attention import overlay
from vpe_core.cache import BoundedCache
from vpe_core.errors import AttentionError
from vpe_core.plots.answer_html import OverlayImage

if TYPE_CHECKING:
    from vpe_core.models import Model
    from vpe_core.types import Heatmap

_SMALL_PX = 200


@dataclass(frozen=True, slots=True, eq=False)
class MethodView:
    """What one method shows.

    Attributes:
        name: Of the method.
        maps: Of the unmarked image and, if something is drawn, of the marked one; none if the method does not fit.
        share: Its attention at the marked place.
        problem: Why the method does not fit this model; empty if it does.
    """

    name: str
    maps: tuple[Heatmap, ...] = ()
    share: RegionShare | None = None
    problem: str = ""


def method_views(model: Model, xray: Xray, state: DemoState, target: str, memory: BoundedCache) -> list[MethodView]:
    """The maps of all quick methods; of those that read the text, for `target`. The slow ones are for the laboratory.

    Raises:
        VPEError: A prompt or mark does not fit.
    """
    images = without_and_with_marks(model, xray, state, memory)
    return [_view(name, images, xray, state, target) for name in attention.quick_names()]


def _view(name: str, images: list[MarkedXray], xray: Xray, state: DemoState, target: str) -> MethodView:
    try:
        maps = tuple(image.heatmap(target, name, template_of(state)) for image in images)
    except AttentionError as error:
        return MethodView(name, problem=str(error))
    share = share_inside(maps[0], maps[1], xray, state) if len(maps) > 1 else None
    return MethodView(name, maps, share)


def all_methods(result: Answer, model: Model, xray: Xray) -> None:
    """A part that is folded until someone wants it: only then is it computed."""
    state = session.state()
    with st.expander("All methods: they do not always agree", key="demo_methods", on_change="rerun") as part:
        if not part.open:
            return
        with st.spinner("Asking every method"):
            views = method_views(model, xray, state, result.target, session.memory(xray))
            shown = [image.preview for image in without_and_with_marks(model, xray, state, session.memory(xray))]
        if state.marks:
            known = [(attention.get(view.name).title, view.share) for view in views if view.share]
            changes = [(title, share.before, share.after) for title, share in known]
            if sentence := how_methods_agree(changes, place_words(state.marks, treatment_of(state))):
                st.html(render("paragraph", kind="agreement", text=sentence))
        with st.container(key="demo_method_cards"):
            for view in views:
                _card(view, shown, state, result.target)


def _card(view: MethodView, shown: list[Image.Image], state: DemoState, target: str) -> None:
    method = attention.get(view.name)
    pictures = [
        _small(image, heatmap, state, f"{method.shows(target)}, {how}")
        for image, heatmap, how in zip(shown, view.maps, ("without a marker", "with the marker"), strict=False)
    ]
    chosen = view.name == state.method
    numbers = [shares(view.share.before, view.share.after)] if view.share else []
    with st.container(key=f"demo_method_{view.name}", gap=None):
        st.html(render("method_card", pictures=pictures, problem=view.problem, chosen=chosen))
        st.button(
            as_text(method.title),
            key=f"demo_enlarge_{view.name}",
            help=as_text(method.reason) or None,
            type="tertiary",
            disabled=bool(view.problem),
            on_click=_enlarge,
            args=(view.name,),
        )
        st.html(
            render("paragraph", kind="method-share", text=" · ".join([*numbers, *(["shown above"] if chosen else [])]))
        )


def _enlarge(method: str) -> None:
    st.session_state[session.key("method")] = method


def _small(image: Image.Image, heatmap: Heatmap, state: DemoState, alt: str) -> OverlayImage:
    colored = overlay(image, heatmap, opacity=state.opacity / 100)
    colored.thumbnail((_SMALL_PX, _SMALL_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return OverlayImage(jpeg(colored, 80), colored.size, alt)
