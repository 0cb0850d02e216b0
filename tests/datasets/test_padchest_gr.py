from __future__ import annotations

import functools
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.datasets.conftest import PADCHEST_REPORTS
from vpe_core.datasets import open_dataset, splits
from vpe_core.errors import DatasetError
from vpe_core.markers.protocols import paper_region
from vpe_core.settings import get_settings
from vpe_core.types import Box


def test_the_published_layout(padchest: Path) -> None:
    dataset = open_dataset("padchest-gr", padchest)
    assert [(s.sample_id, s.patient_id, s.group, s.label, s.box) for s in dataset] == [
        ("a.png#1", "p1", "nodule", "Nodule", Box(100, 100, 150, 150)),
        ("a.png#2", "p1", "lung mass", "Nodule", Box(200, 20, 360, 60)),
        ("b.png#1", "p2", "cardiomegaly", "Cardiomegaly", Box(60, 132, 240, 297)),
    ]
    assert dataset.classes == ("Cardiomegaly", "Nodule")
    assert dataset.problems == ()
    assert dataset.samples[0].attributes == {"age": 64, "sex": "F", "view": "PA", "boxes": 2}
    assert dataset.part == "test"
    assert "not the paper's split" in dataset.note


def test_boxes_fall_on_the_official_pixels() -> None:
    """The official code takes int(x * 256) of the fraction; we go through pixels of the source image."""
    rng = np.random.default_rng(0)
    fractions = np.concatenate([rng.random(2000).round(4), np.arange(256) / 256, rng.random(2000)])
    for fraction in fractions:
        width = int(rng.integers(500, 4500))
        region = Box(fraction * width, 0, width + 1, 9)
        assert paper_region(region, (width, 10)).corners[0] == int(fraction * 256)


def test_labels_and_boxes_that_the_reports_lack(padchest: Path) -> None:
    (padchest / "test_indices.txt").write_text("0\n1\n2\n3\n")
    reports = json.loads(json.dumps(PADCHEST_REPORTS))
    reports[0]["findings"][3]["labels"] = None
    reports[1]["findings"][0]["boxes"] = [[0.1, 0.2, None, 0.4]]
    (padchest / "grounded_reports_20240819.json").write_text(json.dumps(reports))
    dataset = open_dataset("padchest-gr", padchest, part="test")
    assert [(problem.row, problem.kind, problem.reason) for problem in dataset.problems] == [
        (3, "label", "The grounded report of a.png has no finding labelled 'lung mass'."),
        (4, "box", "Expected a box of four numbers, but got [0.1, 0.2, None, 0.4]."),
        (5, "box", "The grounded report of c.png gives no box for 'no finding'."),
    ]
    (padchest / "grounded_reports_20240819.json").write_text(json.dumps(reports[1:]))
    assert "do not mention the image a.png" in open_dataset("padchest-gr", padchest).problems[0].reason


def test_files_that_begin_with_a_byte_order_mark(padchest: Path) -> None:
    expected = open_dataset("padchest-gr", padchest)
    for name in ("master_table.csv", "grounded_reports_20240819.json", "test_indices.txt"):
        (padchest / name).write_bytes(b"\xef\xbb\xbf" + (padchest / name).read_bytes())
    assert open_dataset("padchest-gr", padchest) == expected


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ([0.2, 0.4, 1.004, 1.0], None),
        (
            [0, 0, 1.5, 1.2],
            "in fractions of width and height, from 0 to 1, but got 0, 0, 1.5, 1.2. If these are pixels",
        ),
        ([10, 20, 200, 250], "from 0 to 1, but got 10, 20, 200, 250. If these are pixels, divide them"),
        ([-0.2, 0.1, 0.5, 0.5], "from 0 to 1, but got -0.2"),
        ([float("nan"), 0, 1, 1], "finite"),
        ({"x": 1}, "gives no box"),
        ("[]", "gives no box"),
    ],
)
def test_boxes_are_fractions(padchest: Path, box: object, problem: str | None) -> None:
    reports = json.loads(json.dumps(PADCHEST_REPORTS))
    reports[1]["findings"][0]["boxes"] = [box] if isinstance(box, list) else box
    (padchest / "grounded_reports_20240819.json").write_text(json.dumps(reports))
    problems = open_dataset("padchest-gr", padchest).problems
    assert [one.kind for one in problems] == ["box"] * bool(problem)
    assert all(str(problem) in one.reason for one in problems)


@pytest.mark.parametrize("findings", ["text", 5, ["text"], [{"labels": "cardiomegaly"}], [{"labels": 5}]])
def test_reports_of_another_form_are_a_label_problem(padchest: Path, findings: object) -> None:
    reports = [*PADCHEST_REPORTS[:1], {"ImageID": "b.png", "findings": findings}]
    (padchest / "grounded_reports_20240819.json").write_text(json.dumps(reports))
    (problem,) = open_dataset("padchest-gr", padchest).problems
    assert (problem.row, problem.kind) == (4, "label")


