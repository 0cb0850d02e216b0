"""Prompt templates: the paper's, and ensembles whose text embeddings are averaged.

A template holds `{class}` and may hold `{suffix}`, the place for words such as " indicated by a red circle".
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from vpe_core.errors import PromptError
from vpe_core.prompts.texts import MAX_TEMPLATE_CHARS, clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

CLASS_FIELD, SUFFIX_FIELD = "{class}", "{suffix}"

PAPER_TEMPLATE = "A chest x-ray with signs of {class}{suffix}."
"""Of PadChest-GR, VinDr-CXR and NIH ChestX-ray14 in Denner et al., MIDL 2025."""

JSRT_TEMPLATE = "A chest X-ray with a {class} lung nodule{suffix}."
"""Of JSRT in the same paper; the classes are "benign" and "malignant"."""

ENSEMBLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "paper": (PAPER_TEMPLATE,),
        "jsrt": (JSRT_TEMPLATE,),
        "reports": (
            PAPER_TEMPLATE,
            "A chest radiograph showing {class}{suffix}.",
            "Findings consistent with {class}{suffix}.",
            "There is {class}{suffix}.",
            "{class}{suffix}.",
        ),
        "captions": (
            "Chest X-ray demonstrating {class}{suffix}.",
            "Frontal chest radiograph of a patient with {class}{suffix}.",
            "Chest radiography revealed {class}{suffix}.",
            "Image of the chest with {class}{suffix}.",
        ),
    }
)
"""Named groups of templates, to be averaged as in Radford et al. (2021). Only the first two are the paper's."""

_FIELD = re.compile(r"\{[^{}]*\}|[{}]")


def check_template(template: str) -> str:
    """The template, cleaned.

    Raises:
        PromptError: It lacks `{class}`, holds other braces, is too long or holds control characters.
    """
    cleaned = clean_text(template, "a prompt template", MAX_TEMPLATE_CHARS)
    if unknown := next((field for field in _FIELD.findall(cleaned) if field not in (CLASS_FIELD, SUFFIX_FIELD)), None):
        raise PromptError(f"A template may hold {CLASS_FIELD} and {SUFFIX_FIELD}, but this one holds {unknown[:40]!r}.")
    if CLASS_FIELD not in cleaned:
        raise PromptError(f"A template needs {CLASS_FIELD}, the place for the class name: {PAPER_TEMPLATE!r}.")
    return cleaned


def fill_template(template: str, class_name: str, suffix: str = "") -> str:
    """One prompt from a checked template.

    Without a `{suffix}` field, the suffix goes before the final full stop, or else to the end.
    """
    if SUFFIX_FIELD not in template:
        body = template.removesuffix(".")
        template = body + SUFFIX_FIELD + template[len(body) :]
    # Plain replacement, not str.format: a class name may hold braces.
    before, *after = template.split(CLASS_FIELD)
    parts = [part.replace(SUFFIX_FIELD, suffix) for part in (before, *after)]
    return class_name.join(parts)
