"""What the project carries of studies of a data set was made with the models and the data that it carries."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from vpe_core import open_dataset
from vpe_core.lab.findings import drawn_at_random, findings_of, stored_files
from vpe_core.lab.mapping import title_of
from vpe_core.lab.scan_record import ScanRecord
from vpe_core.lab.set_maps import quick_maps, read_set_maps
from vpe_core.settings import PROJECT_DIR

PRECOMPUTED = PROJECT_DIR / "precomputed"


def weights_of(model: str) -> str:
    return hashlib.sha256((PRECOMPUTED / "models" / model / "open_clip_model.safetensors").read_bytes()).hexdigest()


@pytest.mark.parametrize("model", ["simclip", "simclip-plain"])
def test_stored_maps_are_of_this_model_and_this_set(model: str) -> None:
    file = PRECOMPUTED / "lab" / f"maps-sim-multi-test-{model}.json"
    assert file in stored_files("maps")
    stored = read_set_maps(file)
    listed = findings_of(open_dataset("sim-multi"))
    drawn = drawn_at_random(listed, stored.n)
    assert (stored.weights, stored.n_all) == (weights_of(model), len(listed))
    assert {name: about.n for name, about in stored.classes.items()} == Counter(one.label for one in drawn)
    assert stored.patients == len({one.patient_id for one in drawn})
    assert set(stored.maps) == set(quick_maps())
    rollout = stored.maps["rollout"].gains["iou"]
    added = f"adds most to that of {title_of('rollout')}, {rollout.value:.2f}."
    assert (added in stored.words()) == (model == "simclip")  # the other never saw a marker


def test_the_stored_scan_is_of_this_model_and_this_set() -> None:
    file = PRECOMPUTED / "lab" / "scan-sim-multi-test-simclip.json"
    assert file in stored_files("scan")
    stored = ScanRecord.read(file)
    dataset = open_dataset("sim-multi")
    listed = findings_of(dataset)
    assert stored.is_complete
    assert (stored.order.weights_sha256, stored.order.fingerprint) == (weights_of("simclip"), dataset.fingerprint)
    drawn = drawn_at_random(listed, stored.total)
    assert [one.sample_id for one in stored.findings] == [one.sample_id for one in drawn]
    assert stored.n_all == len(listed)
