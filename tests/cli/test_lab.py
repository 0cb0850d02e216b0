from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import run
from vpe_core.lab.scan_record import ScanRecord
from vpe_core.settings import PROJECT_DIR


@pytest.mark.skipif(not (PROJECT_DIR / "precomputed" / "datasets" / "sim-multi").is_dir(), reason="not in a checkout")
def test_two_images_of_a_set_are_scanned_from_the_terminal(allow_models: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "scan.json"
    options = ("--dataset", "sim-multi", "--model", allow_models / "native", "--n", 8, "--limit", 2, "--out", file)
    result = run("lab", "scan", *options)
    assert result.exit_code == 0, result.output
    record = ScanRecord.read(file)
    assert record.is_complete
    assert record.order.simulated
    assert "too few patients for an interval" in " ".join(result.output.split())
    again = run("lab", "scan", *options)
    assert ScanRecord.read(file).findings == record.findings, again.output
    other = run("lab", "scan", *options[:5], 9, *options[6:])
    assert other.exit_code == 2
    assert "holds scans of something else (another n)" in " ".join(other.output.split())
