from __future__ import annotations

import threading
import time

import pytest

from vpe_core import jobs
from vpe_core.errors import DatasetError


def wait(key: str) -> jobs.JobState:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        state = jobs.state(key)
        if state and not state.running:
            return state
        time.sleep(0.01)
    raise AssertionError("the job did not end")


def test_a_job_reports_and_ends() -> None:
    reported, go_on = threading.Event(), threading.Event()

    def work(report: jobs.Report) -> str:
        report(0.25, "a.png")
        reported.set()
        go_on.wait(5)
        return "all of it"

    jobs.start("fine", work)
    reported.wait(5)
    first = jobs.state("fine")
    assert first is not None
    assert (first.fraction, first.text, first.running, first.result) == (0.25, "a.png", True, None)
    go_on.set()
    ended = wait("fine")
    assert (ended.error, ended.result, ended.number) == (None, "all of it", first.number)
    jobs.start("fine", lambda _report: None)
    assert wait("fine").number != first.number


def test_a_second_start_while_it_runs_does_nothing() -> None:
    runs, go_on = [], threading.Event()

    def work(report: jobs.Report) -> None:
        runs.append(1)
        go_on.wait(5)

    jobs.start("once", work)
    jobs.start("once", work)
    go_on.set()
    wait("once")
    assert runs == [1]


def test_an_error_that_people_can_mend_is_kept_for_them() -> None:
    def work(report: jobs.Report) -> None:
        raise DatasetError("There is no connection.")

    jobs.start("failing", work)
    assert wait("failing").error == "There is no connection."


def test_any_other_error_ends_the_job_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def work(report: jobs.Report) -> None:
        raise ZeroDivisionError

    jobs.start("broken", work)
    assert "ZeroDivisionError" in (wait("broken").error or "")
    assert "broken" in caplog.text


def test_a_job_is_stopped_at_its_next_report_and_may_start_again() -> None:
    reported, go_on, undisturbed = threading.Event(), threading.Event(), []

    def work(report: jobs.Report) -> None:
        report(0.25, "a.png")
        reported.set()
        go_on.wait(5)
        try:
            report(0.5, "b.png")
        except Exception:  # a careless handler on the way must not keep it going
            undisturbed.append(1)
        undisturbed.append(2)

    assert jobs.start("long", work)
    assert not jobs.start("long", work)
    reported.wait(5)
    jobs.stop("long")
    asked = jobs.state("long")
    assert asked is not None
    assert (asked.fraction, asked.text, asked.running, asked.stopped) == (0.25, "Stopping", True, True)
    go_on.set()
    ended = wait("long")
    assert ended.stopped
    assert ended.error is None
    assert not undisturbed
    assert jobs.start("long", lambda report: None)
    assert not wait("long").stopped


def test_a_stop_that_comes_too_late_changes_nothing() -> None:
    go_on = threading.Event()
    jobs.start("nearly", lambda report: go_on.wait(5))
    jobs.stop("nearly")
    go_on.set()
    assert not wait("nearly").stopped
    jobs.stop("nearly")
    assert not wait("nearly").running


def test_all_jobs_can_be_asked_to_end_and_those_that_do_not_are_not_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck, at_work = threading.Event(), threading.Event()

    def reports(report: jobs.Report) -> None:
        while True:
            report(0.5, "at work")
            at_work.set()
            time.sleep(0.001)

    jobs.start("reports", reports)
    at_work.wait(5)
    assert jobs.stop_all(5)
    assert [record.getMessage() for record in caplog.records] == [
        "Stopping the job 'reports' (at work): this process ends. What it has stored is kept."
    ]
    ended = jobs.state("reports")
    assert ended is not None
    assert ended.stopped
    jobs.start("stuck", lambda _report: stuck.wait(5))
    assert not jobs.stop_all(0)
    assert jobs.running() == ("stuck",)
    stuck.set()
    wait("stuck")
