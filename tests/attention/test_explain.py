from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from PIL import Image

from vpe_core.attention import explain, explain_many, get, names, patch_relevance
from vpe_core.attention.resample import grid_to_image
from vpe_core.attention.tracing import TracedTower
from vpe_core.errors import AttentionError
from vpe_core.geometry import View
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Box


@pytest.mark.parametrize("method", names())
def test_a_heatmap_has_the_size_of_its_image(method: str, model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    for image in noise:
        heatmap = explain(model, image, "lung nodule", method=method)
        assert heatmap.size_wh == image.size
        assert heatmap.values.dtype == np.float32
        assert heatmap.values.min() >= 0
        assert heatmap.values.max() > 0
        assert (heatmap.method, heatmap.label) == (method, "lung nodule" if get(method).reads_text else None)


@pytest.mark.parametrize("method", names())
def test_many_at_once_are_the_same_as_one_by_one(
    method: str, model: VisionLanguageModel, noise: list[Image.Image]
) -> None:
    texts = ["lung nodule", "pleural effusion", "lung nodule"]
    together = explain_many(model, noise, texts, method=method)
    for heatmap, image, text in zip(together, noise, texts, strict=True):
        alone = explain(model, image, text, method=method)
        np.testing.assert_allclose(heatmap.values, alone.values, atol=1e-6)


def test_more_images_than_fit_in_one_pass(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    many = patch_relevance(model, noise * 4, "lung nodule", method="legrad")
    assert many.shape == (12, *TracedTower(model.visual).grid_hw)
    np.testing.assert_allclose(many[9:], many[:3], atol=1e-6)
    assert patch_relevance(model, []).shape == (0, *TracedTower(model.visual).grid_hw)


def test_the_text_may_be_a_prompt_or_a_class(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    name = explain(model, noise[0], "red", suffix=" with a nodule")
    prompt = explain(model, noise[0], "A chest x-ray with signs of red with a nodule.", template=None)
    np.testing.assert_allclose(name.values, prompt.values, atol=1e-7)


def test_class_token_attention_sums_to_one(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    grids = patch_relevance(model, noise, method="last-layer")
    np.testing.assert_allclose(grids.sum(axis=(1, 2)), 1, atol=1e-5)


def test_explaining_does_not_change_the_answers(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    before = model.encode_images(noise)
    for method in names():
        explain_many(model, noise, "lung nodule", method=method)
    np.testing.assert_array_equal(model.encode_images(noise), before)


def test_explaining_works_where_gradients_are_off(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    expected = explain(model, noise[0], "red").values
    with torch.no_grad():
        np.testing.assert_allclose(explain(model, noise[0], "red").values, expected, atol=1e-7)


def test_many_sessions_explain_at_once(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    methods = [*names(), *names()]
    expected = {method: patch_relevance(model, noise, "red", method=method) for method in names()}
    answers: list[tuple[str, np.ndarray]] = []

    def ask(method: str) -> None:
        answers.append((method, patch_relevance(model, noise, "red", method=method)))

    threads = [threading.Thread(target=ask, args=(method,)) for method in methods]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(methods)
    for method, answer in answers:
        np.testing.assert_allclose(answer, expected[method], atol=1e-6)


def test_mistakes_are_named(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    with pytest.raises(AttentionError, match=r"no attention method called 'le-grad'.*Did you mean 'legrad'"):
        explain(model, noise[0], "red", method="le-grad")
    with pytest.raises(AttentionError, match="one text for all 3 images or one for each, but got 2"):
        explain_many(model, noise, ["red", "lung"])


def test_the_grid_is_spread_as_torch_interpolates() -> None:
    grid = np.random.default_rng(0).random((14, 14), dtype=np.float32)
    view = View.squash((896, 448), (224, 224))
    expected = torch.nn.functional.interpolate(torch.from_numpy(grid)[None, None], (448, 896), mode="bilinear")[0, 0]
    np.testing.assert_allclose(grid_to_image(grid, view, (896, 448)), expected.numpy(), atol=1e-5)


def test_what_the_crop_left_out_has_no_attention() -> None:
    view = View.center_crop((300, 200), 224)
    spread = grid_to_image(np.ones((14, 14), np.float32), view, (300, 200))
    seen = view.visible((300, 200))
    assert seen.x0 == pytest.approx(50)
    np.testing.assert_array_equal(spread[:, :50], 0)
    np.testing.assert_array_equal(spread[:, 250:], 0)
    np.testing.assert_allclose(spread[:, 50:250], 1, atol=1e-6)


def test_a_patch_lands_where_it_was_seen() -> None:
    """The patch under a point of the image is the one whose value the point gets."""
    view = View.center_crop((300, 200), 224)
    grid = np.zeros((14, 14), np.float32)
    grid[9, 3] = 1
    spread = grid_to_image(grid, view, (300, 200))
    y, x = np.unravel_index(spread.argmax(), spread.shape)
    patch = view.to_image(Box(3 * 16, 9 * 16, 4 * 16, 10 * 16))
    assert (x + 0.5, y + 0.5) == pytest.approx(patch.center, abs=1)
