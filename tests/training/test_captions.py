from __future__ import annotations

import numpy as np
import pytest

from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.prompts import PAPER_TEMPLATE, build_prompts
from vpe_core.training import captions
from vpe_core.training.captions import CLASSES, LOOKS, Meaning


@pytest.fixture(scope="module")
def tokenizer() -> WordTokenizer:
    return WordTokenizer.from_words(captions.vocabulary(), 24)


def spoken() -> list[str]:
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(400):
        finding = int(rng.integers(len(CLASSES)))
        texts += [
            captions.finding_caption(rng, Meaning("finding", finding, "left", "upper"), rng.random(), "bbox", "green"),
            captions.finding_caption(rng, Meaning("finding", 7, look="benign"), 0.5),
            captions.healthy_caption(rng, "arrow", "red"),
            captions.absent_caption(rng, finding),
            *captions.class_prompts(rng, "circle", "red"),
            *captions.look_prompts(rng),
        ]
    return texts


def test_the_vocabulary_holds_every_word_that_is_spoken(tokenizer: WordTokenizer) -> None:
    assert {word for text in spoken() for word in tokenizer.unknown_words(text)} == set()


def test_no_caption_is_cut_off(tokenizer: WordTokenizer) -> None:
    end = tokenizer.vocabulary_size - 1
    assert all((ids == end).any() for ids in tokenizer(spoken()))


@pytest.mark.parametrize("marker", ["circle", "bbox", "arrow"])
def test_the_papers_prompts_are_known(tokenizer: WordTokenizer, marker: str) -> None:
    prompts = build_prompts(CLASSES, PAPER_TEMPLATE, marker=marker, color="red", suffix=True)
    assert {word for prompt in prompts for word in tokenizer.unknown_words(str(prompt))} == set()
    for look in LOOKS:
        assert tokenizer.unknown_words(f"A chest X-ray with a {look} lung nodule.") == ()


def test_class_prompts_share_one_template() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        prompts = captions.class_prompts(rng)
        names = [*CLASSES, "no abnormality"]
        assert len({prompt.replace(name, "{}") for prompt, name in zip(prompts, names, strict=True)}) == 1


def test_unknown_words_are_reported_in_order(tokenizer: WordTokenizer) -> None:
    assert tokenizer.unknown_words("A chest x-ray with Hamartoma, lung nodule and hamartoma or xyz!") == (
        "hamartoma",
        "xyz",
    )


def test_ids_end_with_the_highest_and_are_padded(tokenizer: WordTokenizer) -> None:
    ids = tokenizer(["lung nodule", "zebra"]).tolist()
    end = tokenizer.vocabulary_size - 1
    assert ids[0].index(end) == 3
    assert ids[1][1] == 1  # unknown
    assert all(row[-1] == 0 and len(row) == 24 for row in ids)
    assert tokenizer("Lung NODULE!").tolist()[0] == ids[0]
