"""The X-ray at hand, from the gallery or an upload through the canvas to the answer. No streamlit here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from dashboard.demo.film.browser_film import BrowserFilm, browser_film
from dashboard.demo.state.windows import Window, window_text
from dashboard.frame.jpeg import jpeg
from vpe_core.datasets.gallery import Finding
from vpe_core.images import Film, GreyLevels, PixelSpacing, XrayPixels, as_pixels, read_pixels
from vpe_core.images.film import levels_of_picture
from vpe_core.markers.marks import Mark, mark_on

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
        patient: Whose it is; empty if it is not known.
        twin: The file of the same chest without its findings; None where there is none.
        file: Where it was read from; None for an upload, of which nothing but the picture is kept.
        public: Whether everybody on this server may see it, so that what is computed of it is kept for all.
        version: Of its file, where what is computed of it outlives a session.
        film: The grey levels behind the picture and the size of a pixel; without it, those of the picture.
    """

    key: str
    image: Image.Image
    label: str = ""
    title: str = ""
    note: str = ""
    simulated: bool = False
    findings: tuple[Finding, ...] = ()
    patient: str = ""
    twin: Path | None = None
    file: Path | None = None
    public: bool = False
    version: int = 0
    film: Film | None = field(default=None, repr=False)

    @property
    def content(self) -> tuple[str, int]:
        """Its key and version: what is kept of it is kept under these."""
        return self.key, self.version

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
    def pixels(self) -> XrayPixels:
        """The picture in its full depth, which the paper's protocol stretches; of an upload, the picture for people.

        Raises:
            ImageReadError: Its file is gone.
        """
        return as_pixels(self.image) if self.file is None else read_pixels(self.file)

    def exact(self, marks: Iterable[Mark]) -> tuple[Mark, ...]:
        """The marks; those that lie on a known finding with its own box, as a benchmark draws them.

        A mark in a link is rounded to a tenth of a pixel, which the paper's whole pixels may turn into another one; and
        the paper's arrow is drawn from the finding's box, not from tail to tip.
        """
        boxes = {
            mark_on(mark.marker, finding.box, self.size_wh): finding.box for mark in marks for finding in self.findings
        }
        return tuple(Mark(mark.marker, boxes.get(mark, mark.region)) for mark in marks)

    @cached_property
    def backdrop(self) -> bytes:
        """What lies behind the drawing: a JPEG of the canvas' size, made once."""
        same = self.size_wh == self.canvas_wh
        drawn_on = self.image if same else self.image.resize(self.canvas_wh, Image.Resampling.LANCZOS)
        return jpeg(drawn_on, 92)

    @cached_property
    def grey(self) -> GreyLevels:
        """The grey levels behind the picture."""
        return self.film.grey if self.film else levels_of_picture(self.image)

    @property
    def spacing(self) -> PixelSpacing | None:
        """The size of a pixel, where the file says it."""
        return self.film.spacing if self.film else None

    @cached_property
    def is_linear(self) -> bool:
        """Whether the picture is nothing but the window that its grey levels begin with; a table may bend them."""
        told = np.asarray(self.grey.windowed(*self.grey.window), np.int16)
        return bool(np.abs(told - np.asarray(self.image)).max() <= 1)

    @cached_property
    def browser_film(self) -> BrowserFilm | None:
        """What the browser needs to show other windows; None where the backdrop holds all that there is."""
        is_plain = len(self.grey.values) == 256 and self.grey.window == (128, 256)
        return None if is_plain and max(self.size_wh) <= CANVAS_PX else browser_film(self.grey)

    def in_window(self, window: Window | None, invert: bool) -> Xray:
        """The X-ray as it looks in a window (center, width), under a key of its own; itself if nothing differs."""
        if window is None and not invert:
            return self
        name = f"{self.key}@{window_text(window) if window else 'file'}{',inverted' if invert else ''}"
        image = self.grey.windowed(*window, invert) if window else ImageOps.invert(self.image)
        return replace(self, key=name, image=image, file=None)  # or the paper's protocol would read the file
