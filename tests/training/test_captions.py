from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.prompts import PAPER_TEMPLATE, build_prompts
from vpe_core.training import captions
from vpe_core.training.captions import CLASSES, LOOKS, Meaning
from vpe_core.training.hand_markers import KINDS, PALETTE
from vpe_core.training.network import CONTEXT_LENGTH

SIDES, ZONES = ("left", "right"), ("upper", "middle", "lower")


@pytest.fixture(scope="module")
def tokenizer() -> WordTokenizer:
    return WordTokenizer.from_words(captions.vocabulary(), CONTEXT_LENGTH)


def spoken(markers: bool = True) -> list[str]:
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(600):
        finding, side, zone = int(rng.integers(len(CLASSES))), str(rng.choice(SIDES)), str(rng.choice(ZONES))
        marker, color = (str(rng.choice(KINDS)), str(rng.choice(list(PALETTE)))) if markers else ("", "")
        texts += [
            captions.finding_caption(rng, Meaning("finding", finding, side, zone), rng.random(), marker, color),
            captions.finding_caption(rng, Meaning("finding", 7, look=str(rng.choice(list(LOOKS)))), 0.5),
            captions.healthy_caption(rng, marker, color),
            captions.absent_caption(rng, finding),
            *captions.class_prompts(rng, marker, color),
            *captions.look_prompts(rng),
        ]
    return texts


def test_every_word_that_is_spoken_is_read(tokenizer: WordTokenizer) -> None:
    assert {word for text in spoken() for word in tokenizer.unknown_words(text)} == set()


@pytest.mark.parametrize("markers", [True, False])
def test_it_holds_no_word_that_is_never_spoken(markers: bool) -> None:
    texts = spoken(markers)
    heard = {word for text in texts for word in captions.normalize(text).split()}
    assert set(captions.vocabulary(markers)) == heard


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
    assert tokenizer.unknown_words("A chest x-ray with Hamartoma, lung nodule, hamartoma, xyz!") == ("hamartoma", "xyz")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("肺结节, nodule", ("肺结节",)),
        ("Épanchement pleural", ("épanchement",)),
        ("nodule - 😀 … lung", ()),
        ("lung_nodule", ()),
        (" ".join(["lung"] * (CONTEXT_LENGTH - 2)), ()),
        (" ".join(["lung"] * (CONTEXT_LENGTH - 2)) + " nodule", ("nodule",)),
    ],
)
def test_words_of_other_scripts_and_words_beyond_the_context_are_reported(
    tokenizer: WordTokenizer, text: str, words: tuple[str, ...]
) -> None:
    assert tokenizer.unknown_words(text) == words
    assert tokenizer.fits(text) == (words != ("nodule",))


def test_words_that_were_never_trained_are_reported_and_kept_with_the_tokenizer(tmp_path: Path) -> None:
    WordTokenizer.from_words(["lung", "red"], 24, untrained=["red"]).save(tmp_path)
    (tmp_path / "open_clip_config.json").write_text('{"model_cfg": {"text_cfg": {"context_length": 24}}}')
    assert WordTokenizer.from_folder(tmp_path).unknown_words("red lung") == ("red",)


def test_ids_end_with_the_highest_and_are_padded(tokenizer: WordTokenizer) -> None:
    ids = tokenizer(["lung nodule", "zebra"]).tolist()
    end = tokenizer.vocabulary_size - 1
    assert ids[0].index(end) == 3
    assert ids[1][1] == 1  # unknown
    assert all(row[-1] == 0 and len(row) == CONTEXT_LENGTH for row in ids)
    assert tokenizer("Lung NODULE!").tolist()[0] == ids[0]
