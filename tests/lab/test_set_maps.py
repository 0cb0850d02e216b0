"""Maps over a data set against one sample at a time, and the command that stores them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import error_of, run
from tests.tiny_models import allow_models
from vpe_core.attention import explain, fixed_scale
from vpe_core.datasets import Dataset, open_dataset
from vpe_core.errors import LabError, ResultsError
from vpe_core.lab import Drawing, MarkerStyle
from vpe_core.lab.findings import drawn_at_random, findings_of, own_file, stored_files
from vpe_core.lab.mapping import FIXED
from vpe_core.lab.places import find, spread_patches
from vpe_core.lab.set_maps import maps_over_set, quick_maps, read_set_maps
from vpe_core.models import VisionLanguageModel

__all__ = ["allow_models"]

N = 10


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Ten noisy pictures with a box each."""
    rng = np.random.default_rng(4)
    lines = ["image,label,x0,y0,x1,y1,patient"]
    for number in range(N):
        Image.fromarray(rng.integers(0, 256, (80, 100), dtype=np.uint8)).save(tmp_path / f"{number}.png")
        x, y = rng.integers(5, 40, 2)
        lines.append(f"{number}.png,{('mass', 'nodule')[number % 2]},{x},{y},{x + 30},{y + 25},p{number % 6}")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    return open_dataset("table", tmp_path)


def test_maps_over_a_set_are_means_of_single_ones(models: dict[str, VisionLanguageModel], dataset: Dataset) -> None:
    model, style = models["native"], MarkerStyle("circle", "red", 3)
    told: list[tuple[int, int]] = []
    found = maps_over_set(dataset, model, methods=["legrad", FIXED], resamples=50, report=lambda *at: told.append(at))
    assert told == [(0, N), (8, N), (N, N)]
    assert (found.n, found.patients) == (N, 6)
    ious = []
    for sample in dataset:
        assert sample.box
        image = Drawing(style, sample.box).on(Image.open(sample.image_path).convert("RGB"))
        heat = explain(model, image, sample.label, method="legrad", template=dataset.template)
        frame = np.asarray(Image.fromarray(heat.values).resize((256, 256), Image.Resampling.BILINEAR))
        ious.append(find(frame, sample.box, image.size).iou)
    legrad = found.maps["legrad"]
    assert legrad.marked.iou.value == pytest.approx(np.mean(ious), abs=0.03)
    gain = legrad.marked.iou.value - legrad.unmarked.iou.value
    assert legrad.gains["iou"].value == pytest.approx(gain, abs=1e-9)
    assert set(legrad.marked.by_class) == {"mass", "nodule"}
    (first,) = drawn_at_random(findings_of(dataset), 1)
    assert first.box
    grid = fixed_scale(model, Image.open(first.image_path), dataset.classes, template=dataset.template).of(first.label)
    one = maps_over_set(dataset, model, methods=[FIXED], limit=1, resamples=5)
    alone = find(spread_patches(grid[0], model.view((100, 80)), (100, 80)), first.box, (100, 80))
    assert one.maps[FIXED].unmarked.iou.value == pytest.approx(alone.iou)
    assert one.maps[FIXED].unmarked.chance_iou == pytest.approx(alone.chance_iou)
    assert (one.n, one.n_all) == (1, N)
    assert "Over 1 finding drawn at random from 10, Fixed scale" in one.words()
    by_class = legrad.marked.by_class
    assert np.average(
        [by_class[label].iou for label in found.classes], weights=[about.n for about in found.classes.values()]
    ) == pytest.approx(legrad.marked.iou.value)
    assert {label: about.n for label, about in found.classes.items()} == {"mass": 5, "nodule": 5}
    covered = [one.box.area / 8000 for one in dataset if one.box and one.label == "mass"]
    assert found.classes["mass"].chance_hit == pytest.approx(np.mean(covered), abs=0.01)
    with pytest.raises(LabError, match="Choose another marker"):
        maps_over_set(dataset, model, style=MarkerStyle("crop"), methods=["legrad"], limit=1)
    assert "occlusion" not in quick_maps()


def test_the_command_stores_what_it_prints(tmp_path: Path, allow_models: Path, dataset: Dataset) -> None:
    out = tmp_path / "new" / "maps.json"
    common = ("lab", "maps", "--dataset", "table", "--root", dataset.root, "--model", allow_models / "native")
    result = run(*common, "--methods", "last-layer", "--limit", 6, "--out", out)
    assert result.exit_code == 0, result.output
    stored = read_set_maps(out)
    assert " ".join(stored.words().split()) in " ".join(result.output.split())
    assert str(stored.maps["last-layer"].unmarked.iou) in result.output
    assert stored.n == 6
    assert "no attention method called 'nosuch'" in error_of(run(*common, "--methods", "nosuch", "--limit", 1))
    own = own_file("maps", stored.dataset, "all", stored.model)
    assert own not in stored_files("maps")
    again = run(*common, "--methods", "last-layer", "--limit", 6)
    assert again.exit_code == 0, again.output
    assert read_set_maps(own) == stored
    assert own in stored_files("maps")
    assert "Name another file, or delete it" in error_of(run(*common, "--limit", 1))
    own.unlink()
    few = tmp_path / "few.json"
    result = run(*common, "--methods", "last-layer", "--limit", 2, "--out", few)
    assert "there are no intervals; that takes 5." in " ".join(result.output.split())
    assert "NaN" not in few.read_text()
    json.loads(few.read_text(), parse_constant=pytest.fail)
    assert np.isnan(read_set_maps(few).maps["last-layer"].gains["iou"].low)
    out.write_text("{}")
    with pytest.raises(ResultsError, match="lab maps --out"):
        read_set_maps(out)
