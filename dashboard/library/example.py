"""The worked example of the overview: one measured answer with its pictures and maps. Reading it needs no torch."""

from __future__ import annotations

import io
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter

from vpe_core.attention.colormaps import table
from vpe_core.errors import DatasetError
from vpe_core.settings import get_settings

BEFORE, AFTER, SEEN = "before.jpg", "after.jpg", "seen.jpg"
"""The X-ray without and with the circle, and the marked one as the network is shown it."""
LAST_BLOCK = ""
"""Where the attention of the last block stands among the maps, which no class changes."""
_NUMBERS = "example.json"
_MAP_PX, _OPACITY, _QUALITY = 112, 0.7, 70


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
        prompt: The template of the sentences that the picture was compared with.
        attention_before: Share of the last block's attention inside the circle, unmarked.
        attention_after: The same with the circle.
        area: Share of the image that this is.
        maps: Of each class its evidence, and under `LAST_BLOCK` the attention, without and with the circle: levels of
            0 to 255 for each patch, row by row, in base64. All evidence has one scale, the attention of each picture
            its own.
        grid_wh: Patches in a row and in a column.
        patch_px: Side of a patch in pixels of what the network is shown.
        dimension: Numbers in an embedding.
        model: The model's name.
        model_title: The model's name for people.
        weights_sha256: Hash of its checkpoint.
        size_wh: Width and height of the pictures in pixels.
        command: What measured it.
        methods: Of each attention method its title, and the share of its map inside the circle, unmarked and marked.
    """

    sample: str
    title: str
    finding: str
    region: tuple[float, ...]
    classes: tuple[str, ...]
    without: tuple[float, ...]
    marked: tuple[float, ...]
    target: str
    prompt: str
    attention_before: float
    attention_after: float
    area: float
    maps: Mapping[str, tuple[str, str]]
    grid_wh: tuple[int, int]
    patch_px: int
    dimension: int
    model: str
    model_title: str
    weights_sha256: str
    size_wh: tuple[int, int]
    command: str
    methods: tuple[tuple[str, float, float], ...] = ()

    def map_webp(self, kind: str, *, marked: bool) -> bytes:
        """A map in colour on nothing, to be laid over the picture: WebP, the stronger the less transparent."""
        columns, rows = self.grid_wh
        levels = np.frombuffer(b64decode(self.maps[kind][marked]), np.uint8).reshape(rows, columns)
        smooth = np.asarray(Image.fromarray(levels).resize((_MAP_PX, _MAP_PX), Image.Resampling.BILINEAR))
        alpha = np.rint(_OPACITY * smooth).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(np.dstack([table("inferno")[smooth], alpha])).save(buffer, "WEBP", quality=_QUALITY)
        return buffer.getvalue()


def levels_text(grid: NDArray[np.float32], peak: float) -> str:
    """A map as `Example.maps` keeps it; `peak` becomes 255."""
    levels = np.rint(255 * np.clip(grid / max(peak, 1e-12), 0, 1)).astype(np.uint8)
    return b64encode(levels.tobytes()).decode("ascii")


def example_dir() -> Path:
    """Where the example is stored."""
    return get_settings().precomputed_dir / "example"


def save_example(example: Example, pictures: Mapping[str, bytes], folder: Path) -> None:
    """Store an example with its pictures, JPEGs by `BEFORE`, `AFTER` and `SEEN`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _NUMBERS).write_text(json.dumps(asdict(example), indent=1) + "\n", encoding="utf-8")
    for name, picture in pictures.items():
        (folder / name).write_bytes(picture)


def load_example() -> Example | None:
    """The stored example; None if there is none.

    Raises:
        DatasetError: It is there, but damaged.
    """
    file = example_dir() / _NUMBERS
    if not all((example_dir() / name).is_file() for name in (_NUMBERS, BEFORE, AFTER, SEEN)):
        return None
    try:
        return TypeAdapter(Example).validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"The example {file} is damaged ({error}). Make it again: scripts/make_example.py."
        ) from None


def picture_uri(name: str) -> str:
    """One of the example's pictures as an address that holds it."""
    return data_uri((example_dir() / name).read_bytes(), "jpeg")


def data_uri(picture: bytes, kind: str) -> str:
    """A picture as an address that holds it."""
    return f"data:image/{kind};base64,{b64encode(picture).decode('ascii')}"
