"""The app's scripts and styles, as texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parent.parent / "assets"


def asset(name: str) -> str:
    """The text of a file in `assets/`."""
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def stylesheet(folder: str = "style") -> str:
    """All style sheets of a folder of `assets/`, in one: a file for each part of the app."""
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted((ASSETS / folder).glob("*.css")))
