"""Each method against its formula, computed from the plain towers; gradients against finite differences."""

from __future__ import annotations

import copy

import open_clip
import pytest
import torch
from torch import Tensor, nn

from tests.attention.plain_towers import plain_project, plain_run
from vpe_core.attention import METHODS, get
from vpe_core.attention.tracing import TracedTower
from vpe_core.models import VisionLanguageModel
from vpe_core.settings import PROJECT_DIR


@pytest.fixture
def visual(model: VisionLanguageModel) -> nn.Module:
    return copy.deepcopy(model.visual).double()


@pytest.fixture
def pixels(model: VisionLanguageModel) -> Tensor:
    side = model.view((10, 10)).size_wh[0]
    return torch.randn(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def text() -> Tensor:
    rows = torch.randn(2, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    return rows / rows.norm(dim=-1, keepdim=True)


INSIDE = tuple(name for name, method in METHODS.items() if method.relevance)
"""The methods that look inside the network; `test_probing` has the others."""


def relevance(name: str, visual: nn.Module, pixels: Tensor, text: Tensor) -> Tensor:
    method = get(name).relevance
    assert method is not None
    return method(TracedTower(visual), pixels, text)


@pytest.mark.parametrize("name", INSIDE)
def test_every_method_gives_one_value_a_patch(name: str, visual: nn.Module, pixels: Tensor, text: Tensor) -> None:
    values = relevance(name, visual, pixels, text)
    rows, columns = TracedTower(visual).grid_hw
    assert values.shape == (2, rows * columns)
    assert values.min() >= 0
    assert values.std(dim=1).min() > 0
    single = torch.cat([relevance(name, visual, pixels[i : i + 1], text[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(values, single, atol=1e-12, rtol=0)
    other = relevance(name, visual, pixels, -text)
    assert torch.allclose(values, other) != get(name).reads_text


def test_last_layer(visual: nn.Module, pixels: Tensor, text: Tensor) -> None:
    last = plain_run(visual, pixels).attention[-1]
    to_patches = sum(last[:, head, 0, 1:] for head in range(last.shape[1]))
    expected = to_patches / to_patches.sum(dim=1, keepdim=True)
    torch.testing.assert_close(relevance("last-layer", visual, pixels, text), expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(expected.sum(dim=1), torch.ones(2, dtype=torch.float64))


def test_rollout(visual: nn.Module, pixels: Tensor, text: Tensor) -> None:
    means = [weights.mean(dim=1) for weights in plain_run(visual, pixels).attention]
    steps = [0.5 * mean + 0.5 * torch.eye(mean.shape[-1]) for mean in means]
    expected = torch.linalg.multi_dot([step[0] for step in reversed(steps)])[0, 1:]
    torch.testing.assert_close(relevance("rollout", visual, pixels, text)[0], expected, atol=1e-12, rtol=0)


def test_gradient(visual: nn.Module, pixels: Tensor, text: Tensor) -> None:
    shift = {block: torch.zeros_like(w).requires_grad_() for block, w in enumerate(plain_run(visual, pixels).attention)}
    run = plain_run(visual, pixels, shift)
    slopes = torch.autograd.grad((run.embedding * text).sum(), list(shift.values()))
    relation = torch.eye(run.attention[0].shape[-1], dtype=torch.float64).repeat(2, 1, 1)
    for weights, slope in zip(run.attention, slopes, strict=True):
        gain = torch.relu(weights.detach() * slope).mean(dim=1)
        relation = relation + torch.bmm(gain, relation)
    expected = relation[:, 0, 1:]
    torch.testing.assert_close(relevance("gradient", visual, pixels, text), expected, atol=1e-12, rtol=0)


def legrad_by_hand(visual: nn.Module, pixels: Tensor, text: Tensor, n_blocks: int) -> Tensor:
    shift = {block: torch.zeros_like(w).requires_grad_() for block, w in enumerate(plain_run(visual, pixels).attention)}
    run = plain_run(visual, pixels, shift)
    total = torch.zeros(2, run.attention[0].shape[-1] - 1, dtype=torch.float64)
    for block in list(shift)[-n_blocks:]:
        score = (plain_project(visual, run.tokens[block].mean(dim=1)) * text).sum()
        (slope,) = torch.autograd.grad(score, shift[block], retain_graph=True)
        total += torch.relu(slope).mean(dim=1).mean(dim=1)[:, 1:]
    return total


def test_legrad(visual: nn.Module, pixels: Tensor, text: Tensor) -> None:
    expected = legrad_by_hand(visual, pixels, text, n_blocks=1)
    torch.testing.assert_close(relevance("legrad", visual, pixels, text), expected, atol=1e-12, rtol=0)


def test_legrad_reads_two_blocks_of_twelve(text: Tensor) -> None:
    """As deep as ViT-B, where the authors read the last two."""
    vision = {"image_size": 64, "layers": 12, "width": 48, "head_width": 16, "patch_size": 16}
    words = {"context_length": 4, "vocab_size": 8, "width": 16, "heads": 1, "layers": 1}
    torch.manual_seed(0)
    visual = (
        open_clip.CLIP(embed_dim=32, vision_cfg=vision, text_cfg=words).visual.eval().requires_grad_(False).double()
    )
    pixels = torch.randn(2, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    expected = legrad_by_hand(visual, pixels, text, n_blocks=2)
    torch.testing.assert_close(relevance("legrad", visual, pixels, text), expected, atol=1e-12, rtol=0)


def test_patch_text(visual: nn.Module, pixels: Tensor, text: Tensor) -> None:
    patches = plain_project(visual, plain_run(visual, pixels).tokens[-1])[:, 1:]
    cosine = torch.einsum("npd,nd->np", patches, text)
    expected = cosine - cosine.min(dim=1, keepdim=True).values
    torch.testing.assert_close(relevance("patch-text", visual, pixels, text), expected, atol=1e-12, rtol=0)


def test_gradients_are_finite_differences(visual: nn.Module, pixels: Tensor, text: Tensor) -> None:
    """The slopes that `gradient` and `legrad` stand on, for a handful of attention weights in every block."""
    trace = TracedTower(visual).run(pixels, gradient_from=0)
    slopes = torch.autograd.grad((trace.embedding * text).sum(), trace.attention, retain_graph=True)
    own = TracedTower(visual).run(pixels, gradient_from=0, isolated=True)
    scores = [(plain_project(visual, tokens.mean(dim=1)) * text).sum() for tokens in own.tokens]
    own_slopes = torch.autograd.grad(scores, own.attention)
    step = 1e-5
    for block, (slope, own_slope) in enumerate(zip(slopes, own_slopes, strict=True)):
        for head, query, key in ((0, 0, 3), (1, 5, 0), (0, 7, 11)):
            nudge = torch.zeros_like(slope)
            nudge[:, head, query, key] = step
            up, down = (plain_run(visual, pixels, {block: sign * nudge}) for sign in (1, -1))
            final = ((up.embedding - down.embedding) * text).sum(dim=1) / (2 * step)
            torch.testing.assert_close(slope[:, head, query, key], final, atol=1e-8, rtol=1e-5)
            means = [plain_project(visual, run.tokens[block].mean(dim=1)) for run in (up, down)]
            local = ((means[0] - means[1]) * text).sum(dim=1) / (2 * step)
            torch.testing.assert_close(own_slope[:, head, query, key], local, atol=1e-8, rtol=1e-5)


def test_16_bits_change_little(models: dict[str, VisionLanguageModel], text: Tensor) -> None:
    for family, side in (("native", 64), ("timm", 160)):
        visual = models[family].visual
        pixels = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(5))
        half = copy.deepcopy(visual).bfloat16()
        for name in INSIDE:
            full = relevance(name, visual, pixels, text.float())
            short = relevance(name, half, pixels.bfloat16(), text.float())
            assert short.dtype == torch.float32
            assert nn.functional.cosine_similarity(full, short).min() > 0.98, (family, name)


def test_the_page_on_models_says_of_each_method_what_the_app_says() -> None:
    page = (PROJECT_DIR / "docs" / "models.md").read_text()
    for name, method in METHODS.items():
        reads = "yes" if method.reads_text else "no"
        assert method.reason
        assert f"| `{name}` | {method.title} | {reads} | {method.reason} |" in page
