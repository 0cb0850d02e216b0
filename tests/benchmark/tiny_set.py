"""A small data set of noisy pictures with boxes, on disk, read by no adapter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from vpe_core.datasets import Dataset
from vpe_core.types import Box, Sample

CLASSES = ("lung nodule", "pleural effusion", "red ray")


def write_set(root: Path, n_images: int = 8, *, twins: bool = True) -> Dataset:
    """Images of one or two findings and different shapes, two of each patient; twins lack the bright spots."""
    samples = []
    for number in range(n_images):
        rng = np.random.default_rng(number)
        size_wh = (90 + 10 * (number % 3), 80)
        base = Image.fromarray(rng.integers(0, 160, size_wh[::-1], dtype=np.uint8))
        picture = base.copy()
        for finding in range(1 + number % 2):
            x, y = (float(value) for value in rng.uniform((5, 5), (50, 40)))
            box = Box.from_xywh(round(x, 1), round(y, 1), 20 + 5 * finding, 24)
            ImageDraw.Draw(picture).ellipse(box.xyxy, fill=250)
            samples.append(
                Sample(
                    sample_id=f"{number}#{finding}",
                    image_id=f"{number}",
                    image_path=root / f"{number}.png",
                    patient_id=f"p{number // 2}",
                    label=CLASSES[(number + finding) % 3],
                    box=box,
                    twin_path=root / f"twin-{number}.png" if twins else None,
                    attributes={"age": 40.0 + number, "view": "PA"},
                )
            )
        root.mkdir(parents=True, exist_ok=True)
        picture.save(root / f"{number}.png")
        base.save(root / f"twin-{number}.png")
    return Dataset("tiny", "Tiny set", "test", root, tuple(samples), CLASSES, simulated=True)