def test_without_patients_the_note_says_so(padchest: Path) -> None:
    table = padchest / "master_table.csv"
    table.write_text(table.read_text().replace("PatientID", "Patient number"))
    dataset = open_dataset("padchest-gr", padchest)
    assert [sample.patient_id for sample in dataset] == ["a.png", "a.png", "b.png"]
    assert "no column PatientID, so each image counts as a patient" in dataset.note


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("test_indices.txt", "0\n9\n", "The split names row 9 of master_table.csv, which holds 4 rows"),
        ("test_indices.txt", "0\nfour\n", "one row number a line"),
        ("test_indices.txt", "", "row numbers from 0 upwards"),
        ("grounded_reports_20240819.json", "{]", "JSON list of reports"),
        ("grounded_reports_20240819.json", '[{"ImageID": "a.png"}, 2]', "JSON list of reports.* but entry 2 is '2'"),
        ("grounded_reports_20240819.json", "{}", "JSON list of reports.*: expected a list, but got an object"),
        ("grounded_reports_20240819.json", "7", "JSON list of reports.*: expected a list, but got a number"),
        ("grounded_reports_20240819.json", '[{"ImageID": []}]', "none of its 1 entries has one. Unpack"),
        ("grounded_reports_20240819.json", "[" * 100_000, "nested too deeply"),
        ("master_table.csv", "ImageID,label\na.png,nodule\n", "label_group is missing. Found: ImageID, label"),
    ],
)
def test_malformed_files_stop_at_once(padchest: Path, file: str, content: str, message: str) -> None:
    (padchest / file).write_text(content)
    with pytest.raises(DatasetError, match=message):
        open_dataset("padchest-gr", padchest)


@pytest.mark.parametrize("file", ["master_table.csv", "grounded_reports_20240819.json"])
def test_missing_files_are_named(padchest: Path, file: str) -> None:
    (padchest / file).unlink()
    with pytest.raises(DatasetError, match=f"Expected the .* as .*{file[:12]}.* in "):
        open_dataset("padchest-gr", padchest)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def split_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served on this machine in place of the official repository; the cache is empty."""
    folder = tmp_path / "served"
    (folder / "padchestgr").mkdir(parents=True)
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "cache"))
    get_settings.cache_clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setattr(splits, "BASE_URL", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_split_is_fetched_once_and_checked(
    padchest: Path, split_server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (padchest / "test_indices.txt").unlink()
    served = split_server / "padchestgr" / "test_indices.txt"
    served.write_text("0\n2")
    monkeypatch.setitem(splits.SHA256, ("padchestgr", "test"), hashlib.sha256(b"0\n2").hexdigest())
    dataset = open_dataset("padchest-gr", padchest)
    assert [sample.sample_id for sample in dataset] == ["a.png#1", "b.png#1"]
    assert dataset.note == "The 2 rows of the paper's split, checked by hash."
    served.unlink()
    assert open_dataset("padchest-gr", padchest).samples == dataset.samples


def test_a_split_that_is_not_the_published_one_is_refused(padchest: Path, split_server: Path) -> None:
    (padchest / "test_indices.txt").unlink()
    (split_server / "padchestgr" / "test_indices.txt").write_text("0\n2")
    with pytest.raises(DatasetError, match=r"not the expected file and was discarded\. Or fetch http.* by hand"):
        open_dataset("padchest-gr", padchest)
    with pytest.raises(DatasetError, match="the server answered 404"):
        open_dataset("padchest-gr", padchest, part="val")


def test_offline_the_message_says_where_to_put_the_split(padchest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (padchest / "test_indices.txt").unlink()
    monkeypatch.setenv("VPE_OFFLINE", "1")
    get_settings.cache_clear()
    with pytest.raises(DatasetError, match=r"VPE_OFFLINE forbids .*MIC-DKFZ.*data set's folder as test_indices\.txt"):
        open_dataset("padchest-gr", padchest)


@pytest.mark.parametrize(("name", "part", "count"), [
    ("padchestgr", "train", 2458), ("padchestgr", "val", 348), ("padchestgr", "test", 714),
    ("vindrcxr", "train", 14127), ("vindrcxr", "test", 1077),
])  # fmt: skip
def test_the_published_splits(shared_data: Path, name: str, part: str, count: int) -> None:
    numbers = splits.read_split(shared_data / "splits" / f"{name}_{part}_indices.txt")
    assert len(numbers) == count
    assert splits.is_official(numbers, name, part)
    assert not splits.is_official(numbers[1:], name, part)
    assert splits.describe(numbers, name, part) == f"The {count:,} rows of the paper's split, checked by hash."
