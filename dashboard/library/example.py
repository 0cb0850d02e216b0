"""The worked example of the overview: one measured answer, stored with its two overlays. Reading it needs no torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from vpe_core.errors import DatasetError
from vpe_core.settings import get_settings

BEFORE, AFTER = "before.jpg", "after.jpg"
_NUMBERS = "example.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a model answered about one X-ray without and with a red circle around one finding.

    Attributes:
        sample: Name of the X-ray in the gallery.
        title: The X-ray in a few words.
        finding: What lies in the circle.
        region: The circle's box, (x0, y0, x1, y1) in image pixels.
        classes: What the model chose from.
        without: Their probabilities for the unmarked image.
        marked: Their probabilities with the circle.
        target: The class at hand.
        asked_for: The same, or empty if the overlays do not depend on a class.
        attention_before: Share of the attention inside the circle, unmarked.
        attention_after: The same with the circle.
        area: Share of the image that the circle covers.
        model: The model's name.
        model_title: The model's name for people.
        weights_sha256: Hash of its checkpoint.
        size_wh: Width and height of the overlays in pixels.
        command: What measured it.
        shows: What the overlays are maps of.
    """

    sample: str
    title: str
    finding: str
    region: tuple[float, ...]
    classes: tuple[str, ...]
    without: tuple[float, ...]
    marked: tuple[float, ...]
    target: str
    asked_for: str
    attention_before: float
    attention_after: float
    area: float
    model: str
    model_title: str
    weights_sha256: str
    size_wh: tuple[int, int]
    command: str
    shows: str = ""


def example_dir() -> Path:
    """Where the example is stored."""
    return get_settings().precomputed_dir / "example"


def save_example(example: Example, before: bytes, after: bytes, folder: Path) -> None:
    """Store an example with its two overlays (JPEG)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _NUMBERS).write_text(json.dumps(asdict(example), indent=2) + "\n", encoding="utf-8")
    (folder / BEFORE).write_bytes(before)
    (folder / AFTER).write_bytes(after)


def load_example() -> Example | None:
    """The stored example; None if there is none.

    Raises:
        DatasetError: It is there, but damaged.
    """
    file = example_dir() / _NUMBERS
    if not all((example_dir() / name).is_file() for name in (_NUMBERS, BEFORE, AFTER)):
        return None
    try:
        return TypeAdapter(Example).validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"The example {file} is damaged ({error}). Make it again: scripts/make_example.py."
        ) from None
