"""The X-ray at hand, from the gallery or an upload through the canvas to the answer. No streamlit here."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from vpe_core.datasets.gallery import Finding

CANVAS_PX = 1024
"""Longer side of the canvas; the browser scales it to the column, so that the picture is sharp on any screen."""


@dataclass(frozen=True, eq=False)
class Xray:
    """An X-ray that people draw on and ask models about.

    Attributes:
        key: Identity of its pixels. Another picture needs another key.
        image: Mode "L", full resolution.
        label: The picture in words, for screen readers.
        title: A few words for people.
        note: A sentence of background; may be empty.
        simulated: Whether it was simulated.
        findings: What is known to be there.
    """

    key: str
    image: Image.Image
    label: str = ""
    title: str = ""
    note: str = ""
    simulated: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size

    @property
    def canvas_scale(self) -> float:
        """Canvas pixels per image pixel."""
        return CANVAS_PX / max(self.size_wh)

    @property
    def canvas_wh(self) -> tuple[int, int]:
        """Width and height of the canvas in canvas pixels."""
        width, height = (max(1, round(side * self.canvas_scale)) for side in self.size_wh)
        return width, height

    @cached_property
    def backdrop(self) -> bytes:
        """What lies behind the drawing: a JPEG of the canvas' size, made once."""
        same = self.size_wh == self.canvas_wh
        buffer = io.BytesIO()
        drawn_on = self.image if same else self.image.resize(self.canvas_wh, Image.Resampling.LANCZOS)
        drawn_on.save(buffer, "JPEG", quality=92)
        return buffer.getvalue()
