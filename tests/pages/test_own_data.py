"""Your data on the benchmark page: given, checked, measured, shown and taken along; and who may do that."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.benchmark.run_job import RUN
from dashboard.library.own_set import OwnSet, remove_when_over
from tests.app_home import chest
from tests.pages.test_benchmark_run import until_ended
from tests.pages.test_pages import LIVE, open_app
from vpe_core import jobs
from vpe_core.settings import get_settings

PAGE = "pages/benchmark.py"


@pytest.fixture(autouse=True)
def anyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VPE_START_RUNS", "anyone")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path / "results"))
    get_settings.cache_clear()
    yield
    jobs.stop(RUN)
    until_ended()


def files() -> list[tuple[str, bytes, str]]:
    """Eight X-rays and their table; the last of nine rows has no image."""
    rows, made = ["image,label,x0,y0,x1,y1"], []
    for number in range(8):
        content = io.BytesIO()
        chest((128, 128), number).save(content, "PNG")
        made.append((f"{number}.png", content.getvalue(), "image/png"))
        rows.append(f"{number}.png,{('lung mass', 'pleural effusion')[number % 2]},20,30,70,90")
    rows.append("gone.png,lung mass,20,30,70,90")
    return [("cohort.csv", "\n".join(rows).encode(), "text/csv"), *made]


def said(app: AppTest) -> str:
    found = [*app.error, *app.info, *app.success, *app.caption, *app.warning, *app.markdown]
    return " ".join(str(element.value) for element in found).replace("\\", "")


def given(app: AppTest, key: str = "own_files") -> AppTest:
    app.file_uploader(key=key).set_value(files()).run()
    assert not app.exception
    return app


def test_own_data_are_checked_measured_shown_and_opened_as_measured_and_nobody_else_sees_them() -> None:
    app = given(open_app(PAGE))
    words = said(app).replace("**", "")
    assert "8 samples in 8 images, each counted as a patient; 2 classes." in words
    assert "8 samples of 2 classes are few" in words
    problems = [frame.value for frame in app.dataframe if "Why" in frame.value]
    assert problems[0]["Row"].tolist() == [10]
    assert "visual-prompt-lab" not in str(problems[0]["Why"].tolist())
    app.button(key="own_start").click().run()
    stranger = open_app(PAGE)
    assert "cohort" not in said(stranger)
    until_ended()
    app.run()
    assert not app.exception
    assert app.multiselect(key="data").value == ["your data"]
    assert "cohort" not in str(dict(app.query_params))
    assert app.multiselect(key="model").value == ["simclip (your data)"]
    assert "bench_run_show" not in [button.key for button in app.button]  # it is shown already
    assert "On table-cohort, a red circle" in str([element.body for element in app.get("html")])
    assert "not on this machine" not in said(app)
    assert [button for button in app.get("download_button") if "Results of SimCLIP" in button.proto.label]
    stranger.run()
    assert "cohort" not in said(stranger)
    assert not stranger.success
    query = {
        "sample": "table-cohort.0.png", "marks": "circle:20,30,70,90", "width": "1", "findings": "1",
        "protocol": "paper", "classes": "lung mass|pleural effusion",
    }  # fmt: skip
    assert "your results" not in said(open_app(LIVE, query))
    links = [one.proto.query_string for one in app.get("page_link") if one.proto.label == "Open as measured"]
    assert len(links) == 8
    assert not [one for one in links if not re.fullmatch("own=[0-9a-f]+", one)]
    stranger = open_app(LIVE, {"own": links[0].removeprefix("own=")})
    assert "data that somebody gave to a session of their own" in said(stranger)
    app.switch_page(LIVE)
    app.query_params["own"] = links[0].removeprefix("own=")
    app.run()
    assert not app.exception
    assert "As measured: " in str([element.body for element in app.get("html")])
    assert not re.search("cohort|png|circle", str(dict(app.query_params)) + str([one.value for one in app.code]))
    app.switch_page(PAGE).run()
    app.button(key="own_forget").click().run()
    assert not app.exception
    assert "is measured" not in said(app)
    assert "table-cohort" not in str([one.options for one in app.multiselect])


def test_own_data_go_with_the_session_and_with_the_time(tmp_path: Path) -> None:
    gone, removed = threading.Event(), []
    away = iter([True, False, True, False, False, False, False])
    remove_when_over(lambda: removed.append("session"), gone, lambda: next(away), every_s=0)
    remove_when_over(lambda: removed.append("time"), gone, lambda: True, every_s=0, kept_s=-1)
    assert removed == ["session", "time"]
    gone.set()
    remove_when_over(lambda: removed.append("never"), gone, lambda: False, every_s=0)
    assert len(removed) == 2
    own = OwnSet((name, data) for name, data, _ in files())
    folder = own.folder
    assert folder.is_dir()
    del own
    assert not folder.exists()


def test_what_cannot_be_used_is_refused_in_words() -> None:
    app = open_app(PAGE)
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../table.csv", "image,label,x0,y0,x1,y1\n")
    for name, data, words in (
        ("evil.zip", evil.getvalue(), "leads out of its folder"),
        ("t.csv", b"image,label\na.png,mass\n", "x0, y0, x1, y1 are missing"),
        ("photo.png", b"", "there is none. “photo.png” is empty."),
    ):
        app.file_uploader(key="own_files").set_value([(name, data, "")]).run()
        assert not app.exception
        assert words in said(app)
        assert "/tmp" not in said(app)
    app.button(key="own_forget").click().run()  # with one click: what is given next would be added to it
    assert "there is none" not in said(app)
    assert given(app, "own_files1").button(key="own_start")


def test_the_page_says_in_a_sentence_what_a_visitor_may_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("START_RUNS", "DOWNLOADS", "UPLOADS"):
        monkeypatch.setenv(f"VPE_{name}", "nobody")
    get_settings.cache_clear()
    app = open_app(PAGE)
    assert "Benchmark runs cannot be started here: the setting VPE_START_RUNS is “nobody”." in said(app)
    assert "Files cannot be uploaded here" in said(app)
    assert not app.get("file_uploader")
    other = open_app("pages/data_and_models.py")
    assert "Models and X-rays cannot be downloaded here" in said(other)
    assert not [button for button in other.button if "Download" in button.label]


def test_the_page_about_data_has_the_field_for_a_table_of_ones_own() -> None:
    app = given(open_app("pages/data_and_models.py"))
    assert "8 samples in 8 images" in said(app).replace("**", "")
    assert "Give a CSV file" not in said(app)
