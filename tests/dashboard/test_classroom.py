"""A class in memory: who may what, what is counted, what is bounded, and that it goes."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dashboard.classroom.answers_table import answers_csv
from dashboard.classroom.asking import ask
from dashboard.classroom.errors import RoomError
from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import NOT_ASKED, Said
from dashboard.classroom.records import Member, MemberDrawing, TaskQuestion, cleaned_nickname
from dashboard.classroom.room import MAX_MEMBERS, MAX_TASKS, MEMBERS_LOOK_EVERY_S, Room
from dashboard.classroom.rooms import ALPHABET, MAX_ROOMS, MAX_ROOMS_A_CLIENT, SILENT_FOR_S, Rooms
from dashboard.classroom.shapes import drawings_over
from dashboard.classroom.tries import IN_ALL, PER_CLIENT, WINDOW_S
from dashboard.demo.film.xray import Xray
from vpe_core.datasets.gallery import Finding
from vpe_core.markers.marks import Mark, draw_marks
from vpe_core.models import Model
from vpe_core.settings import PROJECT_DIR
from vpe_core.types import Arrow, Box

CLASSES = ("mass", "effusion", "no abnormality")
PLAIN = (0.2, 0.1, 0.7)
XRAY = Xray("x", Image.new("L", (512, 512), 90), findings=(Finding("mass", Box(100, 100, 200, 200)),), public=True)
CIRCLE = MemberDrawing(Mark("circle", Box(300, 300, 400, 400)))


class Clock:
    """Time that a test lets pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rooms(clock: Clock) -> Rooms:
    return Rooms(clock)


def asked(room: Room, token: str, kind: str, **values: str) -> str:
    room.ask(token, TaskQuestion(0, kind, "x", CLASSES, **values), XRAY)
    task = room.view().task
    assert task is not None
    return task.question.key


def said(mass: float, ink: float = 0.01) -> Said:
    return Said(PLAIN, (mass, 0.9 - mass, 0.1), ink)


def test_a_class_needs_neither_streamlit_nor_torch() -> None:
    modules = ["rooms", "asking", "results", "shapes", "answers_table", "qr"]
    script = f"import sys, {', '.join(f'dashboard.classroom.{name}' for name in modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT_DIR, check=True)
    assert not {"streamlit", "torch", "pandas"} & set(done.stdout.split())


def test_codes_can_be_read_aloud_and_are_found_however_they_are_typed(rooms: Rooms) -> None:
    room, _ = rooms.open()
    assert not set("0O1I5S2ZBUVAEY") & set(ALPHABET)
    assert rooms.find(f" {room.code[:3].lower()}-{room.code[3:]} ") is room
    for wrong in ("", "ABC", "x" * 1000):
        with pytest.raises(RoomError, match="6 characters"):
            rooms.find(wrong)
    with pytest.raises(RoomError, match=r"No code has 0 or O in it\."):
        rooms.find("O0CCCC")


def test_who_tries_wrong_codes_has_to_wait_and_whoever_is_in_goes_on(rooms: Rooms, clock: Clock) -> None:
    room, token = rooms.open()
    member = room.join()
    for _ in range(PER_CLIENT):
        with pytest.raises(RoomError, match="no class with this code"):
            rooms.find("C" * 6, "one")
    with pytest.raises(RoomError, match="Too many wrong codes"):
        rooms.find(room.code, "one")
    assert rooms.version(room.code, "", "one") is None
    assert None not in (rooms.version(room.code, member, "one"), rooms.version(room.code, token, "one"))
    assert rooms.find(room.code, "another") is room
    for number in range(IN_ALL - PER_CLIENT):
        with pytest.raises(RoomError, match="no class"):
            rooms.find("D" * 6, f"place {number}")
    with pytest.raises(RoomError, match="Too many wrong codes"):
        rooms.find(room.code, "yet another")
    clock.now += WINDOW_S
    assert rooms.find(room.code, "one") is room
    assert rooms.version("C" * 6, "guessed token", "one") is None  # says the same whether there is such a class
    assert rooms.version(room.code, "guessed token", "one") is None


def test_only_who_opened_a_class_steers_it(rooms: Rooms) -> None:
    room, token = rooms.open()
    member = room.join()
    other = rooms.open()[1]
    for wrong in ("", member, other, token[:-1], "ü"):
        for action in (
            lambda wrong=wrong: asked(room, wrong, "predict"),
            lambda wrong=wrong: room.steer(wrong, revealed=True),
            lambda wrong=wrong: room.restart(wrong),
            lambda wrong=wrong: room.send_to_lesson(wrong, 3),
            lambda wrong=wrong: room.keep_own(wrong, XRAY),
            lambda wrong=wrong: room.rounds(wrong),
            lambda wrong=wrong: room.end(wrong),
        ):
            with pytest.raises(RoomError, match="Only who opened"):
                action()
    assert not room.is_over
    assert len({rooms.open(f"{n}")[1] for n in range(5)}) == 5


