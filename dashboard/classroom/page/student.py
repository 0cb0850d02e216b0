"""A member's view: the X-ray, one sentence what to do, drawing or choosing, and what became of it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.classroom.drawings import SHAPES, WIDTHS
from dashboard.classroom.errors import RoomError
from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import NOT_ASKED, Said, TaskKind, marker_title
from dashboard.classroom.page import browser, results, seat
from dashboard.classroom.page.lesson import lesson_link
from dashboard.classroom.page.model import said
from dashboard.classroom.page.place import typed_place
from dashboard.classroom.page.seat import Seat
from dashboard.classroom.records import Kept, MemberDrawing, RoomView, Task
from dashboard.classroom.results import ranked
from dashboard.classroom.rooms import spaced
from dashboard.demo.answers.answer import out_of_domain
from dashboard.demo.film.canvas import drawing_canvas, drawn_marks
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import COLORS, tool_title
from dashboard.frame.busy import problems_shown
from dashboard.frame.html import render
from dashboard.frame.verdicts import guess, winners
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, answer_words, as_text
from vpe_core import models
from vpe_core.errors import VPEError
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import Mark
from vpe_core.plots.answer_html import answer_bars

_WIDTH = 3


def member_view(place: Seat) -> None:
    """What a member sees of the class now."""
    assert place.member is not None
    version = place.room.version_for(place.token)
    view = place.room.view()
    with st.container(key="class_member"):
        st.html(render("class_head", code=spaced(view.code), who=place.member.title, version=view.version))
        if view.lesson_step is not None:
            lesson_link(view.lesson_step)
        if view.task is None:
            st.info("You are in. The first task comes when the lecturer begins.", icon=":material/hourglass_top:")
        else:
            with problems_shown():
                _task(place, view, view.task)
        st.button("Leave this class", key="class_leave", type="tertiary", on_click=seat.leave)
    browser.follow(view.code, place.token, version, browser.MEMBERS_EVERY_MS)


def _task(place: Seat, view: RoomView, task: Task) -> None:
    question, kind = task.question, catalog.get(task.question.kind)
    st.html(
        render(
            "class_task", number=question.number, title=kind.title, asks=kind.asks(question),
            simulated=task.xray.simulated,
        )
    )  # fmt: skip
    is_open = not view.frozen and (kind.tries or not view.revealed)
    if is_open and kind.draws:
        _draw(place, view, task, kind)
    elif is_open:
        results.film(task, view)
        _choose(place, view, task)
    else:
        if not view.revealed:
            mine = _mine(place, view)
            sent = f"Yours is in{': ' * bool(mine.latest.choice)}{mine.latest.choice}." if mine else "You sent none."
            st.info(as_text(f"The lecturer has closed the answers. {sent}"), icon=":material/lock:")
        results.film(task, view, mine=place.member.number if place.member else None)
    if view.revealed:
        _revealed(place, task, kind)


def _revealed(place: Seat, task: Task, kind: TaskKind) -> None:
    view, plain = place.room.view(), said(place.room, task)
    if kind.tries and not view.frozen:
        results.film(task, view, mine=place.member.number if place.member else None)
    if mine := _mine(place, view):
        st.html(
            render("class_drawing", title="You", who="", given=0, drawn=0, text=_place_among(view, mine, task, kind))
        )
    results.bars(task, view, plain)
    if kind.draws:
        results.highlights(place, view, task, plain)


def _place_among(view: RoomView, mine: Kept, task: Task, kind: TaskKind) -> str:
    text = kind.result(task.question, mine.displayed) or "Your answer counts."
    order = ranked(view.kept)
    return f"{text}; place {order.index(mine) + 1} of {len(order)}" if mine in order else text


def _choose(place: Seat, view: RoomView, task: Task) -> None:
    mine = _mine(place, view)
    key = f"class_choice_{task.film.key}"
    st.radio("The model will say", task.question.classes, index=None, key=key)

    def send() -> None:
        if choice := st.session_state.get(key):
            _give(place, task, choice=choice)

    st.button("Send", key="class_send", type="primary", on_click=send, disabled=st.session_state.get(key) is None)
    if mine:
        sent = as_text(mine.latest.choice)
        st.success(f"Sent: {sent}. You can change it until the results are shown.", icon=":material/check:")
    _say_refusal(task)


def _draw(place: Seat, view: RoomView, task: Task, kind: TaskKind) -> None:
    mine = _mine(place, view)
    if mine and mine.latest.drawing and _key("drawn", task.film) not in st.session_state:  # the page was loaded anew
        st.session_state[_key("tried", task.film)] = mine.latest.drawing
        _put(task.film, (mine.latest.drawing.mark,))
    drawing = _drawn(task, kind)
    if kind.tries:
        _try(place, task, kind, drawing)
        return

    def send() -> None:
        st.session_state[_key("sending", task.film)] = True

    st.button("Send", key="class_send", type="primary", on_click=send, disabled=drawing is None)
    if drawing is not None and st.session_state.get(_key("sending", task.film)):
        if _give(place, task, drawing=drawing, says=said(place.room, task, drawing)):
            view = place.room.view()
        st.session_state.pop(_key("sending", task.film), None)
    if mine := _mine(place, view):
        is_sent = drawing is None or (mine.latest.drawing == drawing)
        text = "Sent. You can change it until the results are shown." if is_sent else "Changed, but not sent yet."
        (st.success if is_sent else st.warning)(text, icon=":material/check:" if is_sent else ":material/edit:")
    _say_refusal(task)


def _try(place: Seat, task: Task, kind: TaskKind, drawing: MemberDrawing | None) -> None:
    """The model answers each try at once."""
    if drawing is None:
        st.caption("Draw on the X-ray: the model answers at once, and your best try counts.")
        return
    is_new = st.session_state.get(_key("tried", task.film)) != drawing
    drawn = _show(place, task, drawing) if is_new else 0
    says = said(place.room, task, drawing)
    if is_new:
        _give(place, task, drawing=drawing, says=says)
        st.session_state[_key("tried", task.film)] = drawing
    refused = _say_refusal(task)
    view = place.room.view()
    mine = _mine(place, view)
    if mine and not refused:
        st.html(render("class_drawing", who="", given=view.version, drawn=drawn, **_try_in_words(task, kind, mine)))
    _answer(task, drawing, says)


def _try_in_words(task: Task, kind: TaskKind, mine: Kept) -> dict[str, str]:
    latest = kind.result(task.question, mine.latest) if mine.latest.score is not None else "this try does not count"
    if mine.best is None:
        return {
            "title": "It does not count yet",
            "text": "The model names the same class as without a marker, or none.",
        }
    if mine.latest.score == mine.best.score:
        return {"title": "Your best try", "text": latest}
    return {"title": f"Your best try: {kind.result(task.question, mine.best)}", "text": f"Now: {latest}"}


def _answer(task: Task, drawing: MemberDrawing, says: Said) -> None:
    question, spec = task.question, models.get(task.question.model)
    astray, marker = out_of_domain(spec, task.xray), marker_title(drawing)
    words = answer_words(question.classes, says.without, says.marked, marker)
    st.html(
        render(
            "class_answer", banner=ANSWER_OUT_OF_DOMAIN if astray else "", words=None if astray else words,
            bars=answer_bars(
                question.classes, says.without, says.marked, marker=marker, simulated=task.xray.simulated,
                guess=guess("choose", len(question.classes)), means_nothing=astray,
                winners=() if astray else winners("choose", says.marked),
            ),
        )
    )  # fmt: skip


def _drawn(task: Task, kind: TaskKind) -> MemberDrawing | None:
    """The tools, the canvas and the one shape that is on it."""
    xray, tools = task.film, drawing_tools()
    marks = drawn_marks(xray, _marks(xray), partial(_put, xray))
    offered = tuple(tools[shape] for shape in SHAPES)
    width = _WIDTH
    with st.container(key="class_tools", horizontal=True, gap="small", vertical_alignment="center"):
        tool = st.segmented_control(
            "Tool", offered, format_func=tool_title, default=offered[0], key=f"class_tool_{xray.key}",
            required=True, label_visibility="collapsed",
        )  # fmt: skip
        if kind.width_counts:
            width = st.segmented_control(
                "Line", WIDTHS, format_func=lambda value: f"{value} px", default=_WIDTH,
                key=f"class_width_{xray.key}", required=True, label_visibility="collapsed",
            )  # fmt: skip
        st.button(
            "Clear", key="class_clear", icon=":material/delete_sweep:", on_click=partial(_clear, xray),
            disabled=not marks, help="Remove your shape",
        )  # fmt: skip
    with st.container(key="class_canvas"):
        drawing_canvas(xray, marks, tool=tool or offered[0], color=COLORS["red"], width=width, on_stroke=_nothing)
    typed_place(xray, tool or offered[0], partial(_put, xray))
    return MemberDrawing(marks[-1], width) if marks else None


def _marks(xray: Xray) -> tuple[Mark, ...]:
    marks: tuple[Mark, ...] = st.session_state.get(_key("drawn", xray), ())
    return marks


def _put(xray: Xray, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Keep the latest shape alone: one is the answer."""
    kept = marks[-1:]
    st.session_state[_key("drawn", xray)] = kept
    return kept


