from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.tiny_models import model, model_root, models
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.types import Box

__all__ = ["model", "model_root", "models"]


@pytest.fixture
def scene() -> LabScene:
    """A noisy picture that is not square, a box in it, a red circle around that, and a twin."""
    rng = np.random.default_rng(3)
    image, twin = (Image.fromarray(rng.integers(40, 200, (180, 220), dtype=np.uint8)) for _ in range(2))
    box = Box(60.5, 50, 120, 100.25)
    classes = ("lung nodule", "pleural effusion", "red")
    red = MarkerStyle("circle", "#ff0000", 3, color_name="red")
    return LabScene(image, box, classes, "lung nodule", red, known=box, avoid=(box,), others={"twin": twin})
