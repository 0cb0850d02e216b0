"""A benchmark run that a person starts on the page, and whole results that leave and come back, in a real browser."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.app_home import chest
from tests.browser.demo import TIMEOUT_MS, Demo
from tests.browser.test_benchmark import choose, unfold
from vpe_core.results import open_run

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture
def nodules(precomputed: Path) -> Iterator[Path]:
    """Ten simulated X-rays where the app looks for them; the folder of results that a run on them makes."""
    folder = precomputed / "datasets" / "sim-nodule"
    (folder / "images").mkdir(parents=True)
    with (folder / "samples.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("image", "patient", "finding", "x0", "y0", "x1", "y1"))
        for number in range(10):
            chest((128, 128), number).save(folder / "images" / f"{number}.png")
            label = ("benign lung nodule", "malignant lung nodule")[number % 2]
            table.writerow((f"images/{number}.png", f"p{number}", label, 30, 40, 60, 70))
    results = Path(os.environ["VPE_RESULTS_DIR"]) / "sim-nodule"
    yield results
    for made in (folder, results):
        shutil.rmtree(made, ignore_errors=True)


def open_page(demo: Demo, query: dict[str, str] | None = None) -> None:
    demo.open(query or {}, page="benchmark")
    demo.page.locator(".st-key-bench_load").wait_for()
    demo.settle()


def upload(demo: Demo, name: str, data: bytes) -> None:
    unfold(demo, "bench_load")
    demo.page.locator(".st-key-bench_load input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": data}
    )


def test_a_run_is_started_and_its_results_travel_as_a_zip_file(
    browser: Browser, app_url: str, demo: Demo, nodules: Path
) -> None:
    open_page(demo)
    unfold(demo, "bench_run")
    demo.page.get_by_label("Data set", exact=True).click()
    demo.page.get_by_role("option", name="sim-nodule", exact=True).click()
    demo.settle()
    demo.page.get_by_role("button", name="Start").click()
    # The first run imports torch and loads the model, which takes long on a machine that runs other tests besides.
    expect(demo.page.get_by_text("SimCLIP (embedded) on sim-nodule is measured")).to_be_visible(timeout=2 * TIMEOUT_MS)
    assert len(open_run(nodules / "simclip").samples) == 10
    other = Demo(browser, app_url)
    open_page(other, {"data": "sim-nodule"})
    expect(other.page.locator(".vpl-finding bdi")).to_contain_text("On sim-nodule, a red circle")
    assert other.page.get_by_text("is measured").count() == 0  # who comes later is not told
    demo.page.get_by_role("button", name="Show it").click()
    expect(demo.page.locator(".vpl-finding bdi")).to_contain_text("On sim-nodule, a red circle")
    expect(demo.page.get_by_text("is measured")).to_have_count(0)

    unfold(other, "bench_provenance")
    with other.page.expect_download() as waiting:
        other.page.get_by_role("button", name="Results as a folder (ZIP)").click()
    data = Path(waiting.value.path()).read_bytes()
    assert "sim-nodule/simclip/embeddings.parquet" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    upload(other, "theirs.zip", data)
    expect(other.page.get_by_text(re.compile(r"Loaded: simclip \(.*\.zip\) on sim-nodule"))).to_be_visible()
    other.settle()
    other.page.evaluate("document.querySelector('.stMain').scrollTo(0, 0)")  # a list under the edge would close
    choose(other, "Model", "simclip")
    expect(other.page.locator(".vpl-results th[scope=colgroup]")).to_have_count(2)
    unfold(other, "bench_prompt")
    choose(other, "Prompt", "average of 5 report phrasings")
    expect(other.page.get_by_role("columnheader", name="vs the paper's prompt")).to_have_count(2)
    assert other.page.get_by_test_id("stAlertContentError").count() == 0  # ten samples are warned of as too few
    other.close()
    open_page(demo)
    assert demo.page.get_by_text("Loaded: ").count() == 0  # what one session loads, no other one sees


@pytest.mark.parametrize(
    ("name", "message"),
    [("../../manifest.json", "leads out of its folder"), ("notes.txt", "but it holds neither")],
)
def test_a_zip_file_that_cannot_be_used_is_refused_in_words(demo: Demo, name: str, message: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr(name, "{}")
    open_page(demo)
    upload(demo, "evil.zip", content.getvalue())
    expect(demo.page.get_by_role("alert")).to_contain_text(message)
