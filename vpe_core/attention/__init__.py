"""Where a model looks: one file a method, all read through one registry.

    names()                                                  the methods
    explain(model, image, "lung nodule", method="legrad")    a `Heatmap` in image pixels
    explain_many(model, [without, with_marker], …)           several images in one pass
    overlay(image, heatmap)                                  the heatmap in colour on the image
    attention_inside(heatmap, region)                        share of attention in a region

Importing this package does not import torch.
"""

from vpe_core.attention import gradient, last_layer, legrad, patch_text, rollout
from vpe_core.attention.base import METHODS, AttentionMethod
from vpe_core.attention.explain import explain, explain_many, patch_relevance
from vpe_core.attention.gaze import GazeEncoder
from vpe_core.attention.localization import RegionAttention, attention_inside
from vpe_core.attention.overlay import colorize, overlay

for _method in (legrad.METHOD, gradient.METHOD, last_layer.METHOD, rollout.METHOD, patch_text.METHOD):
    METHODS.add(_method.name, _method)

__all__ = [
    "METHODS",
    "AttentionMethod",
    "GazeEncoder",
    "RegionAttention",
    "attention_inside",
    "colorize",
    "explain",
    "explain_many",
    "get",
    "names",
    "overlay",
    "patch_relevance",
]

names, get = METHODS.names, METHODS.get
