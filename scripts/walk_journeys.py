"""Walks the five journeys of docs/journeys.md in a real browser, counts what a person does, and writes the table there.

python -m scripts.walk_journeys
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from scripts.running_app import running_app, running_chromium
from vpe_core.images import load_image
from vpe_core.settings import PROJECT_DIR

DOCUMENT = PROJECT_DIR / "docs" / "journeys.md"
BEGIN, END = "<!-- table: written by scripts.walk_journeys -->", "<!-- end of table -->"
SAMPLES = PROJECT_DIR / "precomputed" / "samples"
_TIMEOUT_MS = 120_000
_SIZE = {"width": 1280, "height": 720}


@dataclass
class Walk:
    """A person's way through the app: what was clicked, drawn or given."""

    page: Page
    url: str
    folder: Path
    actions: int = 0

    def click(self, what: str) -> None:
        """Click on what a CSS selector or a text (`text=`) finds."""
        self.page.locator(what).first.click()
        self.actions += 1

    def give(self, click: str, *files: Path) -> None:
        """Click on an upload button and choose files in the window that it opens."""
        with self.page.expect_file_chooser() as chooser:
            self.click(click)
        chooser.value.set_files(files)

    def draw(self) -> None:
        """Drag a circle over the film."""
        self.page.evaluate("document.querySelector('.stMain').scrollTo(0, 0)")
        film = self.page.locator(".upper-canvas").bounding_box()
        assert film, "the film is on the page"
        x, y, side = film["x"], film["y"], film["width"]
        mouse = self.page.mouse
        mouse.move(x + 0.55 * side, y + 0.2 * side)
        mouse.down()
        mouse.move(x + 0.8 * side, y + 0.5 * side, steps=8)
        mouse.up()
        self.actions += 1

    def answered(self) -> None:
        """Wait for the answer with the marker."""
        self.page.locator(".vpl-answer .vpl-pair img").nth(1).wait_for()

    def settled(self) -> None:
        """Wait until the app has nothing more to do."""
        self.page.wait_for_function(
            "() => !document.querySelector('[data-testid=stStatusWidget]')"
            " && document.querySelector('[data-testid=stApp]:not([data-test-script-state=running])')"
        )


def first_stroke(walk: Walk) -> None:
    """From the first page to the first answer with a marker."""
    walk.click(".st-key-overview_start a")
    walk.page.wait_for_selector(".vpl-bars")
    walk.draw()
    walk.answered()


def own_dicom(walk: Walk) -> None:
    """From the first page to the answer about a marked DICOM file of one's own."""
    walk.click(".st-key-overview_start a")
    walk.page.wait_for_selector(".vpl-bars")
    walk.click(".st-key-demo_choose button")
    walk.give('[role=dialog] [data-testid="stFileUploaderDropzone"] button', write_dicom(walk.folder / "film.dcm"))
    walk.page.wait_for_selector("[role=dialog]", state="detached")
    walk.page.get_by_text("Your X-ray").first.wait_for()
    walk.settled()
    walk.draw()
    walk.answered()


def circle_against_arrow(walk: Walk) -> None:
    """On the benchmark page: is a circle better than an arrow, and is the difference real?"""
    walk.page.goto(f"{walk.url}/benchmark")
    walk.page.wait_for_selector(".st-key-bench_compare")
    walk.settled()
    walk.click(".st-key-against input")
    walk.click('[role=option]:has-text("arrow on sim-multi, simclip")')
    walk.page.wait_for_function("() => /arrow by/.test(document.querySelector('.stMain').innerText)")


def worst_case(walk: Walk) -> None:
    """On the benchmark page: the case that the marker hurt most, opened as it was measured."""
    walk.page.goto(f"{walk.url}/benchmark")
    walk.page.wait_for_selector(".st-key-bench_cases a")
    walk.settled()
    walk.click('.st-key-cases_order button:has-text("loss")')
    walk.settled()
    walk.click(".st-key-bench_cases a")
    walk.page.get_by_text("As measured").first.wait_for()


def own_table(walk: Walk) -> None:
    """On the benchmark page: a table and its X-rays become a column."""
    files = write_set(walk.folder)
    walk.page.goto(f"{walk.url}/benchmark")
    walk.page.wait_for_selector(".vpl-results")
    walk.settled()
    walk.click(".st-key-bench_own summary")
    walk.give('.st-key-bench_own [data-testid="stFileUploaderDropzone"] button', *files)
    walk.page.wait_for_selector(".st-key-own_start button")
    walk.settled()
    walk.click(".st-key-own_start button")
    walk.page.wait_for_function("() => /Results of SimCLIP/.test(document.querySelector('.stMain').innerText)")
    walk.settled()


JOURNEYS: dict[str, tuple[Callable[[Walk], None], int]] = {
    "first stroke from the first page": (first_stroke, 2),
    "own DICOM file to answer": (own_dicom, 4),
    "circle against arrow, is it real?": (circle_against_arrow, 2),
    "worst case, opened as measured": (worst_case, 2),
    "own table and X-rays to a column of the table": (own_table, 5),
}
"""What is walked, and how many actions it may take."""


def write_dicom(path: Path) -> Path:
    """A gallery picture as a 12-bit DICOM file; returns the path."""
    pixels = np.asarray(load_image(SAMPLES / "consolidation-easy.webp")).astype(np.uint16) * 16
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    file.PhotometricInterpretation, file.SamplesPerPixel = "MONOCHROME2", 1
    file.Rows, file.Columns = pixels.shape
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.WindowCenter, file.WindowWidth = 2048, 4096
    file.PixelData = pixels.tobytes()
    file.save_as(path, enforce_file_format=True)
    return path


def write_set(folder: Path) -> list[Path]:
    """A table of twelve gallery findings of two classes and their X-rays; returns all files."""
    with (SAMPLES / "samples.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["finding"] in ("lung nodule", "consolidation")][:12]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("image", "label", "x0", "y0", "x1", "y1"))
    files = []
    for row in rows:
        name = Path(row["image"]).with_suffix(".png").name
        writer.writerow((name, row["finding"], row["x0"], row["y0"], row["x1"], row["y1"]))
        with Image.open(SAMPLES / row["image"]) as picture:
            picture.save(folder / name)
        files.append(folder / name)
    table = folder / "findings.csv"
    table.write_text(text.getvalue(), encoding="utf-8")
    return [table, *dict.fromkeys(files)]


def walk_all(browser: Browser, url: str, folder: Path) -> list[tuple[str, int, int, float]]:
    """Name, actions, most actions allowed and seconds of each journey; each in a window of its own."""
    walked = []
    for name, (journey, most) in JOURNEYS.items():
        context = browser.new_context(viewport=_SIZE, color_scheme="dark")  # type: ignore[arg-type]
        context.set_default_timeout(_TIMEOUT_MS)
        walk = Walk(context.new_page(), url, folder)
        walk.page.goto(url)
        walk.page.wait_for_selector("h1")
        start = time.monotonic()
        journey(walk)
        walked.append((name, walk.actions, most, time.monotonic() - start))
        sys.stdout.write(f"{name}: {walk.actions} actions, {walked[-1][-1]:.1f} s\n")
        context.close()
    return walked


def main() -> None:
    """Walk, and write the table."""
    with tempfile.TemporaryDirectory() as folder, running_app() as app, running_chromium() as browser:
        walked = walk_all(browser, app.url, Path(folder))
    lines = ["| journey | actions | at most | seconds of the machine |", "|---|---|---|---|"]
    lines += [f"| {name} | {actions} | {most} | {seconds:.0f} |" for name, actions, most, seconds in walked]
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
