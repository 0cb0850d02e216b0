"""The embedded models' tokenizer: one token a word, a small vocabulary, and a report of what the model cannot read.

It is an ordinary `tokenizers` file (tokenizer.json), so `open_clip.get_tokenizer("local-dir:…")` reads it as well; this
class gives the same ids without importing transformers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from vpe_core.errors import ModelError

if TYPE_CHECKING:
    from torch import LongTensor

PAD, UNKNOWN, START, END = "<pad>", "<unk>", "<sos>", "<eos>"
WORD = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_ANY_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")  # in any script


class WordTokenizer:
    """Texts to token ids of a fixed length; ids of START … END, then padding. END has the highest id of all.

    Args:
        tokenizer: a word-level `tokenizers.Tokenizer`.
        context_length: tokens a text; longer texts lose their last words.
        untrained: words of the vocabulary that no caption of the training ever held.
    """

    def __init__(self, tokenizer: Tokenizer, context_length: int, untrained: Iterable[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._untrained = frozenset(untrained)
        self.context_length = context_length
        self._tokenizer.enable_padding(pad_id=0, pad_token=PAD, length=context_length)
        self._tokenizer.enable_truncation(context_length)

    @staticmethod
    def from_words(words: Sequence[str], context_length: int, untrained: Iterable[str] = ()) -> WordTokenizer:
        """A new tokenizer whose vocabulary is exactly `words`."""
        vocabulary = {token: index for index, token in enumerate((PAD, UNKNOWN, START, *words, END))}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
        tokenizer.normalizer = normalizers.Lowercase()
        # Keep words, drop everything between them.
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(WORD), "isolated"), pre_tokenizers.Split(Regex(r"[^a-z0-9-]+"), "removed")]
        )
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{START} $A {END}", special_tokens=[(START, vocabulary[START]), (END, vocabulary[END])]
        )
        return WordTokenizer(tokenizer, context_length, untrained)

    @staticmethod
    def from_folder(folder: Path) -> WordTokenizer:
        """Reads tokenizer.json, the untrained words and the context length of a model folder.

        Raises:
            ModelError: a file is missing or broken.
        """
        try:
            config = json.loads((folder / "open_clip_config.json").read_text())
            length = int(config["model_cfg"]["text_cfg"]["context_length"])
            untrained = json.loads((folder / "tokenizer_config.json").read_text()).get("untrained_words", ())
            return WordTokenizer(Tokenizer.from_file(str(folder / "tokenizer.json")), length, untrained)
        except Exception as error:  # `tokenizers` raises bare Exception
            raise ModelError(f"Could not read the word tokenizer in {folder}: {error}.") from error

    def save(self, folder: Path) -> None:
        """Writes the files that this class and transformers read."""
        self._tokenizer.save(str(folder / "tokenizer.json"))
        special = {"pad_token": PAD, "unk_token": UNKNOWN, "bos_token": START, "eos_token": END}
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": self.context_length,
            **special,
            "untrained_words": sorted(self._untrained),
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")

    @property
    def vocabulary(self) -> dict[str, int]:
        """The words, and what START, END and the like are called, with their ids."""
        return dict(self._tokenizer.get_vocab())

    @property
    def vocabulary_size(self) -> int:
        return self._tokenizer.get_vocab_size()

    def __call__(self, texts: str | Sequence[str]) -> LongTensor:
        """Token ids, int64 (n, context_length)."""
        import torch

        batch = self._tokenizer.encode_batch([texts] if isinstance(texts, str) else list(texts))
        return torch.tensor([item.ids for item in batch], dtype=torch.long)  # type: ignore[return-value]

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` that the model cannot read: those it never saw, then those beyond its context length."""
        lower = text.lower()
        never = [word for word in _ANY_WORD.findall(lower) if not self._is_trained(word)]
        return tuple(dict.fromkeys(never + self._pieces(lower)[self.words_read :]))

    def fits(self, text: str) -> bool:
        """Whether all words of the text are read."""
        return len(self._pieces(text.lower())) <= self.words_read

    @property
    def words_read(self) -> int:
        """Words that fit into the context; START and END take a place each."""
        return self.context_length - 2

    def _pieces(self, lower: str) -> list[str]:
        return [word for word, _ in self._tokenizer.pre_tokenizer.pre_tokenize_str(lower)]

    def _is_trained(self, word: str) -> bool:
        return self._tokenizer.token_to_id(word) is not None and word not in self._untrained
