"""What a model reads of a text: tokenizers drop what is beyond the context, and some words that they cannot spell."""

from __future__ import annotations

import string
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from vpe_core.cache import BoundedCache

if TYPE_CHECKING:
    from torch import Tensor

Tokenizer: TypeAlias = "Callable[[list[str]], Tensor]"
"""From texts to token ids, (n, `context_length`); that is an attribute of it."""

_SPECIAL_TOKENS = 4
"""At most so many does a tokenizer add to those of the text itself."""
_QUOTED_WORDS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What becomes of some prompts.

    Attributes:
        tokens: How many tokens of a prompt the model reads at most.
        prompts: How many different prompts there are.
        too_long: How many of them are longer than that.
        words: How many words are read of the one that loses most; 0 if none is too long, or not one is read.
        last_words: The last words that are read of this one.
        alike: How many of the prompts are read exactly like another one.
    """

    tokens: int
    prompts: int
    too_long: int = 0
    words: int = 0
    last_words: str = ""
    alike: int = 0

    def losses(self, title: str) -> tuple[str, ...]:
        """Sentences about what is lost; none if everything is read and told apart.

        Args:
            title: Of the model.
        """
        sentences = []
        if self.too_long:
            some = f"{self.too_long} of {self.prompts} prompts {'is' if self.too_long == 1 else 'are'}"
            which = "The prompt is" if self.too_long == self.prompts else some
            read = f"about {self.words} words, up to “… {self.last_words}”" if self.words else "not one word in full"
            sentences.append(
                f"{which} too long: {title} reads the first {self.tokens} tokens, {read}; the rest is lost."
            )
        if self.alike:
            all_alike = self.alike == self.prompts
            which = "All prompts are read alike" if all_alike else f"{self.alike} prompts are read like another one"
            sentences.append(f"{which}: what they differ in is lost, so {title} cannot tell their classes apart.")
        return tuple(sentences)


class Reader:
    """Reads texts with any tokenizer of open_clip, or our own, and tells what it drops. Safe to share by threads.

    Tokenizers are not, so nobody else may use this one.

    Args:
        tokenizer: From texts to token ids (n, `context_length`); our own also tells `fits` and `unknown_words`.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._readings = BoundedCache(256)
        self._unknown = BoundedCache(1024)

    def __reduce__(self) -> tuple[type[Reader], tuple[Any]]:
        return type(self), (self._tokenizer,)

    def ids(self, texts: Sequence[str], **options: Any) -> Tensor:
        """Token ids, (n, `tokens`); `options` are the tokenizer's own."""
        with self._lock:
            ids: Tensor = self._tokenizer(list(texts), **options)
        return ids

    def reading(self, texts: tuple[str, ...]) -> Reading:
        """What becomes of some prompts."""
        return self._readings.get_or_compute(texts, lambda: self._reading(texts))

    @property
    def tokens(self) -> int:
        """How many tokens of a text are read, those counted that mark its start and end."""
        return int(self._tokenizer.context_length)

    def fits(self, text: str) -> bool:
        """Whether nothing of a text is cut off: without truncation it has no more tokens than with it."""
        if own := getattr(self._tokenizer, "fits", None):
            with self._lock:
                return bool(own(text))
        room = len(text.encode()) + _SPECIAL_TOKENS  # a token stands for a byte at least
        return room <= self.tokens or self._count(text, room) == self._count(text, self.tokens)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words that the tokenizer cannot spell, so that one and the same token stands for each of them."""
        return self._unknown.get_or_compute(text, lambda: self._unknown_words(text))

    def _unknown_words(self, text: str) -> tuple[str, ...]:
        if own := getattr(self._tokenizer, "unknown_words", None):
            with self._lock:
                return tuple(own(text))
        inner = getattr(self._tokenizer, "tokenizer", None)
        unknown = getattr(inner, "unk_token_id", None)
        if inner is None or unknown is None:
            return ()
        clean = getattr(self._tokenizer, "clean_fn", str)
        words = (word.strip(string.punctuation) or word for word in clean(text).split())
        with self._lock:
            return tuple(
                dict.fromkeys(word for word in words if unknown in inner(word, add_special_tokens=False)["input_ids"])
            )

    def words_read(self, text: str) -> tuple[str, ...]:
        """The first words of a text, as many as are read in full."""
        words = text.split()
        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.fits(" ".join(words[:middle])) else (low, middle - 1)
        return tuple(words[:low])

    def _reading(self, texts: tuple[str, ...]) -> Reading:
        distinct = list(dict.fromkeys(texts))
        if not distinct:
            return Reading(self.tokens, 0)
        cut = [self.words_read(text) for text in distinct if not self.fits(text)]
        shortest: Sequence[str] = min(cut, key=len, default=())
        ids = Counter(tuple(row) for row in self.ids(distinct).tolist())
        return Reading(
            tokens=self.tokens,
            prompts=len(distinct),
            too_long=len(cut),
            words=len(shortest),
            last_words=" ".join(shortest[-_QUOTED_WORDS:]),
            alike=sum(count for count in ids.values() if count > 1),
        )

    def _count(self, text: str, context_length: int) -> int:
        ids = self.ids([text], context_length=context_length)[0].tolist()
        return sum(token != self._padding for token in ids)

    @cached_property
    def _padding(self) -> int:
        """What an empty text consists of, but for its start and end."""
        return int(Counter(self.ids([""], context_length=64)[0].tolist()).most_common(1)[0][0])
