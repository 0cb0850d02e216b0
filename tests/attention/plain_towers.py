"""Both kinds of image tower once more, straight from their weights: the independent side of the comparison.

No module's `forward` is called and nothing of `vpe_core` is used: matrix products, softmax and layer norms written out.
Attention can be shifted by hand, which is what finite differences need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(eq=False)
class Plain:
    attention: list[Tensor]
    tokens: list[Tensor]
    embedding: Tensor


def plain_run(visual: Any, pixels: Tensor, shift: Mapping[int, Tensor] | None = None) -> Plain:
    """One pass; `shift[block]` (n, heads, tokens, tokens) is added to that block's attention."""
    run = _timm if hasattr(visual, "trunk") else _native
    attention: list[Tensor] = []
    tokens: list[Tensor] = []

    def attend(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
        n, length, width = q.shape
        q, k, v = (x.reshape(n, length, heads, width // heads).permute(0, 2, 1, 3) for x in (q, k, v))
        scores = torch.einsum("nhqd,nhkd->nhqk", q, k) / (width // heads) ** 0.5
        powers = (scores - scores.amax(dim=-1, keepdim=True)).exp()
        weights = powers / powers.sum(dim=-1, keepdim=True)
        if shift and len(attention) in shift:
            weights = weights + shift[len(attention)]
        attention.append(weights)
        return torch.einsum("nhqk,nhkd->nhqd", weights, v).permute(0, 2, 1, 3).reshape(n, length, width)

    embedding = run(visual, pixels, attend, tokens)
    return Plain(attention, tokens, embedding / embedding.norm(dim=-1, keepdim=True))


def plain_project(visual: Any, tokens: Tensor) -> Tensor:
    """Tokens in the space of the embeddings, of length 1."""
    if hasattr(visual, "trunk"):
        norm = visual.trunk.fc_norm if hasattr(visual.trunk.fc_norm, "weight") else visual.trunk.norm
        projected = _layer_norm(tokens, norm) @ visual.head.proj.weight.T
    else:
        projected = _layer_norm(tokens, visual.ln_post) @ visual.proj
    return projected / projected.norm(dim=-1, keepdim=True)


def _native(visual: Any, pixels: Tensor, attend: Any, tokens: list[Tensor]) -> Tensor:
    patches = functional.conv2d(pixels, visual.conv1.weight, stride=visual.patch_size).flatten(2).transpose(1, 2)
    first = visual.class_embedding.expand(len(pixels), 1, -1)
    x = _layer_norm(torch.cat([first, patches], dim=1) + visual.positional_embedding, visual.ln_pre)
    for block in visual.transformer.resblocks:
        q, k, v = _linear(_layer_norm(x, block.ln_1), block.attn.in_proj_weight, block.attn.in_proj_bias).chunk(3, -1)
        mixed = attend(q, k, v, block.attn.num_heads)
        x = x + _linear(mixed, block.attn.out_proj.weight, block.attn.out_proj.bias)
        hidden = functional.gelu(_linear(_layer_norm(x, block.ln_2), block.mlp.c_fc.weight, block.mlp.c_fc.bias))
        x = x + _linear(hidden, block.mlp.c_proj.weight, block.mlp.c_proj.bias)
        tokens.append(x)
    return _layer_norm(x, visual.ln_post)[:, 0] @ visual.proj


def _timm(visual: Any, pixels: Tensor, attend: Any, tokens: list[Tensor]) -> Tensor:
    trunk = visual.trunk
    projection = trunk.patch_embed.proj
    patches = functional.conv2d(pixels, projection.weight, projection.bias, stride=projection.stride)
    x = torch.cat([trunk.cls_token.expand(len(pixels), -1, -1), patches.flatten(2).transpose(1, 2)], dim=1)
    x = x + trunk.pos_embed
    for block in trunk.blocks:
        q, k, v = _linear(_layer_norm(x, block.norm1), block.attn.qkv.weight, block.attn.qkv.bias).chunk(3, -1)
        mixed = attend(q, k, v, block.attn.num_heads)
        x = x + _linear(mixed, block.attn.proj.weight, block.attn.proj.bias)
        hidden = functional.gelu(_linear(_layer_norm(x, block.norm2), block.mlp.fc1.weight, block.mlp.fc1.bias))
        x = x + _linear(hidden, block.mlp.fc2.weight, block.mlp.fc2.bias)
        tokens.append(x)
    return _layer_norm(x, trunk.norm)[:, 0] @ visual.head.proj.weight.T


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return x @ weight.T + (0 if bias is None else bias)


def _layer_norm(x: Tensor, norm: Any) -> Tensor:
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / (centred.pow(2).mean(dim=-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias
