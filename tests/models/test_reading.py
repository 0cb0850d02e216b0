"""What models do not read of prompts, with each kind of tokenizer that can be loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from open_clip.tokenizer import HFTokenizer, SigLipTokenizer, SimpleTokenizer
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from tests.tiny_models import WORDS
from vpe_core.models import VisionLanguageModel
from vpe_core.models.reading import Reader, Reading
from vpe_core.models.word_tokenizer import WordTokenizer

CONTEXT = 20


def saved_words(folder: Path) -> Path:
    """A tokenizer of whole words, as the libraries of Hugging Face read it."""
    names = ["[PAD]", "</s>", "[UNK]", "[CLS]", *(word for word in WORDS if word.isalpha())]
    inner = Tokenizer(models.WordLevel({name: index for index, name in enumerate(names)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A </s>", special_tokens=[("[CLS]", 3), ("</s>", 1)]
    )
    special = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "bos_token": "[CLS]",
        "eos_token": "</s>",
    }
    PreTrainedTokenizerFast(tokenizer_object=inner, **special).save_pretrained(folder)
    return folder


def siglip(folder: Path) -> SigLipTokenizer:
    """Its class fetches a vocabulary by itself; here it gets another one."""
    tokenizer = SigLipTokenizer.__new__(SigLipTokenizer)
    tokenizer.tokenizer = PreTrainedTokenizerFast.from_pretrained(saved_words(folder))
    tokenizer.context_length = CONTEXT
    return tokenizer


KINDS: dict[str, Any] = {
    "simple": lambda _: SimpleTokenizer(context_length=CONTEXT),
    "words": lambda _: WordTokenizer.from_words([word for word in WORDS if word.isalpha()], CONTEXT),
    "hugging face": lambda folder: HFTokenizer(str(saved_words(folder)), context_length=CONTEXT),
    "clips": lambda folder: HFTokenizer(str(saved_words(folder)), context_length=CONTEXT, tokenizer_mode="clips"),
    "siglip": siglip,
}
KEPT = {"clips": CONTEXT - 3}  # one place less; open_clip keeps one free for the class token at the end


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reader(kind: str, tmp_path: Path) -> Reader:
    return Reader(KINDS[kind](tmp_path))


def test_words_beyond_the_context_are_told_for_every_tokenizer(reader: Reader, kind: str) -> None:
    kept = KEPT.get(kind, CONTEXT - 2)
    full = ["lung"] * (kept - 2) + ["chest", "red"]
    assert reader.fits(" ".join(full))
    assert reader.reading((" ".join(full),)) == Reading(CONTEXT, 1)
    long = " ".join([*full, "pleural", "effusion"])
    assert not reader.fits(long)
    assert reader.words_read(long) == tuple(full)
    read = reader.reading((long, "lung"))
    assert read == Reading(CONTEXT, 2, too_long=1, words=kept, last_words="lung chest red")
    assert read.losses("CLIP") == (
        f"1 of 2 prompts is too long: CLIP reads the first {CONTEXT} tokens, about {kept} words, up to “… lung chest "
        "red”; the rest is lost.",
    )


def test_prompts_that_differ_beyond_the_cut_only_are_read_alike(reader: Reader) -> None:
    start = "lung " * CONTEXT
    read = reader.reading((f"{start}nodule", f"{start}effusion"))
    assert (read.too_long, read.alike) == (2, 2)
    too_long, alike = read.losses("CLIP")
    assert too_long.startswith("The prompt is too long: CLIP reads")
    assert alike == "All prompts are read alike: what they differ in is lost, so CLIP cannot tell their classes apart."
    (_, alike) = reader.reading((f"{start}nodule", f"{start}effusion", "nodule")).losses("CLIP")
    assert alike.startswith("2 prompts are read like another one: ")


def test_words_that_a_tokenizer_cannot_spell_are_told(reader: Reader, kind: str) -> None:
    unknown = () if kind == "simple" else ("florbish", "glorb")
    assert reader.unknown_words("lung florbish, nodule glorb florbish!") == unknown
    assert reader.reading(("lung florbish", "lung glorb")).alike == len(unknown)


def test_a_word_that_is_cut_in_the_middle_is_not_read() -> None:
    reader = Reader(SimpleTokenizer(context_length=CONTEXT))
    start = ["lung"] * (CONTEXT - 3)
    assert len(SimpleTokenizer().encode("pneumothorax")) > 1
    read = reader.reading((" ".join([*start, "pneumothorax"]),))
    assert (read.too_long, read.words) == (1, CONTEXT - 3)
    assert reader.words_read("x" * 1000) == ()
    (told,) = reader.reading(("x" * 1000,)).losses("CLIP")
    assert (
        told
        == f"The prompt is too long: CLIP reads the first {CONTEXT} tokens, not one word in full; the rest is lost."
    )


def test_signs_letters_and_spaces_of_all_kinds(reader: Reader) -> None:
    for text in ("", " ", "!" * 10, "肺结节 肺", "é" * 9, "lung\n\tnodule"):
        assert reader.fits(text)
        assert reader.reading((text,)).losses("CLIP") == ()
    assert reader.reading(()).losses("CLIP") == ()


@pytest.mark.parametrize("family", ["native", "timm"])
def test_models_of_both_families_tell_it(
    family: str, models: dict[str, VisionLanguageModel], noise: list[Image.Image]
) -> None:
    model = models[family]
    start = "A chest x-ray with signs of lung " * 6
    prompts = [start + "nodule", start + "effusion"]
    assert model.classify(noise[:1], prompts, template=None).tolist() == [[0.5, 0.5]]
    assert 0 < model.reading(prompts).words < len(start.split())
    assert len(model.reading(prompts).losses(model.spec.title)) == 2
    assert model.reading(["lung nodule"]).words == 0
    assert model.unknown_words(["florbish nodule"]) == (() if family == "native" else ("florbish",))
