"""The server's numbers: in Prometheus's format, and for nobody but whom the settings name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.frame.page import PAGES
from dashboard.frame.rights import client_of
from dashboard.frame.server import routes
from dashboard.frame.server_figures import Figure, as_prometheus, figures, watch
from vpe_core.models.predictor import Statistics
from vpe_core.settings import PROJECT_DIR, get_settings

LINE = re.compile(r'vpl_[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?[0-9.e+-]+')


def test_the_numbers_are_written_as_prometheus_reads_them() -> None:
    odd = Figure("vpl_odd_total", "Two\nlines", 3, (("name", 'a "b" \\'),))
    lines = as_prometheus((odd, *figures())).splitlines()
    assert lines[:3] == [
        "# HELP vpl_odd_total Two\\nlines",
        "# TYPE vpl_odd_total counter",
        'vpl_odd_total{name="a \\"b\\" \\\\"} 3',
    ]
    values = [line for line in lines[3:] if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in values)
    assert {line.split()[0] for line in values} >= {"vpl_up_seconds", "vpl_memory_bytes", "vpl_jobs_running"}


@pytest.mark.parametrize(
    ("who", "client", "headers", "status"),
    [
        ("", "127.0.0.1", {}, 404),
        ("nobody", "127.0.0.1", {}, 404),
        ("local", "127.0.0.1", {}, 200),
        ("local", "::1", {}, 200),
        ("local", "::ffff:127.0.0.1", {}, 200),
        ("local", "::ffff:127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404),
        ("local", "::ffff:10.0.0.7", {}, 404),
        ("local", "somebody", {}, 404),
        ("local", "10.0.0.7", {}, 404),
        ("local", "127.0.0.1", {"x-forwarded-for": "10.0.0.7"}, 404),
        ("anyone", "10.0.0.7", {}, 200),
    ],
)
def test_the_numbers_are_for_those_whom_the_settings_name(
    who: str, client: str, headers: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VPE_ADMIN", who)
    get_settings.cache_clear()
    answer = TestClient(Starlette(routes=routes()), client=(client, 1)).get("/metrics", headers=headers)
    assert (answer.status_code, "vpl_" in answer.text) == (status, status == 200)


@pytest.mark.parametrize("address", ["/", "/home", *(f"/{page.path}" for page in PAGES)])
def test_a_page_knows_its_theme_before_any_other_script_runs(address: str) -> None:
    answer = TestClient(Starlette(routes=routes())).get(address)
    assert answer.headers["cache-control"] == "no-cache"
    head = answer.text.split("<head>", 1)[1]
    assert head.count("vpl-theme") == 1
    assert head.index("vpl-theme") < head.index('<script type="module"')
    assert "background: #0B0F14" in head  # config.toml's


def test_a_model_in_memory_is_told_of_and_one_that_has_gone_is_not() -> None:
    class Asked:
        spec = SimpleNamespace(name="watched")
        predictor = SimpleNamespace(
            statistics=lambda: Statistics(waiting=2, answered=5, passes={4: 3}, milliseconds={95: 120.0})
        )

    model = Asked()
    watch(model)  # type: ignore[arg-type]
    told = as_prometheus(figures())
    assert 'vpl_requests_waiting{model="watched"} 2\n' in told
    assert 'vpl_requests_total{model="watched",end="answered"} 5\n' in told
    assert 'vpl_passes_total{model="watched",pictures="4"} 3\n' in told
    assert 'vpl_latency_seconds{model="watched",quantile="0.95"} 0.12\n' in told
    del model
    assert "watched" not in as_prometheus(figures())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("vpl_latency_seconds", 0.024, "24 ms"), ("vpl_up_seconds", 90, "2 min"), ("vpl_up_seconds", 3720, "1 h 2 min"),
        ("vpl_requests_total", 1718, "1,718"), ("vpl_memory_bytes", 2e9, "2,000 MB"),
    ],
)  # fmt: skip
def test_a_figure_is_told_in_the_unit_that_people_read(name: str, value: float, words: str) -> None:
    assert Figure(name, "", value).in_words == words


def test_a_server_lets_numpy_keep_no_core_busy_and_walks_no_import_again() -> None:
    script = """
import asyncio, gc, numpy
from dashboard.frame.page import PAGES
from dashboard.frame.server import lifespan

async def main():
    async with lifespan(None):
        frozen = gc.get_freeze_count()
        import scipy.linalg
        from threadpoolctl import threadpool_info
        print(frozen, *(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"))

asyncio.run(main())
"""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=True
    )
    frozen, *threads = map(int, run.stdout.split())
    assert frozen > 100_000
    assert set(threads) == {1}


def test_a_server_with_a_wrong_setting_does_not_start() -> None:
    environment = {**os.environ, "VPE_DEVICE": "gpu", "VPE_MAX_IMAGE_BYTES": "many"}
    command = [sys.executable, "-c", "import app"]
    run = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1].startswith(
        "Error: The environment holds settings that are not valid. VPE_DEVICE"
    )
    assert "VPE_MAX_IMAGE_BYTES='many'" in run.stderr
    assert "Traceback" not in run.stderr


def test_one_client_is_one_client_by_either_spelling_of_its_address() -> None:
    assert client_of("::ffff:10.0.0.7", {}) == client_of("10.0.0.7", {}) == "10.0.0.7"
    assert client_of("::ffff:127.0.0.1", {"X-Forwarded-For": "a, 10.0.0.7"}) == "10.0.0.7"
    assert client_of("::ffff:10.0.0.8", {"X-Forwarded-For": "10.0.0.7"}) == "10.0.0.8"
    assert client_of(None, {}) == "127.0.0.1"
