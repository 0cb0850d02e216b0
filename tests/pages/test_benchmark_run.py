"""Starting a run on the benchmark page, through Streamlit's own test runner: a small table, a small model."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from dashboard.benchmark import run as benchmark_run
from dashboard.benchmark import run_job
from dashboard.benchmark.results import image_folder
from dashboard.benchmark.run_job import RUN
from tests.app_home import chest
from tests.pages.test_pages import LIVE, link_of, open_app
from vpe_core import jobs
from vpe_core.datasets.gallery import set_sample_name
from vpe_core.results import open_run
from vpe_core.results.store.writer import RunWriter
from vpe_core.settings import get_settings

PAGE = "pages/benchmark.py"
WAIT_S = 120


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets with one table of eight X-rays in it."""
    return write_table(tmp_path_factory.mktemp("sets"))


def write_table(folder: Path) -> Path:
    (folder / "table").mkdir()
    rows = []
    for number in range(8):
        chest((128, 128), number).save(folder / "table" / f"{number}.png")
        rows.append((f"{number}.png", ("lung mass", "pleural effusion")[number % 2], 20, 30, 70, 90))
    with (folder / "table" / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows((("image", "label", "x0", "y0", "x1", "y1"), *rows))
    return folder


@pytest.fixture(autouse=True)
def place(sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty results folder; no job is left behind. Streamlit's test runner does not say where a visitor sits."""
    monkeypatch.setenv("VPE_START_RUNS", "anyone")
    monkeypatch.setenv("VPE_DATASETS_DIR", str(sets))
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path / "table-mine" / "simclip"
    jobs.stop(RUN)
    until_ended()


def until_ended() -> None:
    deadline = time.monotonic() + WAIT_S
    while (known := jobs.state(RUN)) and known.running:
        assert time.monotonic() < deadline, known
        time.sleep(0.05)


def started() -> AppTest:
    app = open_app(PAGE)
    app.button(key="run_start").click().run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    found = [*app.error, *app.info, *app.success, *app.caption]
    return " ".join(element.value for element in found).replace("\\", "")


def test_a_run_is_started_and_only_those_who_follow_it_are_told_how_it_ended(place: Path) -> None:
    watcher, passer_by = open_app(PAGE), open_app(PAGE)
    app = started()
    assert "on table" in str([one.proto.text for one in passer_by.run().get("progress")])
    watcher.run().button(key="bench_run_follow").click().run()
    until_ended()
    assert "is measured" not in said(passer_by.run())
    for there in (app, watcher):
        there.run()
        assert not there.exception
        assert "SimCLIP (embedded) on table is measured: 4 ways of marking." in said(there)
    app.button(key="bench_run_close").click().run()
    assert "is measured" not in said(app)
    assert "is measured" in said(watcher.run())
    assert "is measured" not in said(open_app(PAGE))
    assert len(open_run(place).samples) == 8


def test_a_run_of_a_table_of_ones_own_is_shown_with_its_xrays_and_its_cases_open_in_the_demo(place: Path) -> None:
    app = started()
    until_ended()
    app.run()
    app.button(key="bench_run_show").click().run()
    assert not app.exception
    assert app.multiselect(key="data").value == ["table-mine"]
    assert "On table-mine, a red circle" in str([element.body for element in app.get("html")])
    assert "has seen only simulated" in " ".join(one.value for one in app.warning)
    assert "not on this machine" not in said(app)
    run = open_run(place)
    assert image_folder(run) is not None
    case = run.samples.iloc[0]
    demo = open_app(LIVE, {"sample": set_sample_name("table-mine", case["image_id"])})
    assert not demo.exception
    assert not demo.warning
    assert link_of(demo)["sample"] == f"table-mine.{case['image_id']}"


def hold(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make a run wait at its first picture; what is returned lets it go on."""
    import threading

    from vpe_core.benchmark.pictures import PictureMaker

    go_on, wait = threading.Event(), PictureMaker.__call__

    def slow(*task: object) -> object:
        go_on.wait(WAIT_S)
        return wait(*task)  # type: ignore[arg-type]

    monkeypatch.setattr(PictureMaker, "__call__", slow)
    return go_on.set


def test_everybody_sees_the_run_and_a_second_one_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = hold(monkeypatch)
    late = open_app(PAGE)
    started()
    late.button(key="run_start").click().run()
    assert not late.exception
    assert "Another run was started a moment before" in said(late)
    third = open_app(PAGE)
    assert "Only one runs at a time" in said(third)
    assert not [button for button in third.button if button.key == "run_start"]
    third.button(key="bench_stop").click().run()
    go_on()
    until_ended()
    third.run()
    assert "The run of SimCLIP (embedded) on table (the paper's rows, all images) was stopped." in said(third)


def test_after_the_server_was_stopped_a_click_goes_on_with_the_run(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold(monkeypatch)
    started()
    jobs.stop(RUN)
    go_on()
    until_ended()
    monkeypatch.setattr(jobs, "_states", {})  # a new process
    app = open_app(PAGE)
    assert "The run of SimCLIP (embedded) on table (the paper's rows, all images) was interrupted." in said(app)
    app.button(key="bench_run_again").click().run()
    until_ended()
    assert "is measured" in said(app.run())
    assert len(open_run(place).samples) == 8
    monkeypatch.setattr(jobs, "_states", {})
    assert "was interrupted" not in said(open_app(PAGE))


def test_a_page_that_nobody_touches_looks_whether_a_run_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    sent, messages = [], LocalScriptRunner.forward_msgs

    def kept(runner: LocalScriptRunner) -> list[ForwardMsg]:
        sent.extend(messages(runner))
        return messages(runner)

    monkeypatch.setattr(LocalScriptRunner, "forward_msgs", kept)
    open_app(PAGE)
    assert [message for message in sent if message.WhichOneof("type") == "auto_rerun"]


def test_the_form_keeps_what_it_said_and_a_stopped_run_goes_on_as_it_was_ordered(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold(monkeypatch)
    app = open_app(PAGE)
    app.selectbox(key="run_plan").set_value("The paper's rows and their controls").run()
    app.selectbox(key="run_limit").set_value("The first 20, to try it out").run()
    late = open_app(PAGE)
    late.selectbox(key="run_model").set_value("simclip-plain").run()
    app.button(key="run_start").click().run()
    late.run().button(key="bench_run_follow").click().run()
    app.button(key="bench_stop").click().run()
    go_on()
    until_ended()
    for session, model, plan, limit in (
        (app, "simclip", "The paper's rows and their controls", "The first 20, to try it out"),
        (late, "simclip-plain", "The paper's rows", "All images"),
    ):
        session.run()
        assert not session.exception
        fields = [session.selectbox(key=f"run_{name}").value for name in ("model", "plan", "limit")]
        assert fields == [model, plan, limit]
    late.button(key="bench_run_again").click().run()
    known = jobs.state(RUN)
    assert known
    assert known.order == run_job.Order("table", "all", "simclip", "The paper's rows and their controls", 20)
    until_ended()
    late.run()
    assert "SimCLIP (embedded) on table is measured" in said(late)
    assert len(open_run(place).variants) > 5
    assert late.selectbox(key="run_model").value == "simclip-plain"


def test_a_run_that_another_program_writes_is_said_in_plain_words(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    place.mkdir(parents=True)
    with FileLock(place / ".lock"):
        app = started()
        until_ended()
    app.run()
    assert "Another run is writing into" in said(app)
    assert "Wait until it has finished" in said(app)


def test_a_full_disk_and_a_folder_that_cannot_be_written_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunWriter, "write", full)
    app = started()
    until_ended()
    app.run()
    assert "No space left on device. Make room or set VPE_RESULTS_DIR" in said(app)


def test_the_settings_say_who_may_start_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_START_RUNS", "nobody")
    get_settings.cache_clear()
    app = open_app(PAGE)
    assert not [button for button in app.button if button.key == "run_start"]
    assert not benchmark_run.may_start()
    monkeypatch.setenv("VPE_START_RUNS", "local")
    get_settings.cache_clear()
    visitor = type(benchmark_run.st.context)
    for address, headers, may in (
        (None, {}, True),
        ("192.0.2.7", {}, False),
        (None, {"X-Forwarded-For": "192.0.2.7"}, False),  # through a proxy on this machine
    ):
        monkeypatch.setattr(visitor, "ip_address", address)
        monkeypatch.setattr(visitor, "headers", headers)
        assert benchmark_run.may_start() is may
    assert "cannot be started from another machine here" in said(open_app(PAGE))


def test_the_limit_is_kept(place: Path) -> None:
    run_job.perform(run_job.Order("table", "all", "simclip", "The paper's rows", limit=4), lambda *_: None)
    assert len(open_run(place).rows("none")) == 4
    run_job.perform(run_job.Order("table", "all", "simclip", "The paper's rows"), lambda *_: None)
    assert len(open_run(place).rows("none")) == 8
