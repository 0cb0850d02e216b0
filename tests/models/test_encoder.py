from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image, ImageDraw

from vpe_core.cache import BoundedCache
from vpe_core.errors import PromptError
from vpe_core.models import VisionLanguageModel
from vpe_core.models.preprocessing import Preprocessing
from vpe_core.types import Box

CLASSES = ["lung nodule", "pleural effusion", "red"]
PROMPTS = [f"A chest x-ray with signs of {name}." for name in CLASSES]


@pytest.fixture
def plain(model: VisionLanguageModel, model_root: Path) -> dict[str, np.ndarray | float]:
    """The same model used as open_clip's own documentation does: one picture at a time, no code of ours."""
    folder = model_root / ("native" if "native" in model.name else "timm")
    if "timm" in model.name:
        text = {"text_cfg": {**_text_config(folder), "hf_model_name": str(folder / "text_tower")}}
    else:
        text = {}
    network, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}", **text)
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    network.eval()
    rng = np.random.default_rng(7)
    pictures = [Image.fromarray(rng.integers(0, 256, s, dtype=np.uint8)) for s in ((64, 64), (90, 70), (50, 120))]
    with torch.no_grad():
        images = torch.cat([network.encode_image(transform(p)[None], normalize=True) for p in pictures])
        texts = network.encode_text(tokenizer(PROMPTS), normalize=True)
        chances = (network.logit_scale.exp() * images @ texts.T).softmax(dim=-1)
    return {"images": images.numpy(), "texts": texts.numpy(), "chances": chances.numpy()}


def _text_config(folder: Path) -> dict[str, object]:
    import json

    config: dict[str, object] = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]
    return config | {"hf_model_pretrained": False}


def test_images_are_encoded_as_open_clip_does(
    model: VisionLanguageModel, plain: dict[str, np.ndarray], noise: list[Image.Image]
) -> None:
    for batch_size in (1, 2, 32):
        ours = model.encode_images(noise, batch_size=batch_size)
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, plain["images"], atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)


def test_texts_are_encoded_as_open_clip_does(model: VisionLanguageModel, plain: dict[str, np.ndarray]) -> None:
    """Also where padding is cut off, which a Hugging Face tower masks anyway."""
    np.testing.assert_allclose(model.encode_texts(PROMPTS), plain["texts"], atol=2e-6)
    np.testing.assert_allclose(model.encode_classes(CLASSES), plain["texts"], atol=2e-6)


def test_probabilities_are_the_softmax_of_scaled_cosines(
    model: VisionLanguageModel, plain: dict[str, np.ndarray], noise: list[Image.Image]
) -> None:
    ours = model.classify(noise, CLASSES)
    np.testing.assert_allclose(ours, plain["chances"], atol=2e-5)
    np.testing.assert_allclose(ours, model.classify(noise, PROMPTS, template=None), atol=1e-6)


