"""Ensembles against loops, and the cases in which they must equal a single member."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vpe_core import scoring
from vpe_core.errors import ScoringError
from vpe_core.scoring import ClassTexts, mean_embedding, mean_score, normalised, score_ensemble

RNG = np.random.default_rng(1)
VARIANTS = RNG.normal(size=(3, 20, 16)).astype(np.float32)
TEXTS = ClassTexts(RNG.normal(size=(5, 16)), 20.0, RNG.normal(size=(5, 16)))
COMBINATIONS = ("embedding", "score")


def test_template_ensemble_equals_open_clips_zero_shot_recipe():
    templates = RNG.normal(size=(4, 6, 16)) * RNG.exponential(size=(4, 6, 1))
    by_class = []
    for number in range(6):
        of_class = torch.nn.functional.normalize(torch.from_numpy(templates[:, number]), dim=-1).mean(dim=0)
        by_class.append(of_class / of_class.norm())
    np.testing.assert_allclose(mean_embedding(templates), torch.stack(by_class).numpy(), rtol=1e-10)


def test_the_length_of_a_member_gives_it_no_say():
    stretched = VARIANTS * np.array([1, 50, 0.01])[:, None, None]
    np.testing.assert_allclose(mean_embedding(stretched), mean_embedding(VARIANTS), rtol=1e-5)


def test_mean_score_is_the_plain_mean():
    members = RNG.random((3, 20, 5))
    np.testing.assert_allclose(mean_score(members), (members[0] + members[1] + members[2]) / 3)
    expected = (members[0] + 3 * members[2]) / 4
    np.testing.assert_allclose(mean_score(members, weights=[1, 0, 3]), expected)


@pytest.mark.parametrize("name", scoring.names())
@pytest.mark.parametrize("combine", COMBINATIONS)
def test_an_ensemble_of_one_or_of_equals_is_the_member(name, combine):
    alone = scoring.get(name)(VARIANTS[0], TEXTS)
    for members in ([VARIANTS[0]], [VARIANTS[0], VARIANTS[0]]):
        np.testing.assert_allclose(score_ensemble(members, TEXTS, name, combine), alone, rtol=1e-9)


@pytest.mark.parametrize("name", scoring.names())
@pytest.mark.parametrize("combine", COMBINATIONS)
def test_weights_choose_members_and_order_does_not_matter(name, combine):
    only_second = score_ensemble(VARIANTS, TEXTS, name, combine, weights=[0, 1, 0])
    np.testing.assert_allclose(only_second, scoring.get(name)(VARIANTS[1], TEXTS), rtol=1e-9)
    forth = score_ensemble(VARIANTS, TEXTS, name, combine, weights=[1, 2, 3])
    back = score_ensemble(VARIANTS[::-1], TEXTS, name, combine, weights=[3, 2, 1])
    np.testing.assert_allclose(back, forth, rtol=1e-9)


def test_combining_scores_is_scoring_each_and_averaging():
    expected = sum(scoring.get("paper")(variant, TEXTS) for variant in VARIANTS) / 3
    np.testing.assert_allclose(score_ensemble(VARIANTS, TEXTS, "paper", "score"), expected)


def test_combining_embeddings_is_scoring_the_mean_direction():
    directions = sum(normalised(variant) for variant in VARIANTS)
    expected = scoring.get("paper")(directions, TEXTS)
    np.testing.assert_allclose(score_ensemble(VARIANTS, TEXTS, "paper", "embedding"), expected, rtol=1e-9)


def test_each_variant_can_have_texts_of_its_own():
    own = [ClassTexts(RNG.normal(size=(5, 16)), 20.0, RNG.normal(size=(5, 16))) for _ in VARIANTS]
    each = [scoring.get("pairs")(variant, one) for variant, one in zip(VARIANTS, own, strict=True)]
    np.testing.assert_allclose(score_ensemble(VARIANTS, own, "pairs", "score"), np.mean(each, axis=0))
    present, absent = (
        sum(normalised(side) for side in sides)
        for sides in zip(*((one.positive, one.negative) for one in own), strict=True)
    )
    directions = sum(normalised(variant) for variant in VARIANTS)
    expected = scoring.get("pairs")(directions, ClassTexts(present, 20.0, absent))
    np.testing.assert_allclose(score_ensemble(VARIANTS, own, "pairs"), expected, rtol=1e-9)
    np.testing.assert_allclose(score_ensemble(VARIANTS, [TEXTS] * 3, "paper"), score_ensemble(VARIANTS, TEXTS, "paper"))
    with pytest.raises(ScoringError, match="texts for each of the 3 variants, but got 2"):
        score_ensemble(VARIANTS, own[:2])


def test_the_mean_cosine_is_the_cosine_of_the_mean_up_to_its_length():
    lengths = np.linalg.norm(np.mean([normalised(variant) for variant in VARIANTS], axis=0), axis=1, keepdims=True)
    by_score = score_ensemble(VARIANTS, TEXTS, "cosine", "score")
    np.testing.assert_allclose(by_score, lengths * score_ensemble(VARIANTS, TEXTS, "cosine", "embedding"), rtol=1e-9)


def test_members_that_cancel_out_have_no_mean_direction():
    with pytest.raises(ScoringError, match="non-zero length"):
        mean_embedding([[[1.0, 0.0]], [[-1.0, 0.0]]])


@pytest.mark.parametrize("weights", [[1, 1], [1, 1, -1], [0, 0, 0], [1, 1, np.nan]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ScoringError, match="Expected 3 weights"):
        mean_score(np.zeros((3, 2, 2)), weights)


def test_variants_that_do_not_fit_are_refused():
    for variants in ([], [VARIANTS[0], VARIANTS[1][:5]]):
        with pytest.raises(ScoringError, match="variants of the same images"):
            score_ensemble(variants, TEXTS)
    with pytest.raises(ScoringError, match="at least one member"):
        mean_embedding(np.empty((0, 4, 8)))
    with pytest.raises(ScoringError, match="'embedding' or 'score', but got 'vote'"):
        score_ensemble(VARIANTS, TEXTS, combine="vote")
    with pytest.raises(ScoringError, match="no scoring called"):
        score_ensemble(VARIANTS, TEXTS, scoring="vote")
