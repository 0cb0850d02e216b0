"""The one way to a network: the same answers for all who ask, whenever and from wherever they do."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vpe_core.attention import GazeEncoder, names, patch_relevance
from vpe_core.attention.wants import EmbeddingAndGaze, PatchRelevance
from vpe_core.cache import BoundedCache
from vpe_core.errors import ImageReadError
from vpe_core.models import VisionLanguageModel
from vpe_core.models.predictor import EMBEDDING, Computation, Want


def asked_for(model: VisionLanguageModel, noise: list[Image.Image]) -> dict[str, Callable[[], np.ndarray]]:
    """All that goes through the network, each with its own pictures."""
    prepared = np.stack([model.prepare(image) for image in noise])
    return {
        "embeddings": lambda: model.encode_images(noise),
        "in batches": lambda: model.encode_images(noise[::-1], batch_size=2),
        "prepared": lambda: model.predictor.submit(prepared).result()[0],
        "texts": lambda: model.encode_texts([f"{word} in a red circle" for word in ("lung", "heart", "nodule")]),
        "classes": lambda: model.classify(noise, ["lung nodule", "pleural effusion"]),
        "gaze": lambda: np.concatenate([part.reshape(3, -1) for part in GazeEncoder(model).encode(noise)], axis=1),
        **{
            method: lambda method=method: patch_relevance(model, noise, ["lung", "heart", "red"], method=method)
            for method in names()
        },
    }


def test_many_threads_at_once_get_what_each_gets_alone(
    model: VisionLanguageModel, noise: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = asked_for(model, noise)
    monkeypatch.setattr(model, "_texts", BoundedCache())
    alone = {name: ask() for name, ask in questions.items()}
    monkeypatch.setattr(model, "_texts", BoundedCache())
    rng = np.random.default_rng(5)
    order = [name for _ in range(4) for name in rng.permutation(list(questions))]
    with ThreadPoolExecutor(8) as pool:
        for name, answer in zip(order, pool.map(lambda name: questions[name](), order), strict=True):
            np.testing.assert_array_equal(answer, alone[name], err_msg=name)


def test_one_computation_at_a_time(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    at_work = threading.Semaphore(1)

    @dataclass(frozen=True)
    class Alone(Want):
        def on(self, network: Any) -> Computation:
            def compute(pixels: torch.Tensor, _texts: torch.Tensor) -> tuple[torch.Tensor, ...]:
                assert at_work.acquire(blocking=False)
                time.sleep(0.01)
                at_work.release()
                return (pixels.mean(dim=(1, 2, 3)),)

            return compute

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: model.predictor.submit(noise, Alone()).result()[0], range(8)))
    assert {answer.shape for answer in answers} == {(3,)}


def test_errors_come_out_of_the_future_and_harm_nobody_else(
    model: VisionLanguageModel, noise: list[Image.Image]
) -> None:
    @dataclass(frozen=True)
    class Failing(Want):
        def on(self, network: Any) -> Computation:
            raise ValueError("not on this network")

    failing = model.predictor.submit(noise, Failing())
    unreadable = model.predictor.submit([b"no picture"])
    with pytest.raises(ValueError, match="not on this network"):
        failing.result()
    with pytest.raises(ImageReadError):
        unreadable.result()
    assert model.predictor.submit(noise).result()[0].shape == (3, model.dimension)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_the_modes_of_the_caller_do_not_matter(
    mode: Callable[[], Any], model: VisionLanguageModel, noise: list[Image.Image]
) -> None:
    for name, ask in asked_for(model, noise).items():
        expected = ask()
        with mode():
            before = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
            np.testing.assert_array_equal(ask(), expected, err_msg=name)
            assert (torch.is_inference_mode_enabled(), torch.is_grad_enabled()) == before


def test_a_picture_that_must_not_be_written_is_prepared_all_the_same(
    model: VisionLanguageModel, noise: list[Image.Image]
) -> None:
    prepared = np.stack([model.prepare(noise[0])])
    prepared.setflags(write=False)
    np.testing.assert_array_equal(model.encode_images(prepared), model.encode_images(noise[0]))


def test_wants_are_plain_values_that_travel() -> None:
    for want in (EMBEDDING, EmbeddingAndGaze(), *map(PatchRelevance, names())):
        assert pickle.loads(pickle.dumps(want)) == want
        assert hash(pickle.loads(pickle.dumps(want))) == hash(want)
    assert len({EMBEDDING, EmbeddingAndGaze(), *map(PatchRelevance, names())}) == 2 + len(names())
