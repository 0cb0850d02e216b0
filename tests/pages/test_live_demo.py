"""The live demo through Streamlit's own test runner: its answer, its X-rays, its switches."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.demo.film.hint import LOOKS
from dashboard.demo.state.demo_state import case_code
from dashboard.library.steering import in_order, most_turned
from tests.app_home import chest
from tests.pages.test_pages import LIVE, MARK, answer_of, link_of, open_app
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.settings import PROJECT_DIR, get_settings


def hint_of(app: AppTest) -> str:
    return " ".join(str(element.body) for element in app.get("html") if 'class="vpl-hint"' in str(element.body))


def parts_of(app: AppTest) -> str:
    return " ".join(body for element in app.get("html") if "<style>" not in (body := str(element.body)))


def chosen(app: AppTest, label: str, value: str) -> AppTest:
    """The app after something else is chosen in the list of this label."""
    return next(box for box in app.selectbox if box.label == label).select(value).run()


def test_without_a_marker_the_demo_answers_once() -> None:
    answer = answer_of(open_app(LIVE))
    assert re.search("Without a marker, (the likeliest class|it) is|The model is undecided.*; guessing is 9%", answer)
    assert "nothing drawn yet" in answer
    assert answer.count("<img") == 1


def test_what_is_not_read_of_a_long_prompt_is_said() -> None:
    answer = answer_of(open_app(LIVE, {"template": "A chest x-ray with " + "signs of " * 20 + "{class}."}))
    assert "The prompt is too long: SimCLIP reads the first " in answer
    assert "All prompts are read alike" in answer


def test_one_class_alone_can_be_asked_for_its_presence() -> None:
    app = open_app(LIVE, {"question": "each", "classes": "lung nodule"})
    assert not app.exception
    assert not app.warning
    answer = answer_of(app)
    assert answer.count("vpl-row") == 1
    assert "for present)." in answer or "lung nodule: present (" in answer
    assert "guessing is 50%." in answer
    assert "overlook the word" in answer, "nothing was measured with this model"
    app.button_group(key="demo_question-1").set_value("choose").run()
    assert link_of(app)["classes"] == "lung nodule|no abnormality"
    assert "question" not in link_of(app)
    assert answer_of(app).count("vpl-row") == 2


@pytest.mark.usefixtures("no_samples")
def test_a_real_xray_gets_a_banner_in_place_of_a_sentence() -> None:
    app = open_app(LIVE, {"question": "each"})
    file = io.BytesIO()
    chest((200, 160)).save(file, "PNG")
    app.file_uploader(key="demo_upload_field").set_value(("film.png", file.getvalue(), "")).run()
    assert not app.exception
    answer = answer_of(app)
    assert "Out of its domain: the model has seen only simulated X-rays. On this picture its answer means" in answer
    assert "vpl-astray" in answer
    assert "vpl-sentence" not in answer
    assert "vpl-wins" not in answer


def test_the_next_xray_begins_bare_and_the_previous_one_has_its_shapes_again() -> None:
    app = open_app(LIVE, {"marks": "circle:100,120,260,300"})
    app.button(key="demo_next").click().run()
    assert link_of(app) == {"sample": case_code("case_b")}
    app.button(key="demo_previous").click().run()
    assert link_of(app) == {"sample": case_code("case_a"), "marks": "circle:100,120,260,300"}
    app.button(key="demo_clear").click().run()
    app.button(key="demo_next").click().run()
    app.button(key="demo_previous").click().run()
    assert "marks" not in link_of(app), "what was cleared stays so"


def test_the_answer_is_hidden_again_on_the_next_xray() -> None:
    app = open_app(LIVE)
    app.toggle(key="demo_findings-1").set_value(True).run()
    assert link_of(app) == {"findings": "1"}
    app.button(key="demo_next").click().run()
    assert app.toggle(key="demo_findings-1").value is False
    assert link_of(app) == {"sample": case_code("case_b")}


def test_names_give_nothing_away_until_the_answer_is_shown() -> None:
    app = open_app(LIVE, {"sample": "case_b"})
    place = next(str(element.body) for element in app.get("html") if "vpl-place" in str(element.body))
    assert "2 of 4 · Case 2" in place
    assert not re.search("Large heart|A note|cardiomegaly", place)
    assert link_of(app) == {"sample": case_code("case_b")}
    again = open_app(LIVE, link_of(app))
    again.button(key="demo_next").click().run()  # one without a finding: the switch does not give that away
    assert not again.toggle(key="demo_findings-1").disabled
    again.toggle(key="demo_findings-1").set_value(True).run()
    assert "No abnormality" in str([element.body for element in again.get("html")])


def test_the_first_xray_says_once_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(PROJECT_DIR / "precomputed"))
    get_settings.cache_clear()
    entries = in_order(simulated_gallery())
    (finding,) = entries[0].findings
    app = open_app(LIVE)
    assert f"Circle {LOOKS[finding.label]}" in hint_of(app)
    assert "pixels across" in hint_of(app)
    app.button_group(key="demo_tool-1").set_value("arrow").run()
    assert f"Point an arrow at {LOOKS[finding.label]}" in hint_of(app)
    assert "demo_next_hint" not in {button.key for button in app.button}
    app.session_state["demo:state"] = replace(app.session_state["demo:state"], marks=MARK)
    assert hint_of(app.run()) == ""
    turned = most_turned(entries)
    assert turned is not None
    app.button(key="demo_next_hint").click().run()
    assert link_of(app)["sample"] == case_code(turned[0].name)
    assert f"Point an arrow at {LOOKS[turned[1].label]}" in hint_of(app)
    app.session_state["demo:state"] = replace(app.session_state["demo:state"], marks=MARK)
    assert hint_of(app.run()) == ""
    app.session_state["demo:state"] = replace(app.session_state["demo:state"], marks=())
    assert hint_of(app.run()) == ""
    assert hint_of(open_app(LIVE, {"marks": "circle:100,120,260,300"})) == ""


def test_no_xray_at_all_says_what_to_do(tmp_path: Path, change_settings: Callable[..., None]) -> None:
    change_settings(VPE_PRECOMPUTED_DIR=tmp_path)
    app = open_app(LIVE)
    assert not app.exception
    assert "no X-ray here yet" in app.info[0].value
    assert not open_app("pages/overview.py").exception
    assert not open_app("pages/data_and_models.py").exception


def test_the_control_and_a_second_model_are_a_switch_and_a_part_of_the_link() -> None:
    app = open_app(LIVE, {"sample": "case_b", "marks": "circle:100,120,260,300"})
    assert "vpl-control-answer" not in parts_of(app)
    for control in ("blank", "other", "mirror"):
        app = chosen(app, "Control: same marker on", control)
        assert "vpl-control-answer" in parts_of(app)
        assert link_of(app)["control"] == control
    app = chosen(app, "Control: same marker on", "twin")
    assert any("Of this X-ray there is no such picture" in caption.value for caption in app.caption)
    app = chosen(chosen(app, "Control: same marker on", ""), "Compare with", "simclip-plain")
    assert "vpl-second-answer" in parts_of(app)
    assert "vpl-control-answer" not in parts_of(app)
    assert link_of(app)["second"] == "simclip-plain"
    app = chosen(app, "Compare with", "biomedclip")
    assert any("BiomedCLIP is not on this machine yet" in caption.value for caption in app.caption)
    assert any("Download BiomedCLIP" in button.label for button in app.button)
    assert not app.exception


def test_a_control_before_a_stroke_asks_for_one() -> None:
    app = open_app(LIVE, {"control": "blank", "second": "simclip-plain"})
    assert any("draw one first" in caption.value for caption in app.caption)
    assert "vpl-second-answer" in parts_of(app)


def test_all_methods_are_computed_when_their_part_is_opened_and_one_click_enlarges_one() -> None:
    app = open_app(LIVE, {"sample": "case_b", "marks": "circle:100,120,260,300"})
    assert "vpl-card" not in parts_of(app)
    app.session_state["demo_methods"] = True
    app.run()
    assert parts_of(app).count('class="vpl-card') == 5
    assert "vpl-agreement" in parts_of(app)
    app.button(key="demo_enlarge_legrad").click().run()
    assert link_of(app)["method"] == "legrad"
    assert re.search(r'vpl-shows" title="[^"]+"><bdi>Evidence for [a-z ]+ \(LeGrad\)', answer_of(app))
    assert "shown above" in parts_of(app)
