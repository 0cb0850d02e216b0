"""From class names to text prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from vpe_core.errors import PromptError
from vpe_core.prompts.suffixes import marker_suffix
from vpe_core.prompts.templates import PAPER_TEMPLATE, check_template, fill_template
from vpe_core.prompts.texts import MAX_TEMPLATE_CHARS, MAX_TEMPLATES, check_classes, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable


@overload
def build_prompts(
    classes: Iterable[str],
    template: str = ...,
    *,
    marker: str | None = ...,
    color: str = ...,
    suffix: bool | str = ...,
) -> list[str]: ...
@overload
def build_prompts(
    classes: Iterable[str],
    template: list[str] | tuple[str, ...],
    *,
    marker: str | None = ...,
    color: str = ...,
    suffix: bool | str = ...,
) -> list[list[str]]: ...
def build_prompts(
    classes: Iterable[str],
    template: str | list[str] | tuple[str, ...] = PAPER_TEMPLATE,
    *,
    marker: str | None = None,
    color: str = "red",
    suffix: bool | str = False,
) -> list[str] | list[list[str]]:
    """Text prompts for classes, in their order.

    Args:
        classes: 1 to 100 different class names.
        template: Text with `{class}` and perhaps `{suffix}`; several make an ensemble, whose embeddings are averaged.
        marker: The marker that the images carry, or None.
        color: Its colour.
        suffix: True to mention the marker in the text, as the paper does; or the words themselves.

    Returns:
        One prompt a class; for an ensemble a list of prompts a class.

    Raises:
        PromptError: A class or template is not valid.
        MarkerError: The marker or the colour is unknown.

    Example:
        >>> build_prompts(["Nodule"], marker="circle", suffix=True)
        ['A chest x-ray with signs of Nodule indicated by a red circle.']
    """
    names = check_classes(classes)
    words = _suffix_words(suffix, marker, color)
    if isinstance(template, str):
        checked = check_template(template)
        return [fill_template(checked, name, words) for name in names]
    if not 1 <= len(template) <= MAX_TEMPLATES:
        raise PromptError(f"Expected 1 to {MAX_TEMPLATES} templates, but got {len(template)}.")
    ensemble = [check_template(one) for one in template]
    return [[fill_template(one, name, words) for one in ensemble] for name in names]


def _suffix_words(suffix: bool | str, marker: str | None, color: str) -> str:
    if isinstance(suffix, bool):
        return marker_suffix(marker, color) if suffix else ""
    if not suffix.strip():
        return ""
    return " " + clean_text(suffix, "a prompt suffix", MAX_TEMPLATE_CHARS)
