"""The lesson as a person walks through it: guesses that stand, answers, links, the quiz."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.lesson.catalog import STEPS
from dashboard.lesson.progress import QUIZ, Given, Progress
from dashboard.lesson.quiz import QUIZ as QUESTIONS
from dashboard.lesson.stored import setting
from tests.pages.test_pages import imports, link_of, open_app
from vpe_core.errors import BusyError
from vpe_core.markers.marks import Mark
from vpe_core.models import Model
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.types import Box

PAGE = "pages/lesson.py"


@pytest.fixture
def real_gallery(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(PROJECT_DIR / "precomputed"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def progress_of(app: AppTest) -> Progress:
    kept: Progress = app.session_state["lesson:progress"]
    return kept


def html_of(app: AppTest) -> str:
    return " ".join(str(element.body) for element in app.get("html"))


def draw(app: AppTest, box: Box) -> None:
    """Draw a circle, as the canvas would report it, by its coordinates."""
    for side, value in zip(("left", "top", "right", "bottom"), box.xyxy, strict=True):
        app.number_input(key=f"lesson_{side}-{progress_of(app).round_of('circle')}").set_value(round(value))
    next(button for button in app.button if button.label == "Place the circle").click().run()


def choose(app: AppTest, choice: str) -> None:
    app.radio[0].set_value(choice).run()
    app.button(key="lesson_commit").click().run()


def guesses_for(name: str) -> list[str | Box]:
    """All choices of a step, or a circle beside the finding and one around it."""
    scene = STEPS.get(name).scene(setting("simclip"))
    return list(scene.choices) or [Box(5, 5, 60, 60), scene.findings[0].box]


def give(app: AppTest, guess: str | Box) -> bool | None:
    """Give a guess; whether it came true."""
    assert '<dl class="vpl-lesson-verdict"' not in html_of(app), "no answer before the guess"
    assert app.button(key="lesson_commit").disabled
    if isinstance(guess, Box):
        draw(app, guess)
    else:
        app.radio[0].set_value(guess).run()
    app.button(key="lesson_commit").click().run()
    assert not app.exception
    assert not app.error
    assert '<dl class="vpl-lesson-verdict"' in html_of(app)
    assert not app.radio, "what is guessed cannot be changed"
    given = progress_of(app).given_for(progress_of(app).place)
    assert given is not None
    return given.is_right


@pytest.mark.usefixtures("real_gallery")
def test_a_person_walks_through_all_steps_with_wrong_and_right_guesses() -> None:
    app = open_app(PAGE)
    for number, name in enumerate(STEPS.names(), start=1):
        assert f"Step {number} of {len(STEPS)}" in html_of(app)
        seen = set()
        for guess in guesses_for(name):
            seen.add(is_right := give(app, guess))
            words = {None: "<dt>You</dt>", True: ">Right", False: ">Not right"}[is_right]
            assert words in html_of(app)
            if {True, False} <= seen and is_right:
                break
            app.button(key="lesson_again").click().run()
        if name != "trust":
            assert seen == {True, False}
        if progress_of(app).given_for(name) is None:  # the right one was not the last one
            assert any(give(app, guess) or _again(app) for guess in guesses_for(name)) or name == "trust"
        app.button(key="lesson_next").click().run()
    assert progress_of(app).score == (len(STEPS) - 1, len(STEPS) - 1)
    assert link_of(app) == {"step": "quiz"}
    app.button(key="lesson_hand_in").click().run()
    assert "clicked through 8 steps" in html_of(app), "the last one was begun again"
    assert "Guesses that came true: 8 of 8" in html_of(app)
    assert html_of(app).count("Not answered") == len(QUESTIONS)
    assert not app.exception


def _again(app: AppTest) -> bool:
    app.button(key="lesson_again").click().run()
    return False


@pytest.mark.usefixtures("real_gallery")
def test_one_control_changes_what_is_shown_and_not_whether_the_guess_was_right() -> None:
    app = open_app(PAGE, {"step": "7"})
    choose(app, "neither")
    before, given = html_of(app), progress_of(app).given_for("fooled")
    app.button_group(key="lesson_try_fooled-simclip-0").set_value("huge").run()
    assert html_of(app) != before
    assert "With this circle the model says" in html_of(app)
    assert progress_of(app).given_for("fooled") == given


@pytest.mark.parametrize(
    ("query", "place", "said"),
    [
        ({}, STEPS.names()[0], ""),
        ({"step": "3"}, "circle", ""),
        ({"step": "quiz"}, QUIZ, ""),
        ({"step": "10"}, STEPS.names()[0], "asks for step “10”. The lesson has steps 1 to 9 and quiz"),
        ({"step": "3", "stpe": "4"}, "circle", "what the lesson does not know: “stpe”"),
        ({"step": "2", "model": "nosuch"}, "two_findings", "The model in this link could not be read"),
        ({"step": "2", "model": "simclip-plain"}, "two_findings", ""),
    ],
)
def test_the_step_is_in_the_link(query: dict[str, str], place: str, said: str) -> None:
    app = open_app(PAGE, query)
    assert not app.exception
    assert progress_of(app).place == place
    boxes = [box.value.replace("\\", "") for box in app.warning]
    assert len(boxes) == bool(said)
    assert all(said in box for box in boxes)
    shown = {name: text for name, text in query.items() if text not in ("10", "4", "nosuch", "1")}
    assert link_of(app) == shown
    app.button(key="lesson_previous" if place == QUIZ else "lesson_next").click().run()
    assert not app.warning, "it is said once"


def test_nothing_is_asked_before_a_guess() -> None:
    assert not imports("torch", PAGE, 'app.button(key="lesson_next").click().run()')
    assert not imports("pandas", PAGE)


def test_a_step_that_the_gallery_has_nothing_for_says_so_and_the_others_go_on() -> None:
    app = open_app(PAGE, {"step": "7"})  # the X-rays of this test have no twins
    assert not app.exception
    assert "needs a simulated X-ray" in app.error[0].value.replace("\\", "")
    app.button(key="lesson_previous").click().run()
    assert not app.error


def test_another_model_is_another_lesson() -> None:
    app = open_app(PAGE)
    choose(app, "other")
    app.selectbox(key="lesson_model-simclip").set_value("simclip-plain").run()
    assert progress_of(app).given_for("wording") is None
    assert link_of(app) == {"model": "simclip-plain"}
    app.selectbox(key="lesson_model-simclip-plain").set_value("simclip").run()
    assert progress_of(app).given_for("wording") is not None


def test_a_model_that_is_not_here_offers_its_download() -> None:
    app = open_app(PAGE, {"model": "biomedclip"})
    choose(app, "other")
    assert not app.exception
    assert "not on this machine yet" in app.info[0].value


def test_a_busy_model_is_asked_again_by_itself_and_the_guess_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(name: str) -> Model:
        raise BusyError(name)

    monkeypatch.setattr("dashboard.lesson.stored.shared_model", busy)
    app = open_app(PAGE)
    choose(app, "other")
    assert not app.exception
    assert "Trying again by itself" in app.info[0].value
    assert progress_of(app).given_for("wording") == Given("other")


def test_numbers_that_make_no_circle_are_refused() -> None:
    app = open_app(PAGE, {"step": "3"})
    draw(app, Box(0, 0, 10, 10))
    assert not app.button(key="lesson_commit").disabled
    app.number_input(key="lesson_left-0").set_value(300)
    draw_again = next(button for button in app.button if button.label == "Place the circle")
    draw_again.click().run()
    assert "Left has to be smaller than right" in app.error[0].value
    assert progress_of(app).drawn == (Mark("circle", Box(0, 0, 10, 10)),)


def test_progress_ends_at_the_ends() -> None:
    here = Progress(drawn=(Mark("circle", Box(1, 1, 9, 9)),))
    assert here.at("circle").drawn == ()
    assert here.number == 1
    assert here.at(QUIZ).number == len(STEPS) + 1


def test_a_guess_is_asked_for_as_a_guess_and_an_opinion_as_an_opinion() -> None:
    for step, label, button in (("4", "Your guess", "This is my guess"), ("9", "Your opinion", "This is my answer")):
        app = open_app("pages/lesson.py", {"step": step})
        assert (app.radio[0].label, app.button(key="lesson_commit").label) == (label, button)