def test_a_class_ends_by_itself_and_leaves_nothing(rooms: Rooms, clock: Clock) -> None:
    room, token = rooms.open()
    member = room.join("Ann")
    room.keep_own(token, replace(XRAY, image=Image.new("L", (5000, 4000)), public=False))
    own = room.own_xray()
    assert own is not None
    assert max(own.size_wh) == 2048
    room.ask(token, TaskQuestion(0, "predict", "own", CLASSES), own)
    clock.now += SILENT_FOR_S - 1
    assert rooms.version(room.code, token, "") is not None  # a sign of life
    clock.now += SILENT_FOR_S - 1
    assert rooms.of_token(room.code, member) is room  # a member's is none
    clock.now += 1
    assert rooms.of_token(room.code, member) is None
    assert (len(rooms), room.is_over, room.own_xray(), room.view().task, room.view().kept) == (0, True, None, None, ())
    with pytest.raises(RoomError, match="has ended"):
        room.join()
    ended, token = rooms.open()
    ended.end(token)
    assert len(rooms) == 0


def test_everything_is_bounded(rooms: Rooms, clock: Clock) -> None:
    for client in range(MAX_ROOMS // MAX_ROOMS_A_CLIENT):
        for _ in range(MAX_ROOMS_A_CLIENT):
            room, token = rooms.open(str(client))
        with pytest.raises(RoomError, match="Too many classes"):
            rooms.open(str(client))
    with pytest.raises(RoomError, match="Too many classes"):
        rooms.open("somebody else")
    tokens = [room.join("x" * 10_000) for _ in range(MAX_MEMBERS)]
    with pytest.raises(RoomError, match="full"):
        room.join()
    for _ in range(MAX_TASKS):
        key = asked(room, token, "predict")
    with pytest.raises(RoomError, match="50 tasks"):
        asked(room, token, "predict")
    for choice in (*CLASSES, "mass"):
        room.answer(tokens[0], key, choice=choice, said=NOT_ASKED)
    assert [kept.latest.choice for kept in room.view().kept] == ["mass"]
    clock.now += 1000
    for present in tokens[2:]:
        room.member(present)
    room.join("late")  # in place of the one who left long ago without an answer
    assert room.member(tokens[1]) is None
    assert room.member(tokens[0]) is not None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  Ann \t Lee\n", "Ann Lee"), ("a\u202eb\u200bc\0", "abc"), ("x" * 99, "x" * 24), ("رئة", "رئة"), ("\u202e", "")],
)
def test_nicknames_are_one_short_visible_line(typed: str, kept: str) -> None:
    assert cleaned_nickname(typed) == kept


def test_threads_lose_no_answer_and_no_version() -> None:
    rooms = Rooms()
    room, token = rooms.open()
    members = [room.join(str(number)) for number in range(30)]
    key = asked(room, token, "fool", target="mass")
    before = room.view().version
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(30) as pool:

            def draw(place: int) -> None:
                for step in range(40):
                    score = ((step * 7 + place) % 40) / 50
                    room.answer(members[place], key, drawing=CIRCLE, said=said(score))
                    rooms.version(room.code, members[place], "")
                    view = room.view()
                    assert all(kept.best is not None for kept in view.kept)

            list(pool.map(draw, range(30)))
    finally:
        sys.setswitchinterval(switch)
    view = room.view()
    assert view.version == before + 30 * 40
    assert [kept.member.number for kept in view.kept] == list(range(1, 31))
    assert {kept.best.score for kept in view.kept if kept.best} == {39 / 50}


def test_members_wait_for_answers_and_not_for_the_lecturer(rooms: Rooms, clock: Clock) -> None:
    room, token = rooms.open()
    one, two = room.join(), room.join()
    key = asked(room, token, "fool", target="mass")
    known = room.version_for(one)
    room.answer(two, key, drawing=CIRCLE, said=said(0.5))
    clock.now += 2 * MEMBERS_LOOK_EVERY_S
    assert room.version_for(one) == known  # nothing of it is shown yet
    assert room.version_for(token) > known
    room.steer(token, revealed=True)
    assert (known := room.version_for(one)) == room.version_for(token)
    room.answer(two, key, drawing=CIRCLE, said=said(0.6))
    assert room.version_for(one) == known
    clock.now += MEMBERS_LOOK_EVERY_S
    assert room.version_for(one) == room.version_for(token) > known


def test_what_is_closed_shown_or_of_another_task_is_not_taken(rooms: Rooms) -> None:
    room, token = rooms.open()
    member = room.join()
    key = asked(room, token, "predict")
    for choice in ("", "nonsense"):
        with pytest.raises(RoomError, match="one of the classes"):
            room.answer(member, key, choice=choice, said=NOT_ASKED)
    room.answer(member, key, choice="mass", said=NOT_ASKED)
    for closing in ({"frozen": True}, {"frozen": False, "revealed": True}):
        room.steer(token, **closing)
        with pytest.raises(RoomError, match="closed"):
            room.answer(member, key, choice="mass", said=NOT_ASKED)
    room.restart(token)
    assert room.view().kept == ()
    with pytest.raises(RoomError, match="next task"):
        room.answer(member, key, choice="mass", said=NOT_ASKED)
    key = asked(room, token, "fool", target="effusion")
    for drawing in (
        None,
        MemberDrawing(Mark("crop", Box(300, 300, 400, 400))),
        MemberDrawing(CIRCLE.mark, 500),
        MemberDrawing(Mark("circle", Box(150, 150, 260, 260))),  # touches the mass
        MemberDrawing(Mark("arrow", Arrow((300, 300), (170, 170)))),
    ):
        with pytest.raises(RoomError):
            room.answer(member, key, drawing=drawing, said=said(0.5))
    with pytest.raises(RoomError, match="class that the model"):
        asked(room, token, "fool", target="nonsense")


