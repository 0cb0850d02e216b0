"""Visual prompt engineering for vision-language models in radiology.

    from vpe_core import draw_marker, explain, load_image, load_model, overlay

    xray = load_image("chest.dcm")
    marked = draw_marker(xray, (310, 220, 420, 330), "circle", color="red")
    model = load_model("simclip")
    model.classify([xray, marked], ["lung nodule", "pleural effusion"])
    overlay(marked, explain(model, marked, "lung nodule", method="legrad"))

The names below are loaded when they are first used, so `import vpe_core` is instant and needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vpe_core.attention.explain import explain
    from vpe_core.attention.overlay import overlay
    from vpe_core.datasets import open_dataset
    from vpe_core.errors import VPEError
    from vpe_core.images import load_image
    from vpe_core.markers import draw_marker, render_variant
    from vpe_core.models import list_models, load_model
    from vpe_core.prompts import build_prompts
    from vpe_core.types import Arrow, Box, Heatmap, Polygon

__version__ = "0.1.0"

__all__ = [
    "Arrow",
    "Box",
    "Heatmap",
    "Polygon",
    "VPEError",
    "build_prompts",
    "draw_marker",
    "explain",
    "list_models",
    "load_image",
    "load_model",
    "open_dataset",
    "overlay",
    "render_variant",
]

_HOME = {
    "Arrow": "vpe_core.types",
    "Box": "vpe_core.types",
    "Heatmap": "vpe_core.types",
    "Polygon": "vpe_core.types",
    "VPEError": "vpe_core.errors",
    "build_prompts": "vpe_core.prompts",
    "draw_marker": "vpe_core.markers",
    "explain": "vpe_core.attention",
    "list_models": "vpe_core.models",
    "load_image": "vpe_core.images",
    "load_model": "vpe_core.models",
    "open_dataset": "vpe_core.datasets",
    "overlay": "vpe_core.attention",
    "render_variant": "vpe_core.markers",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'vpe_core' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
