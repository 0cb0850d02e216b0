"""Maps on a fixed scale against the formula, and on the gallery: bright where something is, empty where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from tests.attention.plain_towers import plain_project, plain_run
from vpe_core.attention import attention_inside, every_head, fixed_scale, shares_of
from vpe_core.attention.fixed_scale import NOTHING, SHOWN
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.datasets.simulated import CLASSES
from vpe_core.errors import AttentionError, PromptError
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.types import Box


def test_it_is_a_softmax_over_classes_for_each_patch(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    found = fixed_scale(model, noise, ["lung nodule", "red"])
    assert found.classes == ("lung nodule", "red", NOTHING)
    pixels = model.towers.pixels(model.towers.prepared(noise))
    patches = plain_project(model.visual, plain_run(model.visual, pixels).tokens[-1])[:, 1:]
    cosines = torch.einsum("npd,kd->nkp", patches, torch.from_numpy(model.encode_classes(found.classes)))
    chances = torch.softmax(model.logit_scale * cosines.double(), dim=1)
    np.testing.assert_allclose(found.cosines, cosines.reshape(found.cosines.shape), atol=1e-5)
    np.testing.assert_allclose(found.probabilities, chances.reshape(found.cosines.shape), atol=1e-4)
    np.testing.assert_array_equal(found.of("red"), found.probabilities[:, 1])
    np.testing.assert_array_equal(found.empty("red"), (found.of("red") < SHOWN).all(axis=(1, 2)))
    assert fixed_scale(model, noise, ["mass", "No abnormality"]).classes == ("mass", "No abnormality")
    with pytest.raises(PromptError, match="Expected a class out of"):
        found.of("blue")


def test_it_is_empty_when_the_finding_is_absent() -> None:
    """Every simulated X-ray of the gallery with one finding, beside the same chest without it."""
    model = load_model("simclip")
    entries = [one for one in simulated_gallery() if one.twin and len(one.findings) == 1]
    entries = [one for one in entries if one.findings[0].label in CLASSES]
    shown, empty, stronger = 0, 0, 0
    for entry in entries:
        target = entry.findings[0].label
        found = fixed_scale(model, [entry.path, entry.twin], CLASSES)
        sick, healthy = found.of(target).max(axis=(1, 2))
        shown += not found.empty(target)[0]
        empty += found.empty(target)[1]
        stronger += sick > healthy
    assert len(entries) == 20
    assert shown >= 16
    assert empty >= 16
    assert stronger >= 18


def test_every_head_is_what_the_plain_tower_attends_to(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    found = every_head(model, noise)
    pixels = model.towers.pixels(model.towers.prepared(noise))
    plain = plain_run(model.visual, pixels)
    expected = torch.stack([weights[:, :, 0, 1:] for weights in plain.attention], dim=1)
    assert found.attention.dtype == np.float32
    np.testing.assert_allclose(found.attention, expected.reshape(found.attention.shape), atol=1e-5)
    np.testing.assert_allclose(found.embeddings, plain.embedding, atol=1e-5)
    assert (found.n_layers, found.n_heads) == expected.shape[1:3]
    assert found.attention.sum(axis=(-2, -1)).max() < 1 + 1e-5


def test_shares_in_a_region_are_those_of_one_map_at_a_time(
    model: VisionLanguageModel, noise: list[Image.Image]
) -> None:
    image, box = noise[1], Box(10, 20.5, 50, 70)
    attention = every_head(model, image).attention[0]
    shares = shares_of(attention, box, model, image.size)
    view, (rows, columns) = model.view(image.size), attention.shape[-2:]
    place = view.to_view(box).scaled(columns / view.size_wh[0], rows / view.size_wh[1])
    for layer, heads in enumerate(attention):
        for head, grid in enumerate(heads):
            assert shares[layer, head] == pytest.approx(attention_inside(grid, place).share, abs=1e-5)
    assert np.isnan(shares_of(np.zeros_like(attention), box, model, image.size)).all()
    with pytest.raises(AttentionError, match="covers nothing"):
        shares_of(attention, Box(900, 900, 950, 950), model, image.size)
