"""JSON and TOML that others wrote: read within limits, told what is wrong with it in words.

A document may be enormous, nested without end, in another encoding, or of another form than expected; each of these is
a `DocumentError`, which callers turn into their own `VPEError`.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar

MAX_BYTES = 300_000_000
_FORMS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
_NESTED = "it is nested too deeply"

Form = TypeVar("Form", dict[str, Any], list[Any])


class DocumentError(ValueError):
    """Why a document cannot be used, to stand in a sentence."""


def read_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a file.

    Raises:
        OSError: It cannot be read.
        DocumentError: It is too large, or no file system takes its name.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except ValueError as error:  # a null byte, or half of a surrogate pair
        raise DocumentError(f"no file can have this name ({error})") from None
    if len(data) > max_bytes:
        raise DocumentError(f"expected at most {max_bytes / 1e6:,.0f} MB, but it is larger")
    return data


def as_text(data: bytes, form: str = "text") -> str:
    """UTF-8 text, with or without a byte order mark.

    Args:
        data: The content of a file.
        form: What it should be saved as.

    Raises:
        DocumentError: It is in another encoding.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        looks = "looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"is not at byte {error.start + 1}"
        raise DocumentError(f"expected text in UTF-8, but it {looks}. Save it as {form} in UTF-8") from None


def read_json(data: bytes, form: type[Form]) -> Form:
    """The object or list that a JSON text holds.

    Raises:
        DocumentError: It is no such text.
    """
    try:
        found = json.loads(as_text(data))
    except RecursionError:
        raise DocumentError(_NESTED) from None
    except json.JSONDecodeError as error:
        raise DocumentError(f"it is no JSON: {error}") from None
    except DocumentError:
        raise
    except ValueError as error:  # a number of too many digits
        raise DocumentError(f"it is no JSON that can be read: {str(error).partition(';')[0]}") from None
    if not isinstance(found, form):
        raise DocumentError(f"expected {_FORMS[form]}, but got {_FORMS.get(type(found), 'null')}")
    return found


def read_toml(data: bytes) -> dict[str, Any]:
    """The content of a TOML text.

    Raises:
        DocumentError: It is no such text.
    """
    try:
        return tomllib.loads(as_text(data))
    except RecursionError:
        raise DocumentError(_NESTED) from None
    except DocumentError:
        raise
    except ValueError as error:  # TOMLDecodeError, or a number or date that there cannot be
        raise DocumentError(f"{error}") from None
