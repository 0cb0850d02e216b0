from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from vpe_core.attention import GazeEncoder, patch_relevance
from vpe_core.attention.tracing import TracedTower
from vpe_core.models import VisionLanguageModel


def test_one_pass_gives_what_two_gave(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    embeddings, maps = GazeEncoder(model).encode(noise, batch_size=2)
    np.testing.assert_allclose(embeddings, model.encode_images(noise), atol=1e-6)
    np.testing.assert_allclose(maps, patch_relevance(model, noise, method="last-layer"), atol=1e-6)


def test_prepared_pictures_are_the_same(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    prepared = np.stack([model.prepare(image) for image in noise])
    assert prepared.dtype == np.uint8
    for ours, theirs in zip(GazeEncoder(model).encode(prepared), GazeEncoder(model).encode(noise), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_pixels_are_those_of_open_clip(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    transform = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
    assert torch.equal(model.pixels(noise), torch.stack([transform(image) for image in noise]))


def test_only_the_last_block_is_recorded(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    whole, last = (TracedTower(model.visual, last_only=only).run(model.pixels(noise)) for only in (False, True))
    assert len(last.attention) == len(last.tokens) == 1 < len(whole.attention)
    torch.testing.assert_close(last.attention[0], whole.attention[-1], atol=1e-5, rtol=0)


def test_a_tower_that_cannot_be_read_still_embeds(
    model: VisionLanguageModel, noise: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vpe_core.attention.tracing._layout_of", _refuse)
    encoder = GazeEncoder(model)
    embeddings, maps = encoder.encode(noise)
    assert (maps, encoder.looks) == (None, False)
    np.testing.assert_array_equal(embeddings, model.encode_images(noise))


def _refuse(visual: object) -> None:
    from vpe_core.errors import AttentionError

    raise AttentionError("no")
