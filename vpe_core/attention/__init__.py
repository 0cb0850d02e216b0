"""Where a model looks: one file a method, all read through one registry.

    names()                                                  the methods
    explain(model, image, "lung nodule", method="legrad")    a `Heatmap` in image pixels
    explain_many(model, [without, with_marker], …)           several images in one pass
    overlay(image, heatmap)                                  the heatmap in colour on the image
    overlay_change(image, difference, peak=…)                more in blue, less in vermilion
    attention_inside(heatmap, region)                        share of attention in a region
    fixed_scale(model, images, classes)                      probability of each class for each patch, empty if absent
    every_head(model, images)                                all heads of all layers, from one pass

Importing this package does not import torch.
"""

from vpe_core.attention import (
    gradient,
    integrated_gradients,
    last_layer,
    legrad,
    occlusion,
    patch_text,
    rollout,
)
from vpe_core.attention.base import METHODS, AttentionMethod
from vpe_core.attention.explain import explain, explain_many, patch_relevance
from vpe_core.attention.fixed_scale import FixedScale, fixed_scale
from vpe_core.attention.gaze import GazeEncoder
from vpe_core.attention.layers import Heads, every_head, shares_of
from vpe_core.attention.localization import RegionAttention, attention_inside
from vpe_core.attention.overlay import colorize, overlay, overlay_change

for _method in (
    legrad.METHOD, gradient.METHOD, last_layer.METHOD, rollout.METHOD, patch_text.METHOD,
    integrated_gradients.METHOD, occlusion.METHOD,
):  # fmt: skip
    METHODS.add(_method.name, _method)

__all__ = [
    "METHODS",
    "AttentionMethod",
    "FixedScale",
    "GazeEncoder",
    "Heads",
    "RegionAttention",
    "attention_inside",
    "colorize",
    "every_head",
    "explain",
    "explain_many",
    "fixed_scale",
    "get",
    "names",
    "overlay",
    "overlay_change",
    "patch_relevance",
    "quick_names",
    "shares_of",
]

names, get = METHODS.names, METHODS.get


def quick_names() -> tuple[str, ...]:
    """The methods that take one pass a picture, and so can follow a stroke."""
    return tuple(name for name in METHODS.names() if not METHODS.get(name).slow)
