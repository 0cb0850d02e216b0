"""Run an image tower and keep what each block attended to and put out.

The tower is never touched. A `TracedTower` is a second tower along the path to the attention layers, with recording
layers in their place; everything else, all weights included, is shared with the original. So there is nothing to
restore, whatever happens meanwhile, and other threads go on using the model.

Works for open_clip's own `VisionTransformer` and for timm's vision transformers (BiomedCLIP's image tower).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from vpe_core.errors import AttentionError

Around: TypeAlias = Callable[[nn.Module, int, int], nn.Module]
"""From a block, its number and how many there are to what is run in its place."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What happened in a tower during one pass over n images.

    Attributes:
        attention: For each recorded block, (n, heads, tokens, tokens): query x key, rows sum to 1.
        tokens: For each recorded block, its output (n, tokens, width).
        embedding: The image embeddings (n, dimension), of length 1.
    """

    attention: tuple[Tensor, ...]
    tokens: tuple[Tensor, ...]
    embedding: Tensor


class TracedTower:
    """An image tower that records.

    Args:
        visual: `model.visual` of an open_clip model.
        last_only: Record the last block alone, and leave the fused attention of the others as it is: much faster.
        around: What stands in the place of each block, from the block (recording, if it records), its number and how
            many there are; None for the block itself.

    Attributes:
        blocks: Where they are in the tower, as `get_submodule` takes it.
        depth: Number of transformer blocks.
        has_class_token: Whether the tower answers with a class token.
        prefix_tokens: Tokens before the patches: the class token, perhaps registers.
        grid_hw: Patches from top to bottom and from left to right.

    Raises:
        AttentionError: The tower is of a kind whose attention cannot be read.
    """

    def __init__(self, visual: nn.Module, *, last_only: bool = False, around: Around | None = None) -> None:
        layout = _layout_of(visual)
        self.blocks = ".".join(layout.path)
        self._project = layout.project
        self._tape, self._plain = _Tape(), visual
        self._visual = _recording_copy(visual, layout.path, self._tape, last_only, around)
        self.has_class_token = layout.class_token
        self.prefix_tokens = layout.prefix_tokens
        self.grid_hw = layout.grid_hw
        self.depth = len(visual.get_submodule(self.blocks))  # type: ignore[arg-type]
        self._n_recorded = 1 if last_only else self.depth

    def run(self, pixels: Tensor, *, gradient_from: int | None = None, isolated: bool = False) -> Trace:
        """One pass.

        Args:
            pixels: (n, 3, height, width), as the tower takes them.
            gradient_from: The first block with respect to whose attention gradients will be taken; None: no gradients.
            isolated: Cut the graph between the blocks, so that a gradient reaches only the block it belongs to.
        """
        self._tape.begin(gradient_from, isolated)
        with torch.set_grad_enabled(gradient_from is not None):
            embedding = functional.normalize(full_precision(self._visual(pixels)), dim=-1)
        trace = Trace(tuple(self._tape.attention), tuple(self._tape.tokens), embedding)
        self._tape.begin(None, isolated=False)
        self._check(trace, len(pixels))
        return trace

    def embed(self, pixels: Tensor) -> Tensor:
        """The embeddings alone, (n, dimension), of length 1, by the tower as it is; gradients reach the pixels."""
        return functional.normalize(full_precision(self._plain(pixels)), dim=-1)

    def project(self, tokens: Tensor) -> Tensor:
        """Tokens (…, width) of any block in the space of the embeddings, (…, dimension), of length 1."""
        return functional.normalize(full_precision(self._project(tokens)), dim=-1)

    def class_token_row(self, matrix: Tensor) -> Tensor:
        """What the class token takes from each patch: (n, tokens, tokens) -> (n, n_patches).

        Raises:
            AttentionError: The tower has no class token, or does not answer with it.
        """
        if not self.has_class_token:
            raise AttentionError("This method reads the class token; this model has none. Choose legrad or patch-text.")
        return matrix[:, 0, self.prefix_tokens :]

    def _check(self, trace: Trace, n_images: int) -> None:
        n_tokens = self.prefix_tokens + self.grid_hw[0] * self.grid_hw[1]
        shapes = {(weights.shape[0], *weights.shape[2:]) for weights in trace.attention}
        if len(trace.attention) != self._n_recorded or shapes != {(n_images, n_tokens, n_tokens)}:
            raise AttentionError(
                f"Expected attention over {n_tokens} tokens in each of {self._n_recorded} blocks, but got "
                f"{len(trace.attention)} maps of the shapes {sorted(shapes)}. This image tower cannot be explained."
            )


def full_precision(values: Tensor) -> Tensor:
    """16-bit values as float32; others as they are."""
    return values.float() if values.element_size() == 2 else values


@dataclass(slots=True, eq=False)
class _Tape:
    gradient_from: int | None = None
    isolated: bool = False
    attention: list[Tensor] = field(default_factory=list)
    tokens: list[Tensor] = field(default_factory=list)

    def begin(self, gradient_from: int | None, isolated: bool) -> None:
        self.gradient_from, self.isolated = gradient_from, isolated
        self.attention, self.tokens = [], []

    def record(self, weights: Tensor) -> Tensor:
        wanted = self.gradient_from is not None and len(self.attention) >= self.gradient_from
        if wanted and not weights.requires_grad:
            weights.requires_grad_()
        self.attention.append(weights)
        return weights


@dataclass(frozen=True, slots=True)
class _Layout:
    path: tuple[str, ...]
    prefix_tokens: int
    class_token: bool
    grid_hw: tuple[int, int]
    project: Callable[[Tensor], Tensor]


def _layout_of(visual: Any) -> _Layout:
    from open_clip.timm_model import TimmModel
    from open_clip.transformer import VisionTransformer

    if isinstance(visual, VisionTransformer) and visual.attn_pool is None:
        return _Layout(
            ("transformer", "resblocks"),
            prefix_tokens=1,
            class_token=visual.pool_type == "tok",
            grid_hw=visual.grid_size,
            project=lambda tokens: visual.ln_post(tokens) @ visual.proj,
        )
    trunk: Any = getattr(visual, "trunk", None)
    if isinstance(visual, TimmModel) and hasattr(trunk, "blocks") and getattr(trunk, "attn_pool", None) is None:
        return _Layout(
            ("trunk", "blocks"),
            prefix_tokens=trunk.num_prefix_tokens,
            class_token=trunk.global_pool == "token",
            grid_hw=trunk.patch_embed.grid_size,
            project=nn.Sequential(trunk.norm, trunk.fc_norm, trunk.head, visual.head),
        )
    raise AttentionError(
        "Attention can be read from open_clip's vision transformers and from timm's, pooled by a class token or by the "
        f"mean, but this image tower is a {type(visual).__name__}. Choose another model."
    )


def _recording_copy(
    visual: nn.Module, path: Sequence[str], tape: _Tape, last_only: bool, around: Around | None
) -> nn.Module:
    """`visual` with recording blocks at `path`, sharing all else with the original."""
    if path:
        child = _recording_copy(getattr(visual, path[0]), path[1:], tape, last_only, around)
        return _with_children(visual, {path[0]: child})
    blocks = dict(visual.named_children())
    recorded = list(blocks)[-1 if last_only else 0 :]
    twins = {key: _RecordingBlock(block, tape) if key in recorded else block for key, block in blocks.items()}
    if around is not None:
        twins = {key: around(twin, number, len(twins)) for number, (key, twin) in enumerate(twins.items())}
    return _with_children(visual, twins)


def _with_children(module: nn.Module, children: dict[str, nn.Module]) -> nn.Module:
    twin = copy.copy(module)
    twin.__dict__["_modules"] = {**module._modules, **children}
    return twin


class _RecordingBlock(nn.Module):
    """A transformer block that records its attention and its output."""

    def __init__(self, block: nn.Module, tape: _Tape) -> None:
        super().__init__()
        self.block = _with_children(block, {"attn": _recording_attention(block.attn, tape)})  # type: ignore[arg-type]
        self._tape = tape

    def forward(self, tokens: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if self._tape.isolated:
            tokens = tokens.detach()
        output: Tensor = self.block(tokens, *args, **kwargs)
        self._tape.tokens.append(output)
        return output


def _recording_attention(attention: nn.Module, tape: _Tape) -> nn.Module:
    if isinstance(attention, nn.MultiheadAttention) and attention.in_proj_weight is not None:
        return _RecordingMultiheadAttention(attention, tape)
    if hasattr(attention, "fused_attn") and isinstance(getattr(attention, "attn_drop", None), nn.Module):
        twin = _with_children(attention, {"attn_drop": _Recorder(tape)})
        twin.fused_attn = False  # type: ignore[assignment]
        return twin
    raise AttentionError(
        f"The attention layers of this image tower ({type(attention).__name__}) cannot be read. Choose another model."
    )


class _Recorder(nn.Module):
    """Stands where timm drops out attention weights, and records them."""

    def __init__(self, tape: _Tape) -> None:
        super().__init__()
        self._tape = tape

    def forward(self, weights: Tensor) -> Tensor:
        return self._tape.record(weights)


def _per_head(tokens: Tensor, n_heads: int) -> Tensor:
    """(n, tokens, width) -> (n, heads, tokens, width / heads)."""
    n, n_tokens, width = tokens.shape
    return tokens.view(n, n_tokens, n_heads, width // n_heads).transpose(1, 2)


class _RecordingMultiheadAttention(nn.Module):
    """`nn.MultiheadAttention` written out, because the fused one keeps its weights, and their gradients, to itself."""

    def __init__(self, attention: nn.MultiheadAttention, tape: _Tape) -> None:
        super().__init__()
        self.attention = attention
        self._tape = tape

    def forward(self, query: Tensor, *_: Tensor, attn_mask: Tensor | None = None, **__: Any) -> tuple[Tensor, None]:
        layer = self.attention
        tokens = query if layer.batch_first else query.transpose(0, 1)
        projected = functional.linear(tokens, layer.in_proj_weight, layer.in_proj_bias)
        q, k, v = (_per_head(part, layer.num_heads) for part in projected.chunk(3, dim=-1))
        scores = q * layer.head_dim**-0.5 @ k.transpose(-2, -1)
        if attn_mask is not None:  # added to the scores, (n x heads, tokens, tokens), as torch's own layer takes it
            scores = scores + attn_mask.view_as(scores)
        weights = scores.softmax(dim=-1)
        mixed = (self._tape.record(weights) @ v).transpose(1, 2).flatten(2)
        output: Tensor = layer.out_proj(mixed)
        return output if layer.batch_first else output.transpose(0, 1), None
