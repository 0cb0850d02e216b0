"""On an NVIDIA GPU, where there is one: the same answers and attention as on the processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vpe_core.attention import names, patch_relevance
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.models.device import LARGE_PARAMETERS, device_title, resolve_device, resolve_precision

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")
CLASSES = ["lung nodule", "pleural effusion", "red"]


@pytest.fixture(params=["native", "timm"])
def pair(
    request: pytest.FixtureRequest, models: dict[str, VisionLanguageModel], allow_models: Path
) -> tuple[VisionLanguageModel, VisionLanguageModel]:
    """A model on the processor, and the same on the GPU."""
    return models[request.param], load_model(str(allow_models / request.param), device="cuda", precision="fp32")


def test_a_gpu_is_what_auto_takes() -> None:
    assert resolve_device("auto") == "cuda:0"
    assert "cuda:0" in device_title("cuda:0")
    assert resolve_precision("auto", "cuda:0", LARGE_PARAMETERS - 1) == "fp32"


def test_the_answers_are_those_of_the_processor(
    pair: tuple[VisionLanguageModel, VisionLanguageModel], noise: list[Image.Image]
) -> None:
    cpu, gpu = pair
    assert (cpu.device, gpu.device) == ("cpu", "cuda:0")
    np.testing.assert_allclose(gpu.encode_images(noise), cpu.encode_images(noise), atol=2e-5)
    np.testing.assert_allclose(gpu.encode_texts(CLASSES), cpu.encode_texts(CLASSES), atol=2e-5)
    np.testing.assert_allclose(gpu.classify(noise, CLASSES), cpu.classify(noise, CLASSES), atol=1e-4)


@pytest.mark.parametrize("method", names())
def test_the_attention_is_that_of_the_processor(
    pair: tuple[VisionLanguageModel, VisionLanguageModel], noise: list[Image.Image], method: str
) -> None:
    expected, found = (patch_relevance(model, noise, "lung nodule", method=method) for model in pair)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, atol=2e-3 * float(np.max(one)))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_sixteen_bits_hardly_turn_the_embeddings(
    pair: tuple[VisionLanguageModel, VisionLanguageModel], noise: list[Image.Image], precision: str
) -> None:
    cpu, _ = pair
    half = load_model(cpu.name, device="cuda", precision=precision)
    cosines = (half.encode_images(noise) * cpu.encode_images(noise)).sum(axis=1)
    assert half.encode_images(noise).dtype == np.float32
    assert cosines.min() > 0.995
