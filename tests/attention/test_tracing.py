from __future__ import annotations

import copy
import threading

import open_clip
import pytest
import torch
from torch import nn

from tests.attention.plain_towers import plain_project, plain_run
from vpe_core.attention.tracing import TracedTower
from vpe_core.errors import AttentionError
from vpe_core.models import VisionLanguageModel


@pytest.fixture
def double(model: VisionLanguageModel) -> nn.Module:
    """The image tower in double precision, so that rounding cannot hide a mistake."""
    return copy.deepcopy(model.visual).double()


@pytest.fixture
def pixels(model: VisionLanguageModel) -> torch.Tensor:
    side = model.view((10, 10)).size_wh[0]
    return torch.randn(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def test_a_trace_is_the_plain_computation(double: nn.Module, pixels: torch.Tensor) -> None:
    traced, plain = TracedTower(double).run(pixels), plain_run(double, pixels)
    assert len(traced.attention) == len(plain.attention) == TracedTower(double).depth
    for ours, theirs in zip(traced.attention, plain.attention, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)
        torch.testing.assert_close(ours.sum(dim=-1), torch.ones_like(ours[..., 0]))
    for ours, theirs in zip(traced.tokens, plain.tokens, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)
    torch.testing.assert_close(traced.embedding, plain.embedding, atol=1e-12, rtol=0)


def test_native_attention_is_what_torch_reports(models: dict[str, VisionLanguageModel]) -> None:
    """`nn.MultiheadAttention` itself, asked for its weights."""
    visual = models["native"].visual
    pixels = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    trace = TracedTower(visual).run(pixels)
    block = visual.transformer.resblocks[1]
    before = block.ln_1(trace.tokens[0])
    _, weights = block.attn(before, before, before, need_weights=True, average_attn_weights=False)
    torch.testing.assert_close(trace.attention[1], weights, atol=1e-6, rtol=0)


def test_projected_tokens_lie_in_the_space_of_the_embeddings(double: nn.Module, pixels: torch.Tensor) -> None:
    tower = TracedTower(double)
    trace = tower.run(pixels)
    torch.testing.assert_close(tower.project(trace.tokens[-1][:, 0]), trace.embedding, atol=1e-12, rtol=0)
    torch.testing.assert_close(tower.project(trace.tokens[1]), plain_project(double, trace.tokens[1]))


@pytest.mark.parametrize("isolated", [False, True])
def test_tracing_leaves_the_tower_as_it_was(double: nn.Module, pixels: torch.Tensor, isolated: bool) -> None:
    def fingerprint() -> list[object]:
        modules = [(name, id(module), sorted(vars(module))) for name, module in double.named_modules()]
        switches = [getattr(module, "fused_attn", None) for module in double.modules()]
        kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
        hooks = [dict(getattr(module, kind)) for module in double.modules() for kind in kinds]
        parameters = [(name, id(value), value.requires_grad) for name, value in double.named_parameters()]
        return [*modules, *switches, *hooks, *parameters]

    before, embedding = fingerprint(), double(pixels)
    weights = {name: value.clone() for name, value in double.state_dict().items()}
    TracedTower(double).run(pixels, gradient_from=0, isolated=isolated).embedding.sum().backward()
    assert fingerprint() == before
    assert torch.equal(double(pixels), embedding)
    assert all(torch.equal(double.state_dict()[name], value) for name, value in weights.items())
    assert all(parameter.grad is None for parameter in double.parameters())


def test_tracing_that_fails_leaves_the_tower_as_it_was(double: nn.Module, pixels: torch.Tensor) -> None:
    before = [(name, id(module)) for name, module in double.named_modules()]
    embedding = double(pixels)
    with pytest.raises(RuntimeError):
        TracedTower(double).run(pixels[:, :2], gradient_from=0)
    assert [(name, id(module)) for name, module in double.named_modules()] == before
    assert torch.equal(double(pixels), embedding)


def test_a_tower_can_be_traced_and_used_at_the_same_time(double: nn.Module, pixels: torch.Tensor) -> None:
    expected = double(pixels)
    wrong: list[torch.Tensor] = []
    done = threading.Event()

    def use() -> None:
        while not done.is_set():
            output = double(pixels)
            if output.requires_grad or not torch.allclose(output, expected, atol=1e-12):
                wrong.append(output)

    thread = threading.Thread(target=use)
    thread.start()
    for _ in range(10):
        TracedTower(double).run(pixels, gradient_from=0)
    done.set()
    thread.join()
    assert wrong == []


def test_isolated_gradients_reach_one_block_only(double: nn.Module, pixels: torch.Tensor) -> None:
    trace = TracedTower(double).run(pixels, gradient_from=0, isolated=True)
    last = trace.tokens[-1].sum()
    gradients = torch.autograd.grad(last, trace.attention, allow_unused=True)
    assert [gradient is not None for gradient in gradients] == [False] * (len(gradients) - 1) + [True]


@pytest.mark.parametrize("gradient_from", [0, 1])
def test_gradients_begin_where_asked(double: nn.Module, pixels: torch.Tensor, gradient_from: int) -> None:
    trace = TracedTower(double).run(pixels, gradient_from=gradient_from)
    assert [weights.requires_grad for weights in trace.attention] == [
        block >= gradient_from for block in range(len(trace.attention))
    ]


@pytest.mark.parametrize(
    "vision",
    [
        {"layers": [1, 1, 1, 1], "width": 16, "head_width": 16},  # a ResNet
        {"timm_model_name": "test_vit", "timm_pool": "map", "timm_proj": "", "timm_proj_bias": False},  # as SigLIP
        {"timm_model_name": "test_convnext", "timm_pool": "avg", "timm_proj": "linear"},
        {"layers": 1, "width": 32, "head_width": 16, "patch_size": 16, "attentional_pool": True},  # as CoCa
        {"layers": 1, "width": 32, "head_width": 16, "patch_size": 16, "qk_norm": True},
    ],
    ids=["resnet", "attention-pooled", "convnext", "coca", "query-key-norm"],
)
def test_a_tower_that_cannot_be_read_is_refused(vision: dict[str, object]) -> None:
    size = 160 if "timm_model_name" in vision else 64
    text = {"context_length": 4, "vocab_size": 8, "width": 16, "heads": 1, "layers": 1}
    network = open_clip.CLIP(embed_dim=64, vision_cfg={"image_size": size, **vision}, text_cfg=text)
    with pytest.raises(AttentionError, match=r"Choose another model\."):
        TracedTower(network.visual).run(torch.zeros(1, 3, size, size))


def test_a_tower_without_a_class_token() -> None:
    vision = {"image_size": 64, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16, "pool_type": "avg"}
    text = {"context_length": 4, "vocab_size": 8, "width": 16, "heads": 1, "layers": 1}
    tower = TracedTower(open_clip.CLIP(embed_dim=8, vision_cfg=vision, text_cfg=text).visual.eval())
    with pytest.raises(AttentionError, match="Choose legrad or patch-text"):
        tower.class_token_row(torch.zeros(1, 17, 17))
