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

from typing import TYPE_CHECKING

from vpe_core.lazy import names_on_demand

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

__getattr__ = names_on_demand(
    __name__,
    {
        "Arrow": "types",
        "Box": "types",
        "Heatmap": "types",
        "Polygon": "types",
        "VPEError": "errors",
        "build_prompts": "prompts",
        "draw_marker": "markers",
        "explain": "attention",
        "list_models": "models",
        "load_image": "images",
        "load_model": "models",
        "open_dataset": "datasets",
        "overlay": "attention",
        "render_variant": "markers",
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
