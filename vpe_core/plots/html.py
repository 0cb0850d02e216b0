"""Pieces of HTML from templates: whatever a value contains, it is shown as plain text."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


class Render(Protocol):
    """Fills a template."""

    def __call__(self, name: str, /, **values: object) -> Markup:
        """The template of this name, filled in; only a value that is `Markup` itself is not escaped."""


def renderer(folder: Path) -> Render:
    """What fills the templates `folder/NAME.html`. A template that names a value it was not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.filters["no_break"] = _no_break
    return partial(_filled, environment)


def _no_break(text: str) -> str:
    """Large type is not broken inside "X-ray"."""
    return text.replace("-ray", "\N{NON-BREAKING HYPHEN}ray")


def _filled(environment: Environment, name: str, /, **values: object) -> Markup:
    return Markup(environment.get_template(f"{name}.html").render(values))


render = renderer(Path(__file__).parent / "templates")