def _clear(xray: Xray) -> None:
    _put(xray, ())


def _give(
    place: Seat, task: Task, *, choice: str = "", drawing: MemberDrawing | None = None, says: Said = NOT_ASKED
) -> bool:
    """Hand the answer in; why it is not taken is said below the film."""
    try:
        place.room.answer(place.token, task.question.key, choice=choice, drawing=drawing, said=says)
    except RoomError as error:
        st.session_state[_key("refused", task.film)] = str(error)
        return False
    st.session_state.pop(_key("refused", task.film), None)
    return True


def _show(place: Seat, task: Task, drawing: MemberDrawing) -> int:
    """Let the class see the drawing while the model thinks; why it is not taken, the answer will say."""
    try:
        return place.room.draw(place.token, task.question.key, drawing)
    except VPEError:
        return 0


def _say_refusal(task: Task) -> bool:
    if refusal := st.session_state.get(_key("refused", task.film)):
        st.warning(as_text(refusal), icon=":material/block:")
    return bool(refusal)


def _mine(place: Seat, view: RoomView) -> Kept | None:
    return next((one for one in view.kept if one.member == place.member), None)


def _key(what: str, xray: Xray) -> str:
    """Where the session keeps what was drawn on a film, tried with it, sent or refused."""
    return f"class:{what} {xray.key}"


def _nothing(_xray: Xray) -> None:
    """The drawing is taken over when the page runs."""
