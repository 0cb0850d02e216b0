"""The six boxed NIH X-rays by the paper's protocol: stored results against a computation that shares no code with ours.

The plain computation below follows the paper's description, one image at a time, with Pillow and open_clip alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image, ImageDraw

from vpe_core.benchmark.plan import load_plan
from vpe_core.benchmark.runner import RunSettings, run_plan
from vpe_core.datasets import Dataset, open_dataset
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.results import Run
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import score_variant
from vpe_core.settings import PROJECT_DIR

WORDS = ("chest", "lung", "nodule", "pleural", "effusion", "red", "ray", "signs")
"""What the small BERT can spell, one for each of the eight classes."""
PHRASES = {"arrow": "arrow", "bbox": "bounding box", "circle": "circle"}


@pytest.fixture(scope="module")
def nih(shared_data: Path) -> Dataset:
    return open_dataset("nih14", shared_data / "nih14")


@pytest.mark.parametrize("family", ["native", "timm"])
def test_probabilities_equal_a_plain_computation(
    family: str, nih: Dataset, models: dict[str, VisionLanguageModel], model_root: Path, tmp_path: Path
) -> None:
    words = dict(zip(nih.classes, WORDS, strict=False)) if family == "timm" else {}
    spelled = replace(nih, class_words=words)
    run = run_plan(load_plan("paper"), spelled, models[family], tmp_path, RunSettings(batch_size=8))
    assert_equal(run, spelled, plain_model(model_root / family, models[family]))


def test_probabilities_of_an_embedded_model_equal_a_plain_computation(nih: Dataset, tmp_path: Path) -> None:
    run = run_plan(load_plan("paper"), nih, load_model("simclip", precision="fp32"), tmp_path)
    assert_equal(run, nih, plain_model(PROJECT_DIR / "precomputed" / "models" / "simclip"))


def plain_model(folder: Path, ours: VisionLanguageModel | None = None):
    if ours is not None and (folder / "text_tower").is_dir():  # open_clip would look for its text tower on the hub
        config = PreprocessCfg(**ours.visual.preprocess_cfg)
        return ours._network, image_transform_v2(config, is_train=False), ours._reader._tokenizer
    network, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    return network.eval(), preprocess, open_clip.get_tokenizer(f"local-dir:{folder}")


def assert_equal(run: Run, dataset: Dataset, plain) -> None:
    assert len(dataset) == 6
    assert len(dataset.classes) >= 5
    spread = []
    for variant in run.variants:
        for suffix in {False, variant.marker in PHRASES}:
            words = f" indicated by a red {PHRASES[variant.marker]}" if suffix else ""
            ours = score_variant(run, variant, Question(suffix=suffix)).scores
            theirs = plain_probabilities(dataset, variant.marker, words, *plain)
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
            spread.append(theirs)
    assert np.ptp(np.stack(spread), axis=0).max() > 1e-3  # the rows differ, so equality says something


def plain_probabilities(dataset: Dataset, marker: str, suffix: str, network, preprocess, tokenizer) -> np.ndarray:
    prompts = [f"A chest x-ray with signs of {dataset.class_words[name]}{suffix}." for name in dataset.classes]
    rows = []
    with torch.no_grad():
        texts = network.encode_text(tokenizer(prompts), normalize=True)
        for sample in dataset:
            picture = plain_picture(sample.image_path, sample.box.xyxy, marker)
            image = network.encode_image(preprocess(picture)[None], normalize=True)
            rows.append((network.logit_scale.exp() * image @ texts.T).softmax(dim=-1)[0].numpy())
    return np.stack(rows)


def plain_picture(path: Path, xyxy: tuple[float, ...], marker: str) -> Image.Image:
    with Image.open(path) as opened:
        values = np.array(opened)
    stretched = (values - values.min()) / (values.max() - values.min())
    image = Image.fromarray((stretched * 255).astype(np.uint8)).convert("RGB")
    width, height = image.size
    if marker == "crop":
        x0, y0, x1, y1 = (int(value) for value in xyxy)
        middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
        half = max((x1 - x0) / 2, (y1 - y0) / 2, 0.2 * width, 0.2 * height)
        left, top = max(0, int(middle_x - half)), max(0, int(middle_y - half))
        return image.crop((left, top, min(width, int(middle_x + half)), min(height, int(middle_y + half))))
    image = image.resize((256, 256))
    draw = ImageDraw.Draw(image)
    x0, y0, x1, y1 = (int(v / (side / 256)) for v, side in zip(xyxy, (width, height, width, height), strict=True))
    if marker == "bbox":
        draw.rectangle([x0, y0, x1, y1], outline="red", width=1)
    elif marker == "circle":
        draw.ellipse([x0, y0, x1, y1], outline="red", width=1)
    elif marker == "arrow":
        plain_arrow(draw, (x0 + x1) / 2, (y0 + y1) / 2)
    return image


def plain_arrow(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    away = math.hypot(x - 128, y - 128)
    ux, uy = ((x - 128) / away, (y - 128) / away) if away else (0.0, -1.0)
    length = 64 if away else 5
    draw.line([(x - ux * length, y - uy * length), (x, y)], fill="red", width=1)
    back_x, back_y = x - ux * 10, y - uy * 10
    draw.polygon([(x, y), (back_x - uy * 5, back_y + ux * 5), (back_x + uy * 5, back_y - ux * 5)], fill="red")