def test_grey_and_colour_of_the_same_picture_agree(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    colour = [image.convert("RGB") for image in noise]
    np.testing.assert_array_equal(model.encode_images(noise), model.encode_images(colour))


def test_an_ensemble_is_the_normalised_mean(model: VisionLanguageModel) -> None:
    templates = ("{class}.", "signs of {class}", "chest with {class}")
    texts = [[template.replace("{class}", name) for template in templates] for name in CLASSES]
    mean = np.array([model.encode_texts(group).mean(axis=0) for group in texts])
    expected = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    np.testing.assert_allclose(model.encode_classes(CLASSES, template=templates), expected, atol=1e-6)


def test_the_suffix_reaches_the_prompt(model: VisionLanguageModel) -> None:
    suffixed = model.encode_texts(["A chest x-ray with signs of red indicated by a red arrow."])
    ours = model.encode_classes(["red"], suffix=" indicated by a red arrow")
    np.testing.assert_allclose(ours, suffixed, atol=1e-6)


def test_a_prediction_says_what_answered(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    answer = model.predict(noise, CLASSES)
    np.testing.assert_array_equal(answer.probabilities, model.classify(noise, CLASSES))
    assert (answer.labels, answer.model, answer.device) == (tuple(CLASSES), model.name, "cpu")
    assert answer.milliseconds > 0


def test_no_classes_and_no_images(model: VisionLanguageModel) -> None:
    for template in ("{class}", None):
        with pytest.raises(PromptError):
            model.classify([], [], template=template)
        with pytest.raises(PromptError, match="at least 2 classes, but got only 'nodule'"):
            model.predict([], ["nodule"], template=template)
    assert model.encode_classes(["nodule"]).shape == (1, 32)
    assert model.encode_images([]).shape == model.encode_texts([]).shape == (0, 32)
    assert model.classify([], CLASSES).shape == (0, 3)


def test_a_text_is_encoded_once(model: VisionLanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    submit = model.predictor.submit_texts
    monkeypatch.setattr(model.predictor, "submit_texts", lambda texts: seen.extend(texts) or submit(texts))
    monkeypatch.setattr(model, "_texts", BoundedCache())
    first = model.encode_texts(["red", "lung", "red"])
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(model.encode_texts(["lung", "red"]), first[[1, 0]])
    assert seen == ["red", "lung"]


def test_only_the_latest_texts_are_kept(model: VisionLanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_texts", BoundedCache(at_most=3))
    model.encode_texts(["a", "b", "c"])
    model.encode_texts(["a"])
    model.encode_texts(["d"])
    assert [text in model._texts for text in "abcd"] == [True, False, True, True]
    assert model.encode_texts([str(number) for number in range(10)]).shape == (10, 32)
    assert len(model._texts) == 3


def test_a_very_long_text_is_read_as_far_as_the_model_can(model: VisionLanguageModel) -> None:
    assert np.isfinite(model.encode_texts(["lung nodule " * 5000])).all()


def test_many_sessions_share_a_model(
    model: VisionLanguageModel, noise: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = model.classify(noise, CLASSES)
    monkeypatch.setattr(model, "_texts", BoundedCache())
    answers: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: answers.append(model.classify(noise, CLASSES))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    for answer in answers:
        np.testing.assert_allclose(answer, expected, atol=1e-6)


@pytest.mark.parametrize("resize_mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("size_wh", [(640, 400), (300, 500), (513, 512)])
def test_the_view_says_where_things_land(
    resize_mode: str, size_wh: tuple[int, int], models: dict[str, VisionLanguageModel]
) -> None:
    """A white spot is found where `view` says, to a pixel."""
    visual = torch.nn.Module()
    visual.preprocess_cfg = {**models["native"].visual.preprocess_cfg, "size": 96, "resize_mode": resize_mode}
    preprocessing = Preprocessing.of(visual)
    picture = Image.new("L", size_wh)
    spot = (size_wh[0] * 0.4, size_wh[1] * 0.6)
    ImageDraw.Draw(picture).ellipse((spot[0] - 12, spot[1] - 12, spot[0] + 12, spot[1] + 12), fill=255)
    seen = np.asarray(preprocessing.picture(picture))[..., 0]
    light = seen - seen.min()
    y, x = np.indices(light.shape) + 0.5
    found = ((light * x).sum() / light.sum(), (light * y).sum() / light.sum())
    pixel = preprocessing.view(size_wh).to_view(Box(*spot, spot[0] + 1, spot[1] + 1))
    assert found == pytest.approx(pixel.center, abs=0.6)
    assert preprocessing.picture(picture).size == (96, 96)
    assert preprocessing.picture(picture).mode == "RGB"


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("resize_mode", ["shortest", "squash", "longest"])
def test_a_grey_picture_is_seen_as_its_rgb(
    resize_mode: str, interpolation: str, models: dict[str, VisionLanguageModel]
) -> None:
    visual = torch.nn.Module()
    changes = {"size": 96, "resize_mode": resize_mode, "interpolation": interpolation}
    visual.preprocess_cfg = {**models["native"].visual.preprocess_cfg, **changes}
    picture = Preprocessing.of(visual).picture
    for size_wh in ((300, 500), (96, 96), (500, 40)):
        grey = Image.fromarray(np.random.default_rng(1).integers(0, 256, size_wh[::-1], np.uint8))
        assert picture(grey).tobytes() == picture(grey.convert("RGB")).tobytes()


def test_what_a_model_sees_is_a_picture_of_its_size(model: VisionLanguageModel, noise: list[Image.Image]) -> None:
    seen = model.seen(noise[1])
    assert (seen.mode, seen.size) == ("RGB", model.view(noise[1].size).size_wh)
