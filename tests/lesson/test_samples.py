"""Each step's X-ray is chosen by what it shows; a gallery that was not measured has one, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.lesson.samples import NEEDS, sample_for
from dashboard.library.steering import measured
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.errors import DatasetError


@pytest.mark.parametrize("need", NEEDS)
def test_the_gallery_has_what_a_step_needs(need: str) -> None:
    sample = sample_for(need, simulated_gallery())
    found = measured()[sample.entry.name]
    (finding,) = (one for one in found.each if one.label == sample.finding.label)
    if need == "several":
        assert found.findings > 1
        assert finding.named != finding.label
        assert finding.gain > 0
    else:
        assert found.findings == 1
    assert need != "plain" or finding.named == finding.label
    assert need != "gaze" or (finding.attention_circle > finding.attention_unmarked and found.share < 0.5)
    assert need != "small" or sample.entry.twin is not None


@pytest.mark.parametrize("need", NEEDS)
def test_without_measurements_the_first_that_fits_is_taken(
    need: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = simulated_gallery()
    monkeypatch.setattr("dashboard.lesson.samples.measured", dict)
    sample = sample_for(need, entries)
    assert (len(sample.entry.findings) > 1) == (need == "several")
    with pytest.raises(DatasetError, match="needs a simulated X-ray"):
        sample_for(need, [entry for entry in entries if not entry.findings])
