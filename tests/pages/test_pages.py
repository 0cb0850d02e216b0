"""Every page through Streamlit's own test runner."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.demo.state.state_link import _FIELDS
from dashboard.frame.page import PAGES, unknown_page
from dashboard.lesson.progress import LINK_FIELDS as LESSON_FIELDS
from tests.app_home import chest
from vpe_core.markers.marks import Mark
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.types import Box

LIVE = "pages/live_demo.py"
TITLES = {
    "pages/overview.py": "Visual Prompt Lab",
    LIVE: "Live demo",
    "pages/lesson.py": "Lesson",
    "pages/benchmark.py": "Benchmark",
    "pages/marker_lab.py": "Marker lab",
    "pages/attention.py": "Attention",
    "pages/classroom.py": "Class",
    "pages/data_and_models.py": "Data and models",
}
TIMEOUT_S = 120
MARK = (Mark("circle", Box(100, 120, 260, 300)),)
BENCHMARK_FILTERS = (
    "data", "marker", "metric", "class", "protocol", "named", "scoring", "rows", "intervals", "ensembles", "prompt",
    "suffix_words", "say lung mass", "chart", "cases", "cases_order", "cases_class", "flips",
)  # fmt: skip


def open_app(page: str, query: Mapping[str, str] = {}, *, unfolded: str = "") -> AppTest:
    """The app on a page, with a fold or popover open that is empty until somebody opens it."""
    app = AppTest.from_file(str(PROJECT_DIR / "app.py"), default_timeout=TIMEOUT_S)
    app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    if unfolded:
        app.session_state[unfolded] = True
    return app.run()


def link_of(app: AppTest) -> dict[str, str]:
    """What the address bar says."""
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


def answer_of(app: AppTest) -> str:
    return next(str(element.body) for element in app.get("html") if "vpl-answer" in str(element.body))


def imports(module: str, page: str, *steps: str) -> bool:
    """Whether a module is there after a page and some steps of its `app` have run in a process of their own."""
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(PROJECT_DIR / page)!r}, default_timeout={TIMEOUT_S}).run()
{"; ".join(steps)}
assert not app.exception, app.exception
print({module!r} in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT_DIR, check=True)
    return done.stdout.split()[-1] == "True"


@pytest.mark.parametrize("page", [page.file for page in PAGES])
def test_every_page_runs_in_the_app_and_alone_as_on_a_cold_server(page: str) -> None:
    for app in (open_app(page), AppTest.from_file(str(PROJECT_DIR / page), default_timeout=TIMEOUT_S).run()):
        assert not app.exception
        assert [title.value for title in app.title] == [TITLES[page]]
        assert "Not a medical device" in " ".join(caption.value for caption in app.caption)
        assert not app.error


def test_the_navigation_shows_only_pages_that_exist() -> None:
    assert all((PROJECT_DIR / page.file).is_file() for page in PAGES)
    files = {f"pages/{path.name}" for path in (PROJECT_DIR / "pages").glob("*.py")}
    assert files == {page.file for page in PAGES}


def test_the_router_and_the_pages_stay_thin() -> None:
    assert len((PROJECT_DIR / "app.py").read_text().splitlines()) < 50
    for page in (PROJECT_DIR / "pages").glob("*.py"):
        assert len(page.read_text().splitlines()) < 150, page.name


@pytest.mark.parametrize("page", [page.file for page in PAGES if page.file != LIVE])
def test_only_the_live_demo_imports_torch(page: str) -> None:
    assert not imports("torch", page)


def test_the_first_page_does_not_wait_for_pandas() -> None:
    assert not imports("pandas", PAGES[0].file)


def test_a_link_shows_its_marker_and_both_answers() -> None:
    app = open_app(LIVE, {"sample": "case_b", "marks": "circle:100,120,260,300", "findings": "1", "color": "yellow"})
    answer = answer_of(app)
    assert "with the circle" in answer
    assert answer.count("<img") == 2
    assert "Last-layer attention (same for every class)" in answer
    shares = r"Attention inside the circle: <strong>\d+% → \d+%</strong>. That area is 9% of the picture"
    assert re.search(shares, answer)
    assert "simulated" in answer
    assert not app.warning
    assert link_of(app)["marks"] == "circle:100,120,260,300"
    assert link_of(app)["sample"] == "case_b"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"sample": "../../../etc/passwd"}, "The X-ray in this link could not be read"),
        ({"sample": "case_zzz"}, "names an X-ray that is not here"),
        ({"sample": "upload"}, "The uploaded X-ray is gone"),
        ({"sample": "nih-00002578_000"}, "has to be fetched first"),
        ({"model": "/etc/passwd"}, "The model in this link could not be read"),
        ({"marks": "circle:1,2"}, "The shapes in this link could not be read"),
        ({"colour": "red"}, "what the live demo does not know: “colour”"),
        ({"template": "<script>alert(1)</script>"}, "The prompt in this link could not be read"),
        ({"classes": "x" * 10_000}, "The classes in this link could not be read"),
        ({"marks": "circle:20000,20000,30000,30000"}, "One shape in this link lies beside this X-ray"),
    ],
)
def test_a_hand_edited_link_gets_a_message_and_a_working_page(query: dict[str, str], message: str) -> None:
    app = open_app(LIVE, query)
    assert not app.exception
    said = " ".join(warning.value for warning in app.warning).replace("\\", "")
    assert message in said
    assert "vpl-bars" in answer_of(app)


def test_all_that_is_wrong_with_a_link_stands_in_one_box() -> None:
    app = open_app(LIVE, {**dict.fromkeys(_FIELDS, "\0"), "sample": "case_zzz"})
    (box,) = app.warning
    assert box.value.count("\n- ") == len(_FIELDS) - 1
    assert "names an X-ray that is not here" in box.value.replace("\\", "")


@pytest.mark.parametrize("base", ["", "lab"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", ""), ("/overview", ""), ("/home", ""), ("/live_demo?marks=a", ""), ("/nonexistent", "nonexistent"),
        ("/nonexistent/?sample=x", "nonexistent"), ("/%C3%BCber%20uns", "über uns"),
    ],
)  # fmt: skip
def test_a_page_that_is_not_there_is_known_by_its_address(
    base: str, path: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": base}.get)
    assert unknown_page(f"http://localhost:8501{base and f'/{base}'}{path}") == name


def test_the_overview_has_an_address_beside_the_apps_own() -> None:
    """What the browser asks for by address, for which the test runner has no way of its own."""
    script = AppTest.from_file(str(PROJECT_DIR / "app.py"), default_timeout=TIMEOUT_S)
    script._page_hash = calc_hash("overview")
    script.run()
    assert not script.exception
    assert [title.value for title in script.title] == ["Visual Prompt Lab"]


@pytest.mark.parametrize(
    "page", [LIVE, "pages/benchmark.py", "pages/lesson.py", "pages/marker_lab.py", "pages/attention.py"]
)
def test_no_address_crashes_a_page(page: str) -> None:
    """All values of a kind in one address: what each part alone is answered with, other tests say."""
    names = (*_FIELDS, *BENCHMARK_FILTERS, *LESSON_FIELDS, "embed", "x")
    for nasty in ("~nosuchuser/x", "\0", "../" * 9, "nan", "1e999", "{class}", "😀" * 400, "<script>", ""):
        app = open_app(page, dict.fromkeys(names, nasty))
        assert not app.exception, nasty
    app = open_app(page, {name: ["a", "b", "\0"] for name in names})  # type: ignore[misc]
    assert not app.exception


def test_settings_that_are_not_valid_are_said_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_ALLOWED_MODELS", "~nosuchuser/x")
    get_settings.cache_clear()
    app = open_app(LIVE)
    assert not app.exception
    assert "VPE_ALLOWED_MODELS" in app.error[0].value.replace("\\", "")


@pytest.mark.parametrize(
    "name", ["IM000001", "IM-0001-0001", "1.2.840.113619.2.1", "scan.ima", "xray.dcm.txt", "no.ending."]
)
def test_an_upload_of_any_name_is_told_by_its_content(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))  # without X-rays, the field is on the page itself
    get_settings.cache_clear()
    app = open_app(LIVE)
    app.file_uploader(key="demo_upload_field").set_value((name, b"no picture", "")).run()
    assert "in no format that is read here" in app.error[0].value.replace("\\", "")
    file = io.BytesIO()
    chest((200, 160)).save(file, "PNG")
    app.file_uploader(key="demo_upload_field").set_value((name, file.getvalue(), "")).run()
    assert not app.exception
    assert not [error for error in app.error if "format" in error.value]
    assert "Your X-ray" in str([element.body for element in app.get("html")])


@pytest.mark.parametrize("number", [19, 20])
def test_at_the_most_shapes_the_page_says_so(number: int) -> None:
    app = open_app(LIVE, {"marks": ";".join(f"bbox:{20 * k},20,{20 * k + 15},60" for k in range(number))})
    assert not app.exception
    assert ("20 shapes are the most" in " ".join(caption.value for caption in app.caption)) == (number == 20)


def test_changing_colour_model_and_prompt_keeps_the_drawing() -> None:
    app = open_app(LIVE, {"marks": "circle:100,120,260,300;arrow:20,20,90,90"})
    app.button_group(key="demo_color-1").set_value("white").run()
    app.selectbox(key="demo_model-1").set_value("simclip-plain").run()
    app.selectbox(key="demo_template-1").set_value("reports").run()
    app.toggle(key="demo_suffix-1").set_value(True).run()
    assert not app.exception
    assert link_of(app) == {
        "marks": "circle:100,120,260,300;arrow:20,20,90,90",
        "color": "white",
        "model": "simclip-plain",
        "suffix": "1",
        "template": "reports",
    }


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "**fat** [a](http://b)", "😀 رئة", "a & b < c"])
def test_any_class_name_is_shown_as_text(name: str) -> None:
    from html import escape

    app = open_app(LIVE, {"classes": f"{name}|other", "target": name, "marks": "circle:100,120,260,300"})
    assert not app.exception
    answer = answer_of(app)
    assert f"<bdi>{escape(name)}</bdi>" in answer
    assert "<img src=x" not in answer
    assert app.multiselect(key="demo_classes-1").value == [name, "other"]


def test_classes_that_cannot_be_used_are_refused_and_the_last_valid_ones_count() -> None:
    app = open_app(LIVE, {"classes": "one|two"})
    app.multiselect(key="demo_classes-1").set_value(["one"]).run()
    assert "2 to 40 classes" in app.error[0].value
    assert link_of(app)["classes"] == "one|two"
    assert "vpl-bars" in answer_of(app)


def test_a_model_that_is_not_here_offers_its_download_and_says_what_fails() -> None:
    app = open_app(LIVE, {"model": "biomedclip"})
    assert not app.exception
    assert "not on this machine yet" in app.info[0].value
    (button,) = [one for one in app.button if one.label.startswith("Download BiomedCLIP")]
    assert "784 MB" in button.label


def test_a_name_in_a_link_that_no_page_knows_is_said_on_the_page_about_data() -> None:
    page = "pages/data_and_models.py"
    said = " ".join(box.value for box in open_app(page, {"x": "1"}).warning).replace("\\", "")
    assert "This link asks for what this page does not know: “x”. It was left out." in said
    assert not open_app(page, {"utm_source": "x", "case_width": "1", "metric": "MCC"}).warning
