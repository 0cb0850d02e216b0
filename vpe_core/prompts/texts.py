"""Checks on what people type: class names, templates, lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from vpe_core.errors import PromptError

MAX_CLASS_CHARS = 100
MAX_TEMPLATE_CHARS = 300
MAX_CLASSES = 100
MAX_TEMPLATES = 50

_NAMES = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?=[,;\r\n]|$)|([^,;\r\n]+)')
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(text: str, what: str, max_chars: int) -> str:
    """The text without surrounding space, if it may be used in a prompt and shown on a page.

    Any script, sign and emoji may; what may not are characters that hide, break lines or turn the writing direction.

    Raises:
        PromptError: It is empty, too long or holds such a character.
    """
    if not isinstance(text, str):
        raise PromptError(f"Expected {what} as text, but got {type(text).__name__}.")
    cleaned = text.strip()
    if not cleaned:
        raise PromptError(f"Expected {what}, but got nothing.")
    if len(cleaned) > max_chars:
        raise PromptError(f"Expected {what} of at most {max_chars} characters, but got {len(cleaned)}. Shorten it.")
    for character in cleaned:
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _DIRECTION_CONTROLS:
            raise PromptError(
                f"Expected {what} of plain text, but it holds the control character U+{ord(character):04X}. Remove it."
            )
    return cleaned


def as_texts(texts: str | Iterable[str], what: str = "texts") -> list[str]:
    """One text or many as a list: a text by itself is one, and never taken for its letters.

    Args:
        texts: A text, or any number of them.
        what: They are, for the message.

    Raises:
        PromptError: Something is no text.
    """
    if isinstance(texts, str):
        return [texts]
    if isinstance(texts, bytes | Mapping) or not isinstance(texts, Iterable):
        raise PromptError(f"Expected {what} as one text or a list of them, but got a {type(texts).__name__}.")
    listed = list(texts)
    for text in listed:
        if not isinstance(text, str):
            raise PromptError(f"Expected {what} as one text or a list of them, but the list holds {repr(text)[:60]}.")
    return listed


def folded(name: str) -> str:
    """What two names have in common that differ only in case, in how accents are encoded, or in what cannot be seen.

    That is the kind and number of spaces, and characters without width, as web pages and spreadsheets leave them.
    """
    return seen(unicodedata.normalize("NFC", name)).casefold()


def seen(name: str) -> str:
    """The name as it looks: with plain spaces, and without characters that are not shown."""
    return " ".join("".join(one for one in name if unicodedata.category(one) != "Cf").split())


def check_classes(classes: object) -> tuple[str, ...]:
    """The class names, cleaned.

    Args:
        classes: 1 to 100 different names.

    Raises:
        PromptError: There are none or too many, or one is given twice or not valid.
    """
    if isinstance(classes, str) or not hasattr(classes, "__iter__"):
        raise PromptError(f"Expected a list of class names, but got {str(classes)[:60]!r}.")
    names = tuple(clean_text(name, "a class name", MAX_CLASS_CHARS) for name in classes)
    if not 1 <= len(names) <= MAX_CLASSES:
        raise PromptError(f"Expected 1 to {MAX_CLASSES} class names, but got {len(names)}.")
    folds = [folded(name) for name in names]
    if twice := next((name for name, fold in zip(names, folds, strict=True) if folds.count(fold) > 1), None):
        raise PromptError(f"Expected different class names, but {twice!r} is given twice.")
    return names


def check_choice(classes: object) -> tuple[str, ...]:
    """The class names, cleaned, if there is something to choose from.

    Args:
        classes: 2 to 100 different names.

    Raises:
        PromptError: There is one only, or see `check_classes`.
    """
    names = check_classes(classes)
    refuse_single(names)
    return names


def refuse_single(classes: Sequence[str]) -> None:
    """Refuse a single class.

    Raises:
        PromptError: There is one class only.
    """
    if len(classes) == 1:
        raise PromptError(
            f"Expected at least 2 classes, but got only {classes[0]!r}: a softmax over one class is 1 whatever the "
            "image shows. Add what it could be instead."
        )


def parse_classes(text: str) -> tuple[str, ...]:
    """Class names from a text field: separated by commas, semicolons or line breaks; empty ones are left out.

    A name in quotation marks is one, whatever it holds, as in a CSV file.

    Raises:
        PromptError: A quotation mark is not closed, or see `check_classes`.

    Example:
        >>> parse_classes('"nodule, left", 6" mass')
        ('nodule, left', '6" mass')
    """
    parts = []
    for quoted, plain in _NAMES.findall(text):
        if plain.lstrip().startswith('"'):
            raise PromptError(
                f'Expected class names, but {plain.strip()[:60]!r} begins with a quotation mark (") that does not '
                "close it. Close it at the end of the name, or remove it."
            )
        parts.append(quoted.replace('""', '"') or plain)
    return check_classes([part for part in parts if part.strip()])
