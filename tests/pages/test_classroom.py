"""The page of a class in its states, through Streamlit's own test runner."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import NOT_ASKED
from dashboard.classroom.page import browser, seat
from dashboard.classroom.records import TaskQuestion
from dashboard.classroom.room import Room
from dashboard.classroom.rooms import ROOMS
from dashboard.demo.state.demo_state import default_classes
from dashboard.library.pictures import gallery, gallery_xray
from tests.pages.test_pages import TIMEOUT_S, imports, link_of, open_app
from vpe_core.errors import VPEError
from vpe_core.markers.marks import Mark
from vpe_core.settings import PROJECT_DIR
from vpe_core.types import Box

PAGE = "pages/classroom.py"


@pytest.fixture(autouse=True)
def _no_class_stays() -> Iterator[None]:
    yield
    for room in list(ROOMS._rooms.values()):
        room.close()
    ROOMS.sweep()


@pytest.fixture
def room() -> Room:
    return ROOMS.open("test")[0]


def html_of(app: AppTest) -> str:
    return "\n".join(body for element in app.get("html") if "<style>" not in (body := str(element.body)))


def joined(room: Room, nickname: str = "Ann") -> AppTest:
    """A member's page."""
    app = open_app(PAGE)
    app.text_input(key="class_code_field").set_value(room.code.lower())
    app.text_input(key="class_nickname_field").set_value(nickname)
    app.button[0].click().run()
    assert not app.exception
    return app


def ask(room: Room, kind: str, sample: str = "case_a") -> str:
    entry = next(entry for entry in gallery() if entry.name == sample)
    question = TaskQuestion(0, kind, sample, default_classes(), "consolidation" if kind == "fool" else "")
    room.ask(room.steering_token, question, gallery_xray(entry))
    task = room.view().task
    assert task is not None
    return task.film.key


def put_circle(app: AppTest, key: str, box: Box) -> AppTest:
    app.session_state[f"class:drawn {key}"] = (Mark("circle", box),)
    return app.run()


def test_a_lecturer_opens_asks_shows_and_ends() -> None:
    app = open_app(PAGE)
    app.button(key="class_open_button").click().run()
    code = link_of(app)["room"]
    room = ROOMS.find(code)
    assert room.steering_token not in str(link_of(app))
    for name in catalog.names():
        app.button_group(key="class_next_kind").set_value(name).run()
        app.button(key="class_start").click().run()
        assert not app.exception
        assert not app.error
        app.button(key="class_reveal").click().run()
        app.button(key="class_projector_button").click().run()
        assert link_of(app) == {"room": code, "view": "projector"}
        assert "vpl-class-bars" in html_of(app)
        app.button(key="class_freeze").click().run()
        assert "answers closed" in html_of(app)
        app.button(key="class_restart").click().run()
        assert "vpl-class-bars" not in html_of(app)
        app.button(key="class_steer").click().run()
        assert link_of(app) == {"room": code}
    assert [question.kind for question, _ in room.rounds(room.steering_token)] == list(catalog.names())
    app.button(key="class_end_now").click().run()
    assert room.is_over
    assert "This class has ended" in app.warning[0].value.replace("\\", "")
    assert not link_of(app)


@pytest.mark.parametrize("key", ["reveal", "freeze", "restart", "start", "lesson_send", "end_now", "projector_button"])
def test_what_is_clicked_after_the_class_has_ended_is_no_error(key: str) -> None:
    app = open_app(PAGE)
    app.button(key="class_open_button").click().run()
    app.button(key="class_start").click().run()
    ROOMS.find(link_of(app)["room"]).close()
    app.button(key=f"class_{key}").click().run()
    assert not app.exception
    assert "has ended" in app.warning[0].value


def test_a_code_of_no_class_is_reported_when_the_page_opens_and_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find = ROOMS.find
    monkeypatch.setattr(ROOMS, "find", lambda code, client="": (asked.append(code), find(code, client))[1])
    monkeypatch.setattr(browser, "kept_token", lambda _code: "")
    app = open_app(PAGE, {"room": "CDFGHJ"})
    assert "no class with this code" in app.warning[0].value
    assert app.text_input(key="class_code_field").value == "CDFGHJ"
    app.run()
    assert "no class with this code" in app.warning[0].value
    assert asked == ["CDFGHJ"]


