"""Scorings against torch's own arithmetic, against plain loops, and at the limits of the number types."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from vpe_core import scoring
from vpe_core.errors import ScoringError
from vpe_core.scoring import ClassTexts, cosines, ensembles, methods, normalised

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(50, 32)).astype(np.float32)
POSITIVE = RNG.normal(size=(7, 32)).astype(np.float32)
NEGATIVE = RNG.normal(size=(7, 32)).astype(np.float32)
TEXTS = ClassTexts(POSITIVE, logit_scale=100.0, negative=NEGATIVE)


def plain_cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Sample by sample, with the sums of the standard library."""
    one, other = [float(value) for value in one], [float(value) for value in other]
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return product / math.sqrt(math.fsum(a * a for a in one) * math.fsum(b * b for b in other))


def test_cosines_equal_scipy():
    np.testing.assert_allclose(cosines(IMAGES, POSITIVE), 1 - cdist(IMAGES, POSITIVE, "cosine"), atol=1e-12)
    np.testing.assert_array_equal(scoring.get("cosine")(IMAGES, TEXTS), cosines(IMAGES, POSITIVE))


def test_paper_equals_open_clips_recipe_in_torch():
    images = torch.nn.functional.normalize(torch.from_numpy(IMAGES).double(), dim=-1)
    texts = torch.nn.functional.normalize(torch.from_numpy(POSITIVE).double(), dim=-1)
    expected = (100.0 * images @ texts.T).softmax(dim=-1).numpy()
    np.testing.assert_allclose(scoring.get("paper")(IMAGES, TEXTS), expected, rtol=1e-10)


def test_paper_equals_a_plain_loop():
    probabilities = scoring.get("paper")(IMAGES[:5], TEXTS)
    for image, row in zip(IMAGES[:5], probabilities, strict=True):
        logits = [100.0 * plain_cosine(image, text) for text in POSITIVE]
        total = math.fsum(math.exp(logit - max(logits)) for logit in logits)
        assert row == pytest.approx([math.exp(logit - max(logits)) / total for logit in logits], rel=1e-10)


def test_pairs_is_a_softmax_over_the_two_texts_of_a_class():
    probabilities = scoring.get("pairs")(IMAGES, TEXTS)
    for number in range(7):
        two = ClassTexts(np.stack([POSITIVE[number], NEGATIVE[number]]), logit_scale=100.0)
        np.testing.assert_allclose(probabilities[:, number], scoring.get("paper")(IMAGES, two)[:, 0], rtol=1e-9)


@pytest.mark.parametrize("name", scoring.names())
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 0.05), (np.float32, 1e-12), (np.float64, 1e-12)])
def test_precision_in_float64_out(name, dtype, tolerance):
    texts = ClassTexts(POSITIVE.astype(dtype), 100.0, NEGATIVE.astype(dtype))
    scores = scoring.get(name)(IMAGES.astype(dtype), texts)
    assert scores.dtype == np.float64
    assert scores.shape == (50, 7)
    np.testing.assert_allclose(scores, scoring.get(name)(IMAGES, TEXTS), atol=tolerance)


@pytest.mark.parametrize("name", scoring.names())
def test_neither_length_nor_batch_matters(name):
    scores = scoring.get(name)(IMAGES, TEXTS)
    one_by_one = np.concatenate([scoring.get(name)(image[None], TEXTS) for image in IMAGES])
    np.testing.assert_allclose(one_by_one, scores, rtol=1e-10)
    longer = ClassTexts(POSITIVE * 4, 100.0, NEGATIVE / 8)  # powers of two are exact in any precision
    np.testing.assert_allclose(scoring.get(name)(IMAGES * 1024, longer), scores, rtol=1e-9)


def test_blocks_of_rows_do_not_change_the_result(monkeypatch):
    at_once = cosines(IMAGES, POSITIVE)
    monkeypatch.setattr("vpe_core.scoring.embeddings._ROWS_AT_A_TIME", 7)
    np.testing.assert_allclose(cosines(IMAGES, POSITIVE), at_once, rtol=1e-12)


@pytest.mark.parametrize("logit_scale", [1e-6, 1.0, 100.0, 1e6])
def test_softmax_never_overflows_and_rows_sum_to_one(logit_scale):
    opposite = ClassTexts(np.stack([IMAGES[0], -IMAGES[0]]), logit_scale, np.stack([-IMAGES[0], IMAGES[0]]))
    probabilities = scoring.get("paper")(IMAGES, opposite)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert np.isfinite(scoring.get("pairs")(IMAGES, opposite)).all()


def test_float16_lengths_do_not_overflow():
    large = np.full((1, 512), 60_000, dtype=np.float16)
    np.testing.assert_allclose(normalised(large), np.full((1, 512), 512**-0.5))


def test_no_images_give_no_rows():
    for name in scoring.names():
        assert scoring.get(name)(np.empty((0, 32), dtype=np.float32), TEXTS).shape == (0, 7)


def test_inputs_are_left_alone():
    images, texts = IMAGES.copy(), POSITIVE.copy()
    images.flags.writeable = texts.flags.writeable = False
    scoring.get("paper")(images, ClassTexts(texts, 100.0))


@pytest.mark.parametrize(
    ("images", "texts", "message"),
    [
        (IMAGES[:, :16], POSITIVE, "one width, but got 16 and 32"),
        (IMAGES[0], POSITIVE, "images as numbers of shape"),
        (IMAGES, POSITIVE[0], "texts as numbers of shape"),
        (np.array([["a"]]), POSITIVE, "images as numbers of shape"),
        (np.zeros((1, 32)), POSITIVE, "non-zero length"),
        (np.full((1, 32), np.nan), POSITIVE, "non-zero length"),
        (IMAGES, np.full((1, 32), np.inf), "non-zero length"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(images, texts, message):
    with pytest.raises(ScoringError, match=message):
        scoring.get("paper")(images, ClassTexts(texts, 100.0))


@pytest.mark.parametrize("logit_scale", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_logit_scale_is_refused(logit_scale):
    with pytest.raises(ScoringError, match="positive logit scale"):
        ClassTexts(POSITIVE, logit_scale)


def test_pairs_wants_a_negative_for_each_class():
    with pytest.raises(ScoringError, match="there are none"):
        scoring.get("pairs")(IMAGES, ClassTexts(POSITIVE, 100.0))
    with pytest.raises(ScoringError, match="each of the 7 classes, but got 3"):
        scoring.get("pairs")(IMAGES, ClassTexts(POSITIVE, 100.0, NEGATIVE[:3]))


def test_an_unknown_scoring_lists_the_choices():
    with pytest.raises(ScoringError, match="paper, cosine, pairs"):
        scoring.get("softmax")


@pytest.mark.parametrize("module", [methods, ensembles])
def test_examples_in_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
