"""The prompts of a data set, and which of them a run stores, so that the usual tables need no model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from vpe_core.prompts import ENSEMBLES, build_prompts, marker_suffix, negated

if TYPE_CHECKING:
    from vpe_core.results.store.manifest import DatasetInfo
    from vpe_core.variants import Variant


def class_prompts(
    data: DatasetInfo,
    template: str | Sequence[str] | None = None,
    suffix: str = "",
    class_words: Mapping[str, str] | None = None,
    negative: bool = False,
) -> list[list[str]]:
    """The prompts of each class, in the order of `data.classes`.

    The data set's own template comes with its own words for the classes ("benign" in "a benign lung nodule"); any other
    one gets the labels.

    Args:
        data: From a run's manifest.
        template: One or, for an ensemble, several; None for the data set's own.
        suffix: What follows the class, such as " indicated by a red circle".
        class_words: Words for some labels; they go before the data set's own.
        negative: The opposite of each prompt, for the scoring `pairs` (as in CheXzero, Tiu et al. 2022).

    Returns:
        For every class one prompt a template.

    Raises:
        PromptError: A template, suffix or class word is not valid.

    Example:
        >>> class_prompts(info, suffix=" indicated by a red arrow")[0]  # doctest: +SKIP
        ['A chest x-ray with signs of atelectasis indicated by a red arrow.']
    """
    chosen = data.template if template is None else template
    templates = [chosen] if isinstance(chosen, str) else list(chosen)
    own = data.class_words if templates == [data.template] else {}
    words = {**own, **(class_words or {})}
    names = [words.get(label, label) for label in data.classes]
    return build_prompts(names, [negated(one) for one in templates] if negative else templates, suffix=suffix)


def suffixes_of(variants: Iterable[Variant]) -> tuple[str, ...]:
    """The suffixes that name the markers of some variants, the empty one first."""
    return tuple(dict.fromkeys(["", *(marker_suffix(variant.marker, variant.color) for variant in variants)]))


def stored_prompts(data: DatasetInfo, variants: Iterable[Variant]) -> tuple[str, ...]:
    """The prompts whose embeddings a run stores.

    The data set's own with every suffix that its variants can have, their opposites, and the ensembles without suffix.
    """
    suffixes = suffixes_of(variants)
    groups = [class_prompts(data, suffix=suffix, negative=no) for suffix in suffixes for no in (False, True)]
    groups += [class_prompts(data, template) for template in ENSEMBLES.values()]
    return tuple(dict.fromkeys(prompt for group in groups for prompts in group for prompt in prompts))