def test_the_table_of_a_class_names_its_columns_and_says_what_it_leaves_out(room: Room) -> None:
    app = open_app(PAGE)
    app.button(key="class_open_button").click().run()
    app.button(key="class_start").click().run()
    app.button(key="class_reveal").click().run()
    app.button(key="class_projector_button").click().run()
    said = html_of(app)
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', said[said.index("vpl-class-bars") :])
    assert heads == ["Finding", "guesses", "model"]
    left = len(default_classes()) - said.count('<th scope="row">') - said.count('<th scope="row" ')
    assert re.search(rf"and {left} more, (all )?below \d+%, with no guesses", said)


def test_who_goes_from_a_class_to_the_lesson_finds_the_way_back(room: Room) -> None:
    app = joined(room)
    app.switch_page("pages/lesson.py").run()
    (link,) = [one for one in app.main.get("page_link") if one.proto.label == "Back to the class"]
    assert (link.proto.page, link.proto.query_string) == ("classroom", f"room={room.code}")
    room.close()
    ROOMS.sweep()
    app.run()
    assert not [one for one in app.main.get("page_link") if one.proto.label == "Back to the class"]


def test_everybody_is_sent_to_a_step_of_the_lesson_and_back() -> None:
    app = open_app(PAGE)
    app.button(key="class_open_button").click().run()
    member = joined(ROOMS.find(link_of(app)["room"]))
    app.selectbox(key="class_lesson_step").set_value(3)
    app.button(key="class_lesson_send").click().run()
    member.run()
    (link,) = [one for one in member.main.get("page_link") if "Step 3" in one.proto.label]
    assert (link.proto.page, link.proto.query_string) == ("lesson", "step=3")
    app.button(key="class_lesson_back").click().run()
    member.run()
    assert not member.main.get("page_link")


def test_who_has_gone_back_to_the_door_returns_to_the_class() -> None:
    app = open_app(PAGE)
    app.button(key="class_open_button").click().run()
    code = app.session_state["class:code"]
    app.session_state["class:code"] = ""  # as an address without a code leaves it
    app.run()
    app.button(key=f"class_return_{code}").click().run()
    assert not app.exception
    assert app.button(key="class_start")


