"""Requests and answers as bytes: arrays as NumPy writes them, and plain values. Nothing in them is ever executed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpe_core import errors
from vpe_core.errors import ModelError, VPEError
from vpe_core.models.predictor import Rows, Want

_VALUES = "values"


def packed(arrays: Mapping[str, NDArray[Any]], **values: object) -> bytes:
    """Arrays by name, with values that JSON knows."""
    stream = io.BytesIO()
    text = np.frombuffer(json.dumps(values).encode(), np.uint8)
    np.savez(stream, allow_pickle=False, **{_VALUES: text, **arrays})
    return stream.getvalue()


def unpacked(content: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """What `packed` was given.

    Raises:
        ModelError: It is something else.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        values = json.loads(arrays.pop(_VALUES).tobytes())
    except Exception as error:  # whatever zip files, arrays and JSON can be wrong in
        raise ModelError(f"Expected a message between the app and its model server, but got {error}.") from None
    return arrays, values


def packed_rows(rows: Rows) -> bytes:
    """An answer."""
    return packed({str(number): array for number, array in enumerate(rows)})


def unpacked_rows(content: bytes) -> Rows:
    """What `packed_rows` was given."""
    arrays, _ = unpacked(content)
    return tuple(arrays[str(number)] for number in range(len(arrays)))


def named_want(want: Want) -> dict[str, object]:
    """A want by the name of its class and its values."""
    return {"name": type(want).__name__, "values": asdict(want)}  # type: ignore[call-overload]


def want_named(named: Mapping[str, Any]) -> Want:
    """The want that has these name and values.

    Raises:
        ModelError: There is none; the other side has another version.
    """
    import vpe_core.attention.wants  # noqa: F401  # all wants there are

    known = {kind.__name__: kind for kind in _kinds(Want)}  # type: ignore[type-abstract]
    try:
        return known[named["name"]](**named["values"])
    except (KeyError, TypeError):
        raise ModelError(
            f"The model server does not know what {str(named)[:100]} is. Give the app and the server the same version."
        ) from None


def error_named(name: str, message: str) -> VPEError:
    """An error of ours by the name of its class; of an unknown one a `ModelError`."""
    kind = getattr(errors, name, ModelError)
    return kind(message) if isinstance(kind, type) and issubclass(kind, VPEError) else ModelError(message)


def _kinds(kind: type[Want]) -> list[type[Want]]:
    return [one for child in kind.__subclasses__() for one in (child, *_kinds(child))]
