"""What is asked of stored embeddings: how to score, what to measure, and in which words. Changing it costs no image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vpe_core.prompts import ENSEMBLES, build_prompts, check_template, marker_suffix, negated

if TYPE_CHECKING:
    from vpe_core.benchmark import Variant
    from vpe_core.results.manifest import DatasetInfo

OTHER_ENSEMBLES = ("reports", "captions")
"""The template ensembles that are offered beside a data set's own prompt."""


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
    def as_the_paper_asks(self) -> Question:
        """The same measure with the paper's scoring and prompt."""
        return Question(metric=self.metric, suffix=bool(self.suffix), label=self.label)

    @property
    def edited(self) -> bool:
        """Whether the words are not the paper's."""
        return self.template is not None or bool(self.class_words) or isinstance(self.suffix, str)


@dataclass(frozen=True, slots=True)
class Prompts:
    """The texts of each class, in class order, one for each template.

    Attributes:
        positive: (k, templates) "… with signs of nodule".
        negative: (k, templates) their opposites.
    """

    positive: tuple[tuple[str, ...], ...]
    negative: tuple[tuple[str, ...], ...]


def prompts_for(dataset: DatasetInfo, variant: Variant, question: Question) -> Prompts:
    """The prompts of every class.

    The data set's own template comes with its own words for the classes ("benign" in "a benign lung nodule"); any
    other template gets the labels themselves, unless the question has words for them.

    Raises:
        PromptError: A template, class wording or suffix is not valid.
    """
    templates = _templates(dataset, question)
    words = dict(dataset.class_words) if templates == (dataset.template,) else {}
    words.update(question.class_words)
    classes = [words.get(label, label) for label in dataset.classes]

    def filled(ensemble: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        texts = build_prompts(classes, ensemble, variant.marker, variant.color, question.suffix)
        return tuple(tuple(one_class) for one_class in texts)

    return Prompts(filled(templates), filled(tuple(negated(template) for template in templates)))


def stored_texts(dataset: DatasetInfo, variants: Iterable[Variant]) -> tuple[str, ...]:
    """Every prompt that a page may ask for without being edited: what a run should store.

    The data set's own template without and with the suffix of every variant, its opposite, and the ensembles.
    """
    texts: dict[str, None] = {}
    for variant in variants:
        for template in (None, *OTHER_ENSEMBLES):
            for suffix in (False, True):
                prompts = prompts_for(dataset, variant, Question(template=template, suffix=suffix))
                texts.update(dict.fromkeys(text for one in (*prompts.positive, *prompts.negative) for text in one))
    return tuple(texts)


def suffix_of(variant: Variant, question: Question) -> str:
    """What follows the class in the prompt, such as " indicated by a red circle"; may be empty."""
    if isinstance(question.suffix, str):
        return f" {question.suffix.strip()}" if question.suffix.strip() else ""
    return marker_suffix(variant.marker, variant.color) if question.suffix else ""


def with_suffix(question: Question, suffix: bool) -> Question:
    """The question for a row with or without a suffix; words of one's own stay where there is one."""
    return replace(question, suffix=(question.suffix or True) if suffix else False)


def _templates(dataset: DatasetInfo, question: Question) -> tuple[str, ...]:
    if question.template is None:
        return (dataset.template,)
    return ENSEMBLES.get(question.template) or (check_template(question.template),)
