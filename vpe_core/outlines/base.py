"""What outlines a structure, and the registry of such methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vpe_core.errors import LabError
from vpe_core.registry import Registry

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.types import Box, Point, Polygon


class Outliner(Protocol):
    """From an image of any mode and a box or a click, in its pixels, to an outline in its pixels."""

    def __call__(self, image: Image.Image, where: Box | Point, /) -> Polygon: ...


def needs_nothing() -> str:
    """For a method that always works."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineMethod:
    """A way to outline.

    Attributes:
        title: For people.
        outline: Does it.
        about: What it goes by, as a sentence.
        source: The paper.
        problem: Why it cannot be used here, and what to do; empty if it can.
    """

    title: str
    outline: Outliner
    about: str
    source: str
    problem: Callable[[], str] = needs_nothing


OUTLINERS: Registry[OutlineMethod] = Registry("outline method", LabError)
