"""The lecturer's view: the next task, what becomes of the one at hand, and the class as a whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.classroom.answers_table import answers_csv
from dashboard.classroom.errors import RoomError
from dashboard.classroom.kinds import catalog
from dashboard.classroom.page import browser
from dashboard.classroom.page.controls import task_controls
from dashboard.classroom.page.invitation import invitation
from dashboard.classroom.page.lesson import send_to_lesson
from dashboard.classroom.page.projector import count
from dashboard.classroom.page.seat import Seat
from dashboard.classroom.records import RoomView, TaskQuestion
from dashboard.classroom.room import OWN, Room
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState, default_classes
from dashboard.frame.html import render
from dashboard.frame.rights import may, why_not
from dashboard.frame.uploads import new_upload
from dashboard.frame.view import PROJECTOR, choose_view
from dashboard.frame.words import as_text
from dashboard.library.pictures import gallery, gallery_xray, thumbnail, uploaded_xray
from vpe_core import models
from vpe_core.errors import ImageReadError
from vpe_core.images import READABLE

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_KIND, _SAMPLE, _TARGET, _MODEL, _UPLOAD = (
    f"class_next_{name}" for name in ("kind", "xray", "target", "model", "upload")
)
_CHOOSE_OWN, _PROBLEM = "class:choose own", "class:start problem"


def steering_view(place: Seat) -> None:
    """What only who opened the class sees."""
    version = place.room.version_for(place.token)
    view = place.room.view()
    with st.container(key="class_lecturer"):
        left, right = st.columns([1, 1], gap="large")
        with left, st.container(border=True, key="class_next"):
            _next_task(place)
        with right:
            with st.container(border=True, key="class_now"):
                _now(place, view)
            with st.container(border=True, key="class_whole"):
                _whole_class(place, view)
    browser.follow(view.code, place.token, version, browser.MEMBERS_EVERY_MS, steers=True)


def _now(place: Seat, view: RoomView) -> None:
    invitation(view.code, small=True)
    count(view)
    if st.button("Projector view", key="class_projector_button", icon=":material/cast:", help="Steer from there, too"):
        choose_view(PROJECTOR)
        st.rerun()
    if view.task is None:
        st.caption("Nothing is asked yet. Choose the first task, and start it.")
        return
    question = view.task.question
    kind = catalog.get(question.kind)
    st.html(
        render(
            "class_task", number=question.number, title=kind.title, asks=kind.asks(question),
            simulated=view.task.xray.simulated,
        )
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        task_controls(place, view)


def _next_task(place: Seat) -> None:
    st.header("Next task", anchor=False)
    name = st.segmented_control(
        "Kind", catalog.names(), format_func=lambda one: catalog.get(one).title, default=catalog.names()[0],
        key=_KIND, required=True,
    ) or catalog.names()[0]  # fmt: skip
    kind = catalog.get(name)
    st.caption(kind.about)
    xray_name = _xray_field(place)
    target = ""
    if kind.wants_target:
        target = st.selectbox("The model should say", default_classes(), key=_TARGET)
    ready = [one for one in models.selectable_names() if models.is_ready(models.get(one))]
    usual = DemoState().model
    model = st.selectbox(
        "Model", ready, ready.index(usual) if usual in ready else 0,
        format_func=lambda one: models.get(one).title, key=_MODEL,
    )  # fmt: skip
    question = TaskQuestion(0, name, xray_name, default_classes(), target or "", model or "")
    st.button(
        "Start task", key="class_start", type="primary", icon=":material/play_arrow:",
        disabled=not (xray_name and model), on_click=_start, args=(place, question),
    )  # fmt: skip
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(as_text(problem), icon=":material/error:")


def _start(place: Seat, question: TaskQuestion) -> None:
    try:
        place.room.ask(place.token, question, _xray(place, question.sample))
    except (RoomError, ImageReadError) as error:
        st.session_state[_PROBLEM] = str(error)


def _xray_field(place: Seat) -> str:
    """Which X-ray is asked about: one of the gallery, or the lecturer's own."""
    entries = {entry.name: entry for entry in gallery()}
    names = [*([OWN] if place.room.own_xray() else []), *entries]
    if st.session_state.pop(_CHOOSE_OWN, False):
        st.session_state[_SAMPLE] = OWN
    chosen, picture = st.columns([3, 1], gap="small", vertical_alignment="bottom")
    name = chosen.selectbox(
        "X-ray", names, key=_SAMPLE, format_func=lambda one: "Your X-ray" if one == OWN else entries[one].title,
        help="Members see no title.",
    )  # fmt: skip
    entry = entries.get(name or "")
    if entry is not None and entry.path.is_file():
        picture.image(thumbnail(str(entry.path), entry.path.stat().st_mtime_ns), width=72, alt="The chosen X-ray")
    with st.expander("Your own X-ray"):
        if may("uploads"):
            label = f"{READABLE}. It is shown in this class only, and gone when the class ends."
            file = st.file_uploader(label, key=_UPLOAD)
            if new_upload(file, _UPLOAD, _taker(place), "Reading the X-ray"):
                st.session_state[_CHOOSE_OWN] = True
                st.rerun()
        else:
            st.caption(as_text(why_not("uploads")))
    return name or ""


def _taker(place: Seat) -> Callable[[UploadedFile], None]:
    def take(file: UploadedFile) -> None:
        place.room.keep_own(place.token, uploaded_xray(file.getvalue()))

    return take


def _xray(place: Seat, name: str) -> Xray:
    own = place.room.own_xray()
    if name == OWN and own is not None:
        return own
    entry = next((entry for entry in gallery() if entry.name == name), None)
    if entry is None:
        raise RoomError("This X-ray is not here any more. Choose another one.")
    return gallery_xray(entry)


def _whole_class(place: Seat, view: RoomView) -> None:
    st.header("The class", anchor=False)
    st.toggle(
        "Show nicknames to the class", view.names_shown, key="class_names",
        on_change=lambda: place.steer(Room.steer, names_shown=bool(st.session_state["class_names"])),
    )  # fmt: skip
    send_to_lesson(place, view)
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Download answers", partial(_answers, place), "class_answers.csv", "text/csv",
            key="class_download", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        with st.popover("End class", icon=":material/logout:", key="class_end"):
            st.markdown("Room, answers and your own X-ray are gone for everybody. Download the answers before.")
            st.button("End it now", key="class_end_now", type="primary", on_click=place.steer, args=(Room.end,))


def _answers(place: Seat) -> bytes:
    try:
        return answers_csv(place.room.rounds(place.token))
    except RoomError:  # it has ended meanwhile
        return answers_csv(())
