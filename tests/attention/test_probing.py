"""Integrated gradients and occlusion: sums, baselines, and against captum and squares laid by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from captum.attr import Occlusion
from PIL import Image
from torch import Tensor

from vpe_core.attention import AttentionMethod, explain, get, patch_relevance
from vpe_core.attention.integrated_gradients import attributions, integrated_gradients
from vpe_core.attention.occlusion import drops
from vpe_core.attention.tracing import TracedTower
from vpe_core.models import VisionLanguageModel, load_model


def cosines(tower: TracedTower, pixels: Tensor, text: Tensor) -> Tensor:
    with torch.no_grad():
        return (tower.embed(pixels) * text).sum(dim=1)


def test_integrated_gradients_are_complete(model: VisionLanguageModel) -> None:
    """They add up to the score of the picture minus that of the even grey; patches are sums of their pixels."""
    visual = copy.deepcopy(model.visual).double()
    side = model.view((10, 10)).size_wh[0]
    generator = torch.Generator().manual_seed(5)
    pixels = torch.randn(2, 3, side, side, dtype=torch.float64, generator=generator)
    text = torch.nn.functional.normalize(torch.randn(2, 32, dtype=torch.float64, generator=generator), dim=-1)
    tower = TracedTower(visual)
    expected = cosines(tower, pixels, text) - cosines(tower, torch.zeros_like(pixels), text)

    found = attributions(tower, pixels, text, n_steps=300)
    torch.testing.assert_close(found.sum(dim=(1, 2, 3)), expected, atol=1e-3, rtol=0)
    assert expected.abs().max() > 0.05

    rows, columns = tower.grid_hw
    patch = attributions(tower, pixels, text)[:, :, side // rows : 2 * side // rows, : side // columns]
    second_row = integrated_gradients(tower, pixels, text)[:, columns]
    torch.testing.assert_close(second_row, patch.sum(dim=(1, 2, 3)).clamp(min=0))


def test_they_are_complete_on_a_real_xray_in_the_steps_that_are_taken(sample: Image.Image) -> None:
    model = load_model("simclip")
    tower, words = TracedTower(model.visual), torch.from_numpy(model.encode_classes(["lung mass"]))
    pixels = model.towers.pixels(model.towers.prepared([sample]))
    expected = cosines(tower, pixels, words) - cosines(tower, torch.zeros_like(pixels), words)
    found = attributions(tower, pixels, words).sum(dim=(1, 2, 3))
    assert float(abs(found - expected)) < 0.1 * float(abs(expected))


def test_occlusion_is_captums(model: VisionLanguageModel) -> None:
    rng = np.random.default_rng(2)
    side = model.view((10, 10)).size_wh[0]
    picture = rng.integers(0, 256, (1, side, side, 3), dtype=np.uint8)
    text = model.encode_classes(["lung nodule"])
    n = TracedTower(model.visual).grid_hw[0]
    patches = max(1, round(n / 7))
    reach, step = patches * side // n, max(1, patches // 2) * side // n

    def score(pixels: Tensor) -> Tensor:
        return cosines(TracedTower(model.visual), pixels, torch.from_numpy(text))

    grey = np.broadcast_to(np.rint(255 * np.asarray(model.preprocessing.mean)).astype(np.uint8), picture.shape)
    captums = Occlusion(score).attribute(
        model.towers.pixels(picture),
        (3, reach, reach),
        strides=(3, step, step),
        baselines=model.towers.pixels(grey.copy()),
    )
    expected = captums[0, 0, side // n // 2 :: side // n, side // n // 2 :: side // n]
    found = drops(model, picture, text)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    assert np.abs(found).max() > 0.01


def test_occlusion_goes_through_the_same_door(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    grids = patch_relevance(model, noise, ["lung", "heart", "red"], method="occlusion")
    text = model.encode_classes(["heart"])
    alone = drops(model, model.towers.prepared(noise[1:2]), text)[0]
    np.testing.assert_allclose(grids[1], np.maximum(alone, 0), atol=1e-5)
    heat = explain(model, noise[1], "heart", method="occlusion")
    assert (heat.size_wh, heat.label) == (noise[1].size, "heart")


def test_occlusion_needs_no_tower_that_can_be_read(
    model: VisionLanguageModel, noise: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "visual", torch.nn.Identity())
    assert patch_relevance(model, noise[:1], "lung", method="occlusion").shape == (1, 14, 14)


def test_a_method_computes_in_one_way() -> None:
    with pytest.raises(ValueError, match="not both"):
        AttentionMethod(name="none", title="None", reads_text=False, source="")
    assert [name for name in ("integrated-gradients", "occlusion", "legrad") if get(name).slow] == [
        "integrated-gradients", "occlusion",
    ]  # fmt: skip