def test_a_drawing_is_there_before_its_answer(rooms: Rooms) -> None:
    room, token = rooms.open()
    member = room.join()
    key = asked(room, token, "fool", target="mass")
    version = room.draw(member, key, CIRCLE)
    view = room.view()
    assert (view.version, view.waiting, view.kept) == (version, ((Member(1), CIRCLE),), ())
    assert view.task is not None
    (shape,) = drawings_over(view.task, view)["shapes"]
    assert (shape["member"], shape["waiting"]) == (1, True)
    with pytest.raises(RoomError, match="finding at this place"):
        room.draw(member, key, MemberDrawing(Mark("circle", Box(150, 150, 260, 260))))
    room.answer(member, key, drawing=CIRCLE, said=said(0.5))
    view = room.view()
    assert (view.waiting, len(view.kept)) == ((), 1)
    (shape,) = drawings_over(view.task, view, clickable=True)["shapes"]
    assert (shape["clickable"], shape["kind"], shape["outline"]["rx"]) == (True, "ellipse", 50)
    room.draw(member, key, CIRCLE)
    room.restart(token)
    assert room.view().waiting == ()


def test_each_kind_scores_what_it_says(rooms: Rooms) -> None:
    room, token = rooms.open()
    member = room.join()
    exact = MemberDrawing(Mark("bbox", Box(100, 100, 200, 200)))
    half = MemberDrawing(Mark("bbox", Box(100, 100, 200, 150)))
    scores = {}
    for name, (kind, drawing, says) in {
        "exact": ("point", exact, said(0.5)),
        "half": ("point", half, said(0.5)),
        "fooled": ("fool", CIRCLE, said(0.63)),
        "changed": ("steer", CIRCLE, said(0.85, ink=0.02)),
        "same": ("steer", CIRCLE, Said(PLAIN, (0.1, 0.1, 0.8), 0.02)),
        "undecided": ("steer", CIRCLE, Said(PLAIN, (0.35, 0.33, 0.32), 0.02)),
    }.items():
        key = asked(room, token, kind, target="mass")
        scores[name] = room.answer(member, key, drawing=drawing, said=says).score
    assert scores == {
        "exact": pytest.approx(1, abs=0.01), "half": pytest.approx(0.5, abs=0.01), "fooled": pytest.approx(0.63),
        "changed": pytest.approx(0.98), "same": None, "undecided": None,
    }  # fmt: skip
    assert catalog.names() == ("predict", "point", "fool", "steer")


def test_the_table_holds_latest_and_best_and_starts_no_formula(rooms: Rooms) -> None:
    room, token = rooms.open()
    member = room.join("=cmd()")
    key = asked(room, token, "fool", target="mass")
    for score in (0.6, 0.3):
        room.answer(member, key, drawing=CIRCLE, said=said(score))
    rows = list(csv.DictReader(io.StringIO(answers_csv(room.rounds(token)).decode())))
    assert [(row["which"], row["score"], row["drawing"]) for row in rows] == [
        ("latest", "0.300000", "circle:300,300,400,400"), ("best", "0.600000", "circle:300,300,400,400"),
    ]  # fmt: skip
    assert {row["nickname"] for row in rows} == {"'=cmd()"}


def test_a_drawing_is_asked_about_as_in_the_live_demo(model: Model) -> None:
    from dashboard.demo.answers.answer import answer
    from dashboard.demo.state.demo_state import DemoState
    from vpe_core.cache import BoundedCache

    rooms = Rooms()
    room, token = rooms.open()
    asked(room, token, "fool", target="mass")
    task = room.view().task
    assert task is not None
    says = ask(model, task, CIRCLE, BoundedCache())
    there = answer(model, XRAY, DemoState(marks=(CIRCLE.mark,)), CLASSES, BoundedCache())
    assert there.marked is not None
    np.testing.assert_allclose(says.without, there.without.probabilities, atol=1e-5)
    np.testing.assert_allclose(says.marked, there.marked.probabilities, atol=1e-5)
    for mark in (Mark("arrow", Arrow((500, 500), (505, 30))), Mark("bbox", Box(0, 0, 40, 512)), CIRCLE.mark):
        picture = np.asarray(draw_marks(XRAY.image, [mark], color="#ff0000", width=8))
        inked = (picture != picture[256, 200]).any(axis=-1).mean()  # all else is one grey
        assert ask(model, task, MemberDrawing(mark, 8), BoundedCache()).ink == pytest.approx(inked)
    assert says.ink == pytest.approx(
        np.pi * 100 * 4 / 512**2, rel=0.1
    )  # the circumference: three pixels and a soft rim
