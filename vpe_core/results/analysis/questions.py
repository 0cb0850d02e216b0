"""What is asked of stored embeddings: how to score, what to measure, and in which words. Changing it costs no image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vpe_core.ensembles import members_of
from vpe_core.prompts import ENSEMBLES, marker_suffix
from vpe_core.results.store.texts import class_prompts

if TYPE_CHECKING:
    from vpe_core.ensembles import VariantOrEnsemble
    from vpe_core.results.store.manifest import DatasetInfo
    from vpe_core.variants import Variant

EACH_ITS_OWN = "each its own"
"""What tables say in place of a suffix where the members of an ensemble have different ones."""


@dataclass(frozen=True, slots=True)
class Question:
    """How the images are scored and what is measured.

    Attributes:
        scoring: A name from `vpe_core.scoring.names()`.
        metric: A name from `vpe_core.metrics.names()`.
        template: A prompt with `{class}`, or the name of an ensemble; None for the data set's own.
        suffix: Whether the prompt names the marker, as the paper does; or the words that it adds instead.
        class_words: (label, words) pairs: what stands in the prompt for a label, where it is changed.
        label: The one class that is measured; None for all.
    """

    scoring: str = "paper"
    metric: str = "auroc"
    template: str | None = None
    suffix: bool | str = False
    class_words: tuple[tuple[str, str], ...] = ()
    label: str | None = None

    @property
    def edited(self) -> bool:
        """Whether the words are not the paper's."""
        return self.template is not None or bool(self.class_words) or isinstance(self.suffix, str)


def prompts_for(dataset: DatasetInfo, variant: Variant, question: Question, negative: bool = False) -> list[list[str]]:
    """The prompts of every class, one for each template; or, for the scoring `pairs`, their opposites.

    Raises:
        PromptError: A template, class wording or suffix is not valid.
    """
    templates = None if question.template is None else ENSEMBLES.get(question.template, question.template)
    return class_prompts(dataset, templates, suffix_of(variant, question), dict(question.class_words), negative)


def suffix_of(variant: Variant, question: Question) -> str:
    """What follows the class in the prompt, such as " indicated by a red circle"; may be empty."""
    if isinstance(question.suffix, str):
        return f" {question.suffix.strip()}" if question.suffix.strip() else ""
    return marker_suffix(variant.marker, variant.color) if question.suffix else ""


def suffix_words(shown: VariantOrEnsemble, question: Question) -> str:
    """What tables say of the suffix: "indicated by a red circle", "each its own" for an ensemble, or nothing."""
    found = {suffix_of(member, question).strip() for member in members_of(shown)}
    return found.pop() if len(found) == 1 else EACH_ITS_OWN


def with_suffix(question: Question, suffix: bool) -> Question:
    """The question for a row with or without a suffix; words of one's own stay where there is one."""
    return replace(question, suffix=(question.suffix or True) if suffix else False)
