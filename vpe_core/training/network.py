"""The embedded models' network: a plain open_clip CLIP, and a forward pass for training that also returns attention.

The forward pass repeats open_clip's own with explicit attention: on CPUs without a fused bfloat16 kernel it is
several times faster in training, and the last block's attention can enter the loss. A test holds both equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor

PATCH = 16  # px
MEAN, STD = 0.45, 0.28
CONTEXT_LENGTH = 32


def model_config(image_size: int, vocabulary_size: int) -> dict[str, Any]:
    """The open_clip configuration of an embedded model."""
    return {
        "embed_dim": 64,
        "vision_cfg": {"image_size": image_size, "patch_size": PATCH, "layers": 6, "width": 192, "head_width": 64},
        "text_cfg": {
            "context_length": CONTEXT_LENGTH,
            "vocab_size": vocabulary_size,
            "width": 128,
            "heads": 4,
            "layers": 2,
        },
    }


def build_clip(image_size: int, vocabulary_size: int, seed: int) -> open_clip.CLIP:
    """A freshly initialised CLIP."""
    torch.manual_seed(seed)
    clip = open_clip.CLIP(**model_config(image_size, vocabulary_size))
    _start_local(clip.visual)
    return clip


@torch.no_grad()
def _start_local(visual: Any) -> None:
    """Starts the vision tower so that tokens look at their neighbours and pass on what they see.

    Sinusoidal positions, W_q W_k' near the identity, W_v W_o near minus the identity: "mimetic initialization"
    (Trockman and Kolter, ICML 2023), which helps a small transformer learn from little data as a convolution does.
    """
    width = visual.positional_embedding.shape[1]
    edge = round((len(visual.positional_embedding) - 1) ** 0.5)
    frequency = 1 / 100 ** (torch.arange(width // 4) / (width // 4))
    angles = torch.arange(edge)[:, None] * (14 / edge) * frequency  # alike at every image size
    wave = torch.cat([angles.sin(), angles.cos()], 1)
    grid = torch.cat([wave[:, None].expand(-1, edge, -1), wave[None].expand(edge, -1, -1)], -1)
    visual.positional_embedding[1:] = 0.35 * grid.flatten(0, 1)
    visual.positional_embedding[0] = 0
    for block in visual.transformer.resblocks:
        attn, head = block.attn, width // block.attn.num_heads
        query, key, value = attn.in_proj_weight.view(3, attn.num_heads, head, width)
        for k in range(attn.num_heads):
            left, gain, right = torch.linalg.svd(0.7 * torch.randn(width, width) * width**-0.5 + 0.7 * torch.eye(width))
            query[k] = (left[:, :head] * gain[:head].sqrt()).T
            key[k] = (right.T[:, :head] * gain[:head].sqrt()).T
        left, gain, right = torch.linalg.svd(0.4 * torch.randn(width, width) * width**-0.5 - 0.4 * torch.eye(width))
        value.copy_((right.T * gain.sqrt()).T.reshape(value.shape))
        attn.out_proj.weight.copy_(left * gain.sqrt())


def whiten_patches(clip: open_clip.CLIP, pixels: Tensor, spread: float = 0.25) -> None:
    """Starts the patch projection from the whitened principal components of real patches.

    A random projection of a radiograph's patches mostly repeats their mean brightness; whitening gives faint detail the
    same variance as that (as for the first layer in Jordan, "94% on CIFAR-10 in 3.29 seconds", 2024).

    Args:
        clip: changed in place.
        pixels: normalised images (n, 3, size, size).
        spread: standard deviation of the projection's strongest outputs.
    """
    conv = clip.visual.conv1
    patches = F.unfold(pixels, conv.kernel_size, stride=conv.stride).transpose(1, 2).flatten(0, 1).double()
    variance, components = torch.linalg.eigh(torch.cov(patches.T))
    variance, components = variance.flip(0)[: conv.out_channels], components.flip(1)[:, : conv.out_channels]
    gain = spread * (variance + variance[len(variance) // 2]).rsqrt()
    with torch.no_grad():
        conv.weight.copy_((components * gain).T.reshape(conv.weight.shape))


@dataclass(frozen=True, eq=False)
class Seen:
    """What the vision tower computed for a batch.

    Attributes:
        embedding: (n, 64), normalised.
        patches: (n, patches^2, 192), last tokens before the final norm.
        attention: (n, patches^2), last block, class token's attention on the patches, mean over heads, sums to 1.
    """

    embedding: Tensor
    patches: Tensor
    attention: Tensor


def see(clip: open_clip.CLIP, pixels: Tensor) -> Seen:
    """The vision tower on normalised pixels (n, 3, size, size)."""
    visual = clip.visual
    x = visual.conv1(pixels).flatten(2).transpose(1, 2)
    x = torch.cat([visual.class_embedding.expand(len(x), 1, -1).to(x.dtype), x], 1)
    x = q = k = visual.ln_pre(x + visual.positional_embedding.to(x.dtype))
    for block in visual.transformer.resblocks:
        x, q, k = _block(block, x)
    pooled = visual.ln_post(x[:, 0]) @ visual.proj
    looks = (q[:, :, :1] @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).float().softmax(-1)[:, :, 0, 1:].mean(1)
    return Seen(F.normalize(pooled.float(), dim=-1), x[:, 1:], looks / looks.sum(-1, keepdim=True))


def read(clip: open_clip.CLIP, tokens: Tensor) -> Tensor:
    """The text tower on token ids (n, length); normalised embeddings (n, 64)."""
    x = clip.token_embedding(tokens) + clip.positional_embedding[: tokens.shape[1]]
    mask = torch.full((tokens.shape[1], tokens.shape[1]), float("-inf"), device=x.device).triu(1)
    for block in clip.transformer.resblocks:
        x, _, _ = _block(block, x, mask)
    x = clip.ln_final(x)
    pooled = x[torch.arange(len(x), device=x.device), tokens.argmax(-1)] @ clip.text_projection
    return F.normalize(pooled.float(), dim=-1)


def _block(block: Any, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """A pre-norm transformer block of open_clip; also returns its queries and keys (n, heads, tokens, head width)."""
    attn = block.attn
    n, tokens, width = x.shape
    qkv = F.linear(block.ln_1(x), attn.in_proj_weight, attn.in_proj_bias)
    q, k, v = qkv.view(n, tokens, 3, attn.num_heads, -1).permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(q, k, v, None if mask is None else mask.to(q.dtype))
    x = x + attn.out_proj(mixed.transpose(1, 2).reshape(n, tokens, width))
    return x + block.mlp(block.ln_2(x)), q, k


def resize_positions(state: dict[str, Tensor], patches: int) -> dict[str, Tensor]:
    """Bicubic interpolation of the vision tower's positions to patches x patches tokens."""
    positions = state["visual.positional_embedding"]
    edge = int((len(positions) - 1) ** 0.5)
    grid = positions[1:].reshape(1, edge, edge, -1).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, (patches, patches), mode="bicubic", antialias=True, align_corners=False)
    grid = grid.permute(0, 2, 3, 1).reshape(patches * patches, -1)
    return {**state, "visual.positional_embedding": torch.cat([positions[:1], grid])}


def normalize(pixels: Tensor) -> Tensor:
    """uint8 (n, size, size, 3) to the network's input."""
    return (pixels.permute(0, 3, 1, 2).float() / 255 - MEAN) / STD
