"""Regions without ink, with the embedded model on the gallery's own X-rays, and both families of towers in small."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vpe_core import lab, load_image, load_model
from vpe_core.attention import GazeEncoder
from vpe_core.attention.fovea import NOWHERE_ELSE, STRENGTH, foveal_bias, patches_of
from vpe_core.attention.foveal_tower import FovealTower
from vpe_core.attention.tracing import TracedTower
from vpe_core.attention.wants import FovealGaze
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.errors import AttentionError
from vpe_core.geometry import View
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.lab.pointing import POINTINGS
from vpe_core.lab.pointing.attention_product import product
from vpe_core.lab.without_ink import PointingAnswer, WithoutInk
from vpe_core.models import VisionLanguageModel
from vpe_core.models.encoder import probabilities
from vpe_core.serving import serve
from vpe_core.types import Box, Polygon

CLASSES = ("lung nodule", "pleural effusion", "consolidation", "no abnormality")


@pytest.fixture(scope="module")
def simclip() -> Any:
    return load_model("simclip", device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def scenes() -> list[LabScene]:
    """The first three findings of the gallery."""
    found = [(entry, finding) for entry in simulated_gallery() for finding in entry.findings][:3]
    assert len(found) == 3
    return [
        LabScene(load_image(entry.path), finding.box, (*dict.fromkeys((finding.label, *CLASSES)),), finding.label)
        for entry, finding in found
    ]


def foveal(model: Any, pictures: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return model.predictor.submit(pictures, FovealGaze(), bias).result()


def test_no_bias_is_the_unmarked_answer_and_a_bias_without_end_reads_the_region_alone(
    simclip: Any, scenes: list[LabScene]
) -> None:
    for scene in scenes:
        picture = simclip.prepare(scene.image)[None]
        cover = patches_of(scene.region, simclip.view(scene.size_wh), (14, 14))
        embedding, gaze = foveal(simclip, picture, np.zeros((1, 196), np.float32))
        plain, plain_gaze = GazeEncoder(simclip).encode(picture)
        np.testing.assert_allclose(embedding, plain, atol=1e-6)
        np.testing.assert_allclose(gaze, plain_gaze, atol=1e-6)
        texts = simclip.encode_classes(scene.classes)
        said = simclip.classify(scene.image, scene.classes)[0]
        np.testing.assert_allclose(probabilities(embedding, texts, simclip.logit_scale)[0], said, atol=1e-5)

        _, only = foveal(simclip, picture, foveal_bias(cover, strength=0, outside=NOWHERE_ELSE).reshape(1, -1))
        assert only[0][cover == 0].max() == 0
        assert only[0].sum() == pytest.approx(1, abs=1e-5)
        assert 0 < plain_gaze[0][cover > 0].sum() < 0.99


def test_no_pixel_is_changed_by_falip_and_some_are_by_a_product(simclip: Any, scenes: list[LabScene]) -> None:
    scene = scenes[0]
    unmarked = simclip.prepare(scene.image)
    for name, pointing in POINTINGS.items():
        asked = pointing.ask(scene, simclip)
        assert np.array_equal(asked.picture, unmarked) is not pointing.changes_pixels, name
    view = simclip.view(scene.size_wh)
    grid = np.zeros((14, 14), np.float32)
    grid[3:8, 4:9] = 1
    multiplied = np.asarray(product(scene.rgb, grid, view))
    plain, cell = np.asarray(scene.rgb), scene.size_wh[0] / 14
    inner = slice(round(4.6 * cell), round(6.4 * cell)), slice(round(5.6 * cell), round(7.4 * cell))
    np.testing.assert_array_equal(multiplied[inner], plain[inner])
    assert multiplied[: round(cell)].max() == 0


def test_the_study_is_each_way_asked_alone(simclip: Any, scenes: list[LabScene]) -> None:
    scene = scenes[0]
    found: WithoutInk = lab.get("ink").run(scene, serve(simclip))
    by_name = {way.name: way for way in found.ways}
    assert list(by_name) == ["unmarked", "drawn", "spotlight", *POINTINGS.names()]
    assert not found.missing
    for name, picture in (("unmarked", scene.image), ("drawn", scene.present.on(scene.rgb))):
        alone = simclip.classify(picture, scene.classes)[0, scene.column]
        assert by_name[name].probability == pytest.approx(alone, abs=1e-5)
    assert by_name["unmarked"].attention < by_name["falip"].attention < by_name["fovea-only"].attention


def test_falip_adds_to_the_class_tokens_scores_before_the_softmax(model: VisionLanguageModel) -> None:
    """In closed form in the first block that is biased: weights times exp(bias), scaled to 1; and no block before."""
    visual = copy.deepcopy(model.visual).double()
    side = model.view((10, 10)).size_wh[0]
    pixels = torch.randn(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    plain, tower = TracedTower(visual).run(pixels), FovealTower(visual, last_only=False)
    rows, columns = tower.traced.grid_hw
    bias = torch.randn(2, rows * columns, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    biased = tower.run(pixels, bias)
    first, prefix = round(tower.traced.depth * 2 / 3), tower.traced.prefix_tokens
    for block in range(first):
        torch.testing.assert_close(biased.attention[block], plain.attention[block], atol=1e-12, rtol=0)
    expected = plain.attention[first].clone()
    expected[:, :, 0, prefix:] *= bias.exp()[:, None]
    expected /= expected.sum(dim=-1, keepdim=True)
    torch.testing.assert_close(biased.attention[first], expected, atol=1e-12, rtol=0)
    fused = FovealTower(visual, first_share=0).run(pixels, bias).embedding
    written_out = FovealTower(visual, first_share=0, last_only=False).run(pixels, bias).embedding
    torch.testing.assert_close(fused, written_out, atol=1e-9, rtol=0)
    torch.testing.assert_close(tower.run(pixels, torch.zeros_like(bias)).embedding, plain.embedding, atol=1e-9, rtol=0)
    with pytest.raises(AttentionError, match="one value for each picture and patch"):
        tower.run(pixels, bias[:, 1:])


def test_the_bias_is_falips_over_the_patches_that_the_region_touches() -> None:
    view = View.squash((224, 224), (224, 224))
    bias = foveal_bias(patches_of(Box(33, 17, 79, 95), view, (14, 14)))
    assert {(int(y), int(x)) for y, x in np.argwhere(bias > 0)} <= {(y, x) for y in range(1, 6) for x in range(2, 5)}
    assert bias.max() == bias[3, 3] == pytest.approx(STRENGTH)
    assert bias[1, 2] == pytest.approx(0, abs=1e-6)
    assert bias[3, 2] == pytest.approx(STRENGTH * (1 - 1 / 5), abs=1e-3)  # a parabola: 1 of 1 + 4 squared patches away
    thin = Polygon(((100, 100), (101, 100), (101, 101)))
    assert (foveal_bias(patches_of(thin, view, (14, 14))) > 0).sum() == 1
    with pytest.raises(AttentionError, match="sees nothing of this region"):
        patches_of(Box(300, 0, 310, 10), view, (14, 14))


def test_a_tower_whose_attention_cannot_be_reached_is_told_not_hidden(
    models: dict[str, VisionLanguageModel], scene: LabScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models["native"]
    monkeypatch.setattr(model.visual, "pool_type", "avg")
    found: WithoutInk = lab.get("ink").run(replace(scene, style=MarkerStyle("crop")), model)
    assert "answers without" in found.missing["FALIP"]
    assert np.isnan(found.ways[0].attention)
    assert {"drawn", "api"} <= {way.name for way in found.ways}
    assert "attention" not in found.words()


def test_the_words_follow_the_numbers() -> None:
    def way(name: str, chance: float, share: float) -> PointingAnswer:
        return PointingAnswer(name, name, "", "", chance, share)

    ways = (way("unmarked", 0.2, 0.1), way("drawn", 0.7, 0.5), way("falip", 0.21, 0.15), way("api", 0.1, 0.3))
    said = WithoutInk("mass", ways, 0.05, {}).words()
    assert "mass gets 20%" in said
    assert "It changes with drawn (+50) and api (−10) points." in said
    assert "within 2 points, with falip." in said
    assert "10% of the attention unmarked and the most, 50%, with drawn; it covers 5%" in said


def test_a_flat_map_points_at_nothing() -> None:
    with pytest.raises(AttentionError, match="points at nothing"):
        product(Image.new("RGB", (30, 30)), np.ones((4, 4), np.float32), View.squash((30, 30), (64, 64)))
