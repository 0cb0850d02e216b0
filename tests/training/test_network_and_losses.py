from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from vpe_core.training import losses
from vpe_core.training.losses import K, LeakPenalty
from vpe_core.training.network import CONTEXT_LENGTH, build_clip, read, resize_positions, see, whiten_patches


def test_the_training_forward_is_open_clips_own() -> None:
    clip = build_clip(64, 50, seed=1).eval()
    pixels = torch.randn(2, 3, 64, 64)
    tokens = torch.zeros(2, CONTEXT_LENGTH, dtype=torch.long)
    tokens[:, :4] = torch.tensor([[2, 7, 8, 49], [2, 9, 49, 0]])
    with torch.no_grad():
        assert see(clip, pixels).embedding == pytest.approx(F.normalize(clip.encode_image(pixels), dim=-1), abs=1e-5)
        assert read(clip, tokens) == pytest.approx(F.normalize(clip.encode_text(tokens), dim=-1), abs=1e-5)
        assert see(clip, pixels).attention.sum(-1) == pytest.approx(torch.ones(2), abs=1e-5)


def test_whitened_patches_have_even_variance() -> None:
    clip = build_clip(64, 50, seed=1)
    smooth = F.interpolate(torch.randn(200, 3, 16, 16), 64, mode="bicubic") + torch.randn(200, 3, 64, 64) * 0.2
    before = clip.visual.conv1(smooth).std((0, 2, 3))
    whiten_patches(clip, smooth)
    after = clip.visual.conv1(smooth).std((0, 2, 3))
    assert after.max() / after.min() < 2
    assert before.max() / before.min() > after.max() / after.min()


def test_positions_change_size_and_keep_their_values() -> None:
    clip = build_clip(64, 50, seed=1)
    state = clip.state_dict()
    larger = resize_positions(state, 6)["visual.positional_embedding"]
    assert larger.shape == (37, 192)
    back = resize_positions({"visual.positional_embedding": larger}, 4)["visual.positional_embedding"]
    assert torch.corrcoef(torch.stack([back.ravel(), state["visual.positional_embedding"].ravel()]))[0, 1] > 0.95


def test_soft_cross_entropy_is_torchs_for_one_label() -> None:
    logits, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 1, 0])
    assert losses.soft_cross_entropy(logits, F.one_hot(labels, 4).float()) == pytest.approx(
        F.cross_entropy(logits, labels)
    )


def test_undecided_is_zero_for_equal_logits_only() -> None:
    healthy = torch.zeros(3, K, dtype=torch.bool)
    assert losses.undecided(torch.ones(3, K + 1), healthy).item() == pytest.approx(0, abs=1e-6)
    tilted = torch.zeros(3, K + 1)
    tilted[:, 0] = 2
    assert losses.undecided(tilted, healthy).item() > 0.1


def test_attention_inside_counts_the_region() -> None:
    attention = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    region = torch.tensor([[0.0, 1.0, 0.5, 0.0]])
    value = losses.attention_inside(attention, region, torch.tensor([True]))
    assert value.item() == pytest.approx(-math.log(0.35))
    assert losses.attention_inside(attention, region, torch.tensor([False])).item() == 0


def test_the_leak_penalty_closes_a_gap_of_arrows_and_of_circles_each() -> None:
    """Logits that follow the marker's source lose that under the penalty's gradient; the one cannot hide the other."""
    torch.manual_seed(0)
    penalty, weights = LeakPenalty(), torch.tensor([-1.5, 1.5], requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.5)
    for _ in range(400):
        source, encloses = torch.randint(0, K, (96,)), torch.rand(96) < 0.5
        follows = weights[encloses.long()][:, None] * F.one_hot(source, K)
        logits = torch.cat([torch.randn(96, K) + follows, torch.zeros(96, 1)], 1)
        optimizer.zero_grad()
        penalty(logits, source, encloses).backward()
        optimizer.step()
    assert weights.abs().max().item() < 0.3


def test_the_leak_penalty_ignores_markers_on_findings() -> None:
    logits = torch.randn(8, K + 1, requires_grad=True)
    assert LeakPenalty()(logits, torch.full((8,), -1), torch.ones(8, dtype=torch.bool)).item() == 0