@pytest.mark.parametrize(
    "kept", [None, [], ["", ""], "text", [1, 2], ["PNM3GX", "someone else's"], [{}, "x"], ["x" * 10**6, "y"]]
)
def test_what_a_browser_claims_to_have_steered_is_not_trusted(kept: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_kept", lambda: {"steered": kept})
    app = open_app(PAGE)
    assert not app.exception
    assert [button.label for button in app.button if "Return" in button.label] == []


def test_a_browser_that_steered_a_class_may_go_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_kept", lambda: {"steered": [room.code, room.steering_token]})
    app = open_app(PAGE)
    app.button(key=f"class_return_{room.code}").click().run()
    assert not app.exception
    assert app.button(key="class_start")


def test_a_member_leaves_and_what_was_sent_is_said_when_answers_are_closed(room: Room) -> None:
    app = joined(room)
    key = ask(room, "predict")
    app.run()
    app.radio(key=f"class_choice_{key}").set_value("consolidation").run()
    app.button(key="class_send").click().run()
    room.steer(room.steering_token, frozen=True)
    app.run()
    assert "Yours is in: consolidation." in app.info[0].value.replace("\\", "")
    app.button(key="class_leave").click().run()
    assert not app.exception
    assert not app.warning
    assert room.view().members == 0


def test_the_page_imports_torch_only_when_a_class_is_answered() -> None:
    steps = ("app.button(key='class_open_button').click().run()", "app.button(key='class_start').click().run()")
    assert not imports("torch", PAGE, *steps)


def test_a_member_chooses_and_sees_the_results_when_they_are_shown(room: Room) -> None:
    app = joined(room, "<b>Ann</b>")
    assert "&lt;b&gt;Ann&lt;/b&gt;" in html_of(app)
    assert "first task" in app.info[0].value
    key = ask(room, "predict")
    app.run()
    assert "Mass in the right" not in html_of(app)  # no title, no alternative text gives the finding away
    app.radio(key=f"class_choice_{key}").set_value("lung mass").run()
    app.button(key="class_send").click().run()
    assert "Sent: lung mass" in app.success[0].value
    assert [kept.latest.choice for kept in room.view().kept] == ["lung mass"]
    assert "vpl-class-bars" not in html_of(app)
    room.steer(room.steering_token, revealed=True)
    app.run()
    assert "vpl-class-bars" in html_of(app)
    assert "of 1 guessed it" in html_of(app)
    assert not app.radio


@pytest.mark.parametrize("kind", [name for name in catalog.names() if catalog.get(name).draws])
def test_a_member_draws_and_is_answered(room: Room, kind: str) -> None:
    app = joined(room)
    key = ask(room, kind)
    app.run()
    put_circle(app, key, Box(40, 300, 140, 400))
    if not catalog.get(kind).tries:
        assert not room.view().kept
        app.button(key="class_send").click().run()
    assert not app.exception
    (kept,) = room.view().kept
    assert len(kept.latest.said) == len(default_classes())
    assert ("vpl-bars" in html_of(app)) == catalog.get(kind).tries
    room.steer(room.steering_token, revealed=True)
    app.run()
    assert not app.exception
    assert (
        "Most successful" in html_of(app)
        or catalog.get(kind).missing in str([one.value for one in app.caption])
        or ("Most surprising" in html_of(app))
    )


def test_a_marker_on_the_finding_fools_nobody(room: Room) -> None:
    app = joined(room)
    key = ask(room, "fool")
    app.run()
    put_circle(app, key, Box(150, 120, 210, 190))
    assert "There is a finding at this place" in app.warning[0].value
    assert not room.view().kept
    put_circle(app, key, Box(20, 200, 80, 260))
    assert not app.warning
    assert len(room.view().kept) == 1


def test_a_place_can_be_typed(room: Room) -> None:
    app = joined(room)
    ask(room, "steer")
    app.run()
    app.button(key="class_place_button").click().run()
    assert not app.exception
    (kept,) = room.view().kept
    assert kept.latest.drawing is not None
    assert kept.latest.drawing.mark.region.box == Box(153.6, 153.6, 256, 256)


def test_a_link_with_a_code_asks_the_tab_and_then_shows_the_door(room: Room) -> None:
    app = open_app(PAGE, {"room": room.code})
    assert "Looking for your class" in str([caption.value for caption in app.caption])
    app.session_state[seat.ASKED] = room.code
    app.run()
    assert app.text_input(key="class_code_field").value == room.code
    app.button[0].click().run()
    assert "vpl-class-head" in html_of(app)


@pytest.mark.parametrize(("code", "said"), [("CCCCCC", "no class with this code"), ("nonsense", "6 characters")])
def test_a_wrong_code_is_said(code: str, said: str) -> None:
    app = open_app(PAGE)
    app.text_input(key="class_code_field").set_value(code)
    app.button[0].click().run()
    assert said in app.warning[0].value.replace("\\", "")
    assert app.text_input(key="class_code_field").value


def test_a_projector_of_its_own_shows_and_steers_nothing(room: Room) -> None:
    ask(room, "predict")
    app = open_app(PAGE, {"room": room.code, "view": "projector"})
    app.session_state[seat.ASKED] = room.code
    app.run()
    assert "vpl-class-code" in html_of(app)
    assert not [button for button in app.main.button if button.key and "class_" in button.key]
    room.end(room.steering_token)
    app.run()
    assert "has ended" in app.warning[0].value


def test_an_upload_is_shown_in_its_class_and_gone_with_it(room: Room) -> None:
    import io

    from tests.app_home import chest

    app = open_app(PAGE)
    app.button(key="class_open_button").click().run()
    own = ROOMS.find(link_of(app)["room"])
    file = io.BytesIO()
    chest((300, 260)).save(file, "PNG")
    app.file_uploader(key="class_next_upload").set_value(("patient.png", file.getvalue(), "image/png")).run()
    assert not app.exception
    assert app.selectbox(key="class_next_xray").value == "own"
    app.button(key="class_start").click().run()
    task = own.view().task
    assert task is not None
    assert (task.xray.size_wh, task.question.sample, task.xray.public) == ((300, 260), "own", False)
    member = joined(own)
    member.radio[0].set_value("lung mass").run()
    member.button(key="class_send").click().run()
    own.steer(own.steering_token, revealed=True)
    member.run()
    assert "means nothing" in html_of(member)  # SimCLIP knows simulated X-rays only
    assert len(own.memory) > 0
    own.end(own.steering_token)
    assert (own.own_xray(), own.view().task, len(own.memory)) == (None, None, 0)


def test_a_model_that_cannot_answer_is_said_and_the_class_goes_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise VPEError("The model is broken.")

    app = joined(room)
    key = ask(room, "fool")
    monkeypatch.setattr("dashboard.classroom.page.student.said", broken)
    app.run()
    put_circle(app, key, Box(40, 300, 140, 400))
    assert "The model is broken" in app.error[0].value.replace("\\", "")
    with pytest.raises(VPEError):
        room.answer("nobody", key, choice="x", said=NOT_ASKED)


def test_alone_as_on_a_cold_server() -> None:
    app = AppTest.from_file(str(PROJECT_DIR / PAGE), default_timeout=TIMEOUT_S).run()
    assert not app.exception
    assert app.button(key="class_open_button")
