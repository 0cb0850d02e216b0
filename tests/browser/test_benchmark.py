"""The benchmark page as a person meets it, on results of simulated X-rays that the test makes up."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from tests.app_home import chest
from tests.browser.demo import TIMEOUT_MS, Demo
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store

expect.set_options(timeout=TIMEOUT_MS)
LABELS = ("lung mass", "lung nodule", "pleural effusion")
EDGE_PX = 256


@pytest.fixture(scope="module", autouse=True)
def results(precomputed: Path) -> Path:
    """A small simulated set and results of the embedded models on it, where the app looks for them."""
    table = _write_set(precomputed / "datasets" / "sim-multi")
    folder = precomputed / "results" / "benchmark" / "sim-multi"
    for model, strengths in (("simclip", PAPER_STRENGTHS), ("simclip-plain", dict.fromkeys(PAPER_STRENGTHS, 0.12))):
        store(MemoryRun(strengths, name="sim-multi", model=model, samples=table), folder / model)
    return folder


def _write_set(folder: Path) -> pd.DataFrame:
    """Forty images of two findings each, as `simulate` writes them; returns the samples as a run stores them."""
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(40):
        image = f"{number:05d}"
        chest((EDGE_PX, EDGE_PX), number).save(folder / "images" / f"{image}.png")
        for label in rng.choice(LABELS, size=2, replace=False):
            x0, y0 = rng.integers(20, 120, size=2).tolist()
            rows.append((image, f"p{number // 2}", str(label), x0, y0, x0 + 60, y0 + 50))
    with (folder / "samples.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "twin", "patient", "finding", "x0", "y0", "x1", "y1"))
        writer.writerows((f"images/{image}.png", "", *rest) for image, *rest in rows)
    table = pd.DataFrame(rows, columns=["image_id", "patient_id", "label", "x0", "y0", "x1", "y1"])
    table.insert(0, "sample_id", [f"s{row}" for row in range(len(table))])
    return table.assign(
        group="", image_width=EDGE_PX, image_height=EDGE_PX, image_path="images/" + table["image_id"] + ".png"
    )


def open_page(demo: Demo, query: dict[str, str] | None = None) -> None:
    demo.open(query or {}, page="benchmark")
    demo.page.wait_for_selector(".vpl-results")
    demo.settle()


def open_sides(demo: Demo, query: str) -> None:
    """Open the page with several data sets or models, as its address names them."""
    demo.page.goto(f"{demo.url}/benchmark?{query}")
    demo.page.wait_for_selector(".vpl-results")
    demo.settle()


def sentence(demo: Demo) -> str:
    return demo.page.locator(".vpl-finding bdi").inner_text()


def choose(demo: Demo, label: str, option: str) -> None:
    demo.page.get_by_label(label, exact=True).first.click()
    demo.page.get_by_role("option", name=option, exact=True).click()
    demo.settle()


def unfold(demo: Demo, key: str) -> None:
    part = demo.page.locator(f".st-key-{key}")
    part.scroll_into_view_if_needed()
    if part.locator("details[open]").count() == 0:
        part.locator("summary").click()
        demo.page.wait_for_timeout(500)  # it unfolds, and a list that is opened meanwhile may close again
    demo.settle()


def link(demo: Demo) -> dict[str, list[str]]:
    return parse_qs(urlsplit(demo.page.url).query)


def test_filters_go_into_the_address_and_the_address_shows_the_same(browser: Browser, app_url: str, demo: Demo) -> None:
    open_page(demo)
    assert "On sim-multi, a red circle lifts simclip's macro AUROC" in sentence(demo)
    choose(demo, "Marker", "arrow")
    choose(demo, "Metric", "MCC")
    expect(demo.page.locator(".vpl-finding bdi")).to_contain_text("a red arrow lifts simclip's MCC")
    assert link(demo) == {"marker": ["arrow"], "metric": ["MCC"]}
    demo.page.go_back()  # each filter is a step of its own
    expect(demo.page.locator(".vpl-finding bdi")).to_contain_text("a red arrow lifts simclip's macro AUROC")
    demo.settle()
    demo.page.go_forward()
    expect(demo.page.locator(".vpl-finding bdi")).to_contain_text("a red arrow lifts simclip's MCC")
    demo.settle()
    other = Demo(browser, app_url)
    other.page.goto(demo.page.url)
    other.page.wait_for_selector(".vpl-results")
    expect(other.page.locator(".vpl-finding bdi")).to_have_text(sentence(demo))
    other.close()


def test_two_clicks_say_whether_one_marker_is_better_than_another_and_the_link_says_the_same(demo: Demo) -> None:
    open_page(demo)
    asked = demo.page.get_by_role("combobox", name="against", exact=True)
    asked.scroll_into_view_if_needed()
    asked.click()
    demo.page.get_by_role("option", name="arrow on sim-multi, simclip", exact=True).click()
    said = demo.page.locator(".vpl-compared bdi").first
    expect(said).to_contain_text(re.compile("circle.* arrow .* after correction for 7 comparisons"))
    demo.settle()
    assert link(demo) == {"against": ["arrow on sim-multi, simclip"]}
    words = said.inner_text()
    demo.page.reload()
    expect(demo.page.locator(".vpl-compared bdi").first).to_have_text(words)


def test_a_prompt_is_edited_and_the_difference_to_the_papers_stands_beside(demo: Demo) -> None:
    open_page(demo, {"suffix": "without"})
    assert demo.page.get_by_role("columnheader", name="vs the paper's prompt").count() == 0
    unfold(demo, "bench_prompt")
    choose(demo, "Prompt", "average of 5 report phrasings")
    expect(demo.page.get_by_role("columnheader", name="vs the paper's prompt")).to_be_visible()
    wording = demo.page.get_by_role("textbox", name="lung mass", exact=True)
    wording.fill("a large lump")
    wording.press("Enter")
    # The made-up results do not fit the model of the test, which the page must notice.
    expect(demo.page.get_by_role("alert")).to_contain_text("other weights")
    assert link(demo)["say lung mass"] == ["a large lump"]


def test_another_data_set_and_marker_bring_no_error_about_the_prompt(demo: Demo, results: Path) -> None:
    second = results.with_name("second-set")
    store(
        MemoryRun(PAPER_STRENGTHS, name="second-set", model="simclip", template="{class}{suffix}"), second / "simclip"
    )
    try:
        open_sides(demo, "data=sim-multi&data=second-set")
        chips = demo.page.locator(".st-key-data [data-tag]")
        expect(chips).to_have_count(2)
        chips.filter(has_text="sim-multi").get_by_role("button").click()
        expect(chips).to_have_count(1)
        demo.settle()
        choose(demo, "Marker", "arrow")
        expect(demo.page.locator(".vpl-finding bdi")).to_contain_text("On second-set, a red arrow")
        assert demo.page.get_by_role("alert").filter(has_text="template").count() == 0
    finally:
        shutil.rmtree(second)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_name_in_the_filters_is_cut(browser: Browser, app_url: str, width: int) -> None:
    demo = Demo(browser, app_url, width=width, height=720)
    open_sides(demo, "model=simclip&model=simclip-plain")
    names = demo.page.locator(".st-key-bench_filters [data-tag] [title]")
    expect(names).to_have_count(3)
    cut = "names => names.filter(name => name.scrollWidth > name.clientWidth).map(name => name.innerText)"
    assert names.evaluate_all(cut) == []
    demo.close()


def test_a_case_opens_in_the_live_demo_with_its_marker(demo: Demo) -> None:
    open_page(demo)
    case = demo.page.locator('[class*="st-key-bench_case_"]').first
    expect(case.get_by_role("img")).to_be_visible()
    label = case.locator(".vpl-case bdi").inner_text()
    case.get_by_role("link").click()
    demo.page.wait_for_selector(".vpl-bars")
    demo.settle()
    ((marker, numbers),) = demo.marks()
    assert marker == "circle"
    assert (numbers[2] - numbers[0], numbers[3] - numbers[1]) == (60, 50)
    assert demo.link()["sample"].startswith("sim-multi.")
    assert label in demo.page.locator(".vpl-place").inner_text()
    assert demo.page.locator('[data-testid="stAlert"]').count() == 0
    picture = demo.canvas.bounding_box()
    assert picture is not None
    assert picture["width"] == pytest.approx(picture["height"], abs=1)
    assert picture["width"] < demo.page.viewport_size["width"] / 2  # type: ignore[index]
    demo.choose_tool("Box")
    drawn = demo.drag([(40, 50), (120, 150)], (EDGE_PX, EDGE_PX))
    _, (_, corners) = demo.wait_for_marks(2)
    assert corners == pytest.approx([*drawn[0], *drawn[-1]], abs=1)


def open_a_case_and_come_back(demo: Demo) -> None:
    """Back from a case leads to the address and the sentence from which it was opened."""
    address, said = demo.page.url, sentence(demo)
    demo.page.locator('[class*="st-key-bench_case_"]').first.get_by_role("link").click()
    demo.page.wait_for_selector(".vpl-bars")
    demo.settle()
    demo.page.go_back()
    demo.page.wait_for_selector(".vpl-results")
    demo.page.wait_for_url(address)
    demo.settle()
    assert sentence(demo) == said


def test_a_case_opens_as_measured_until_something_is_drawn_and_the_way_back_leads_to_its_place(demo: Demo) -> None:
    open_page(demo, {"metric": "MCC", "cases_order": "Largest loss"})
    left = link(demo)
    case = demo.page.locator('[class*="st-key-bench_case_"]').nth(7)
    stored = case.locator(".vpl-case b").inner_text()
    for back in (lambda: demo.page.get_by_role("link", name="Back to the benchmark").click(), demo.page.go_back):
        case.get_by_role("link").click()
        line = demo.page.locator(".vpl-measured")
        expect(line).to_contain_text("As measured: ")
        assert " → ".join(line.locator("b").all_inner_texts()) == stored
        demo.settle()
        back()
        demo.page.wait_for_selector(".vpl-results")
        demo.page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == left)
        expect(case.get_by_role("link")).to_be_in_viewport()
    case.get_by_role("link").click()
    expect(line).to_be_visible()
    demo.wait_for_marks(1)
    demo.choose_tool("Box")
    demo.drag([(40, 50), (120, 150)], (EDGE_PX, EDGE_PX))
    expect(line).to_have_count(0)


def test_back_from_a_case_leads_to_the_page_as_it_was_left(demo: Demo) -> None:
    open_page(demo, {"metric": "MCC", "suffix": "without"})
    left = demo.page.url
    open_a_case_and_come_back(demo)
    opened: list[str] = []
    for _ in range(2):  # forward to the case again and again: the same picture, drawn and asked as it was measured
        demo.page.go_forward()
        expect(demo.page.locator(".vpl-measured")).to_contain_text("As measured: ")
        demo.settle()
        opened.append(demo.page.url)
        assert demo.link()["case_width"] == "1"
        assert demo.link()["case_protocol"] == "paper"
        demo.page.go_back()
        demo.page.wait_for_selector(".vpl-results")
        demo.page.wait_for_url(left)
        demo.settle()
    assert opened[0] == opened[1]


def test_forward_and_back_keep_an_address_that_a_click_has_made(demo: Demo) -> None:
    demo.open({"model": "simclip-plain", "data": ""}, page="benchmark")
    offer = demo.page.locator(".st-key-bench_offers button").last
    assert offer.inner_text() == "Show simclip-plain on sim-multi"
    offer.click()
    demo.page.wait_for_selector(".vpl-results")
    demo.settle()
    open_a_case_and_come_back(demo)


def test_scores_are_downloaded_loaded_again_and_compared(demo: Demo) -> None:
    open_page(demo)
    demo.page.get_by_role("button", name="Download", exact=True).click()
    with demo.page.expect_download() as waiting:
        demo.page.get_by_role("button", name="All probabilities as Parquet").click()
    assert waiting.value.suggested_filename == "simulated-scores.parquet"
    data = Path(waiting.value.path()).read_bytes()
    assert set(pd.read_parquet(io.BytesIO(data))["label"]) == set(LABELS)
    demo.page.keyboard.press("Escape")
    demo.page.get_by_text("Load other results").click()
    demo.page.locator(".st-key-bench_load input[type=file]").set_input_files(
        {"name": "theirs.parquet", "mimeType": "application/octet-stream", "buffer": data}
    )
    expect(demo.page.get_by_text("Loaded: simclip (theirs.parquet) on sim-multi")).to_be_visible()
    demo.settle()
    assert link(demo)["model"] == ["simclip (theirs.parquet)"]  # shown at once
    demo.page.evaluate("document.querySelector('.stMain').scrollTo(0, 0)")  # a list under the edge would close
    choose(demo, "Model", "simclip")
    expect(demo.page.locator(".vpl-results th[scope=colgroup]")).to_have_count(2)
    circle = demo.page.locator(".vpl-results tbody tr").nth(6)
    values = circle.locator(".vpl-is-value").all_inner_texts()
    assert values[0] == values[1]


def test_a_file_that_is_no_table_of_scores_is_refused(demo: Demo) -> None:
    open_page(demo)
    demo.page.get_by_text("Load other results").click()
    demo.page.locator(".st-key-bench_load input[type=file]").set_input_files(
        {"name": "x.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    expect(demo.page.get_by_role("alert")).to_contain_text("are missing")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_nothing_is_wider_than_the_screen(browser: Browser, app_url: str, width: int, scheme: str) -> None:
    demo = Demo(browser, app_url, width=width, height=844, scheme=scheme)
    open_page(demo)
    demo.page.wait_for_selector(".js-plotly-plot")
    assert demo.page.evaluate("document.documentElement.scrollWidth") <= width
    assert demo.page.evaluate("document.querySelector('.stMain').scrollWidth") <= width
    demo.close()
