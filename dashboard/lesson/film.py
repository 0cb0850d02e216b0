"""The X-ray of a step: as a picture with what is marked on it, or as a film to draw on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image

from dashboard.demo.answers.marked_xray import draw
from dashboard.demo.film.canvas import drawing_canvas, drawn_marks
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.demo.state.session import memory
from dashboard.frame.html import render
from dashboard.frame.jpeg import jpeg
from dashboard.lesson.progress import keep, progress
from dashboard.lesson.step import LessonScene
from dashboard.library.example import data_uri
from vpe_core.datasets.gallery import Finding
from vpe_core.errors import RegionError
from vpe_core.markers import MARKERS
from vpe_core.markers.marks import Mark, rounded
from vpe_core.types import Box

TOOL = "circle"
_LONGEST_PX, _QUALITY = 900, 88
_SIDES, _MIDDLE = ("Left", "Top", "Right", "Bottom"), (0.4, 0.4, 0.6, 0.6)
_PROBLEM = "lesson:place_problem"


@dataclass(frozen=True, slots=True)
class _Film:
    uri: str
    aspect: float
    alt: str
    simulated: bool
    caption: str = ""
    in_percent: tuple[Finding, ...] = ()


def show_film(scene: LessonScene, state: DemoState, boxes: Sequence[Finding] = ()) -> None:
    """The picture of a scene with the marks of a state, and boxes around what is known."""
    picture = scene.picture
    look = (state.marks, state.treatment, state.ink, state.width)
    drawn, size_wh = memory(picture).get_or_compute(
        ("lesson film", picture.content, look), lambda: _drawn(picture, state)
    )
    in_percent = tuple(_in_percent(finding, picture.size_wh) for finding in boxes)
    alt = f"{_kind(picture)} chest X-ray{_with(state)}"
    if boxes:
        alt += f"; boxes around {', '.join(finding.label for finding in boxes)}"
    film = _Film(data_uri(drawn, "jpeg"), size_wh[0] / size_wh[1], alt, picture.simulated, in_percent=in_percent)
    st.html(render("lesson_film", films=[film]))


def show_pictures(scene: LessonScene, pictures: Sequence[tuple[Image.Image, str]]) -> None:
    """Pictures in place of the X-ray, side by side, each with its words."""
    films = [
        _Film(
            data_uri(jpeg(image, _QUALITY), "jpeg"), image.width / image.height, f"Attention on the X-ray, {words}",
            scene.picture.simulated and not number, words.capitalize(),
        )
        for number, (image, words) in enumerate(pictures)
    ]  # fmt: skip
    st.html(render("lesson_film", films=films))


def film_to_draw_on(scene: LessonScene, turn: int) -> None:
    """The X-ray as a film; what is drawn last counts, and `progress` keeps it.

    Args:
        scene: Whose X-ray it is.
        turn: With another one it begins empty.
    """
    xray = _of_lesson(scene, turn)
    _collect(xray)
    state = scene.state
    with st.container(key="lesson_canvas"):
        drawing_canvas(xray, progress().drawn, tool=TOOL, color=state.ink, width=state.native_width, on_stroke=_collect)
        if xray.simulated:
            st.html('<span class="vpl-pill vpl-on-image">simulated X-ray</span>')


def place_by_numbers(scene: LessonScene, turn: int) -> None:
    """The way to draw without a pointer: four numbers."""
    width, height = scene.picture.size_wh
    keys = [f"lesson_{side.lower()}-{turn}" for side in _SIDES]
    with st.expander("Draw without a pointer"), st.form(f"lesson_place-{turn}", border=False):
        ends = zip(st.columns(4), _SIDES, keys, _MIDDLE, (width, height, width, height), strict=True)
        for column, side, key, value, most in ends:
            column.number_input(f"{side}, px", 0, most, round(value * most), key=key)
        st.form_submit_button("Place the circle", on_click=_place_circle, args=(keys,))
        if problem := st.session_state.pop(_PROBLEM, ""):
            st.error(problem, icon=":material/crop_free:")


def _place_circle(keys: Sequence[str]) -> None:
    try:
        box = Box(*(float(st.session_state[key]) for key in keys))
    except RegionError:
        st.session_state[_PROBLEM] = "Left has to be smaller than right, and top smaller than bottom."
    else:
        keep(replace(progress(), drawn=(rounded(Mark(TOOL, box)),)))


def _of_lesson(scene: LessonScene, turn: int) -> Xray:
    """The X-ray under a name of its own: what is drawn here is not what is drawn on it in the live demo."""
    return replace(scene.picture, key=f"lesson-{turn}-{scene.picture.key}")


def _collect(xray: Xray) -> None:
    drawn_marks(xray, progress().drawn, _keep_latest)


def _keep_latest(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    latest = marks[-1:]
    if latest != progress().drawn:
        keep(replace(progress(), drawn=latest))
    return latest


def _drawn(picture: Xray, state: DemoState) -> tuple[bytes, tuple[int, int]]:
    image = draw(picture, state)
    if max(image.size) > _LONGEST_PX:
        image.thumbnail((_LONGEST_PX, _LONGEST_PX), Image.Resampling.LANCZOS)
    return jpeg(image, _QUALITY), image.size


def _in_percent(finding: Finding, size_wh: tuple[int, int]) -> Finding:
    """Its box in percent of the picture."""
    width, height = size_wh
    return replace(finding, box=finding.box.scaled(100 / width, 100 / height))


def _with(state: DemoState) -> str:
    names = [MARKERS.get(mark.marker).short_title for mark in state.marks]
    return f" with a {state.color} {names[0]}" if names else ""


def _kind(picture: Xray) -> str:
    return "Simulated" if picture.simulated else "Real"
