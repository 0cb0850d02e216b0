"""From stored embeddings and a question to scores and their bootstrap distributions, each computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from vpe_core import scoring
from vpe_core.errors import ResultsError
from vpe_core.metrics import Bootstrap, Resamples, bootstrap, draw_resamples
from vpe_core.results.questions import Question, prompts_for, suffix_of

if TYPE_CHECKING:
    import pandas as pd

    from vpe_core.benchmark import Variant
    from vpe_core.results.manifest import Manifest

T = TypeVar("T")
IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]

_TEXTS_KEPT = 5000


class Results(Protocol):
    """What tables need of results: a `Run` has it, and so has a table of scores that somebody loads."""

    @property
    def manifest(self) -> Manifest: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def samples(self) -> pd.DataFrame: ...
    @property
    def variants(self) -> tuple[Variant, ...]: ...
    @property
    def has_embeddings(self) -> bool: ...
    def __contains__(self, variant: Variant, /) -> bool: ...
    def rows(self, variant: Variant, /) -> IntArray: ...
    def attention(self, variant: Variant, /) -> NDArray[np.float32] | None: ...
    def suffixes(self, variant: Variant, /) -> tuple[str, ...]: ...
    def probabilities(self, variant: Variant, suffix: str = "", /) -> FloatArray: ...


class WithEmbeddings(Results, Protocol):
    """Results whose prompts can be changed."""

    @property
    def texts(self) -> tuple[str, ...]: ...
    def embeddings(self, variant: Variant, /) -> NDArray[np.float32]: ...
    def text_embedding(self, texts: Sequence[str], /) -> NDArray[np.float32]: ...


TextEncoder: TypeAlias = Callable[[Results, Sequence[str]], NDArray[np.float32]]
"""Encodes prompts that are not stored, with the model of the results: texts -> (k, d)."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scores of one variant.

    Attributes:
        labels: (m,) true class numbers.
        scores: (m, k), classes as in the manifest.
        rows: (m,) which samples they are, ascending.
    """

    labels: IntArray
    scores: FloatArray
    rows: IntArray

    def at(self, rows: IntArray) -> Scored:
        """Only some of the samples, which must be among them."""
        if np.array_equal(rows, self.rows):
            return self
        place = np.searchsorted(self.rows, rows)
        return Scored(self.labels[place], self.scores[place], rows)

    @property
    def of_true_class(self) -> FloatArray:
        """(m,): the score of each sample's own class."""
        return self.scores[np.arange(len(self.labels)), self.labels]


def score_variant(
    run: Results, variant: Variant, question: Question, text_encoder: TextEncoder | None = None
) -> Scored:
    """Score every sample that a variant covers.

    Args:
        run: Stored results.
        variant: One of its variants.
        question: How to score; its metric and label do not matter here.
        text_encoder: For prompts that are not stored.

    Raises:
        ResultsError: The variant was not measured; the prompts are not stored and there is no encoder; or the results
            hold probabilities only and the question asks for other prompts or another scoring.
        PromptError: The prompts are not valid.
        ScoringError: The scoring is unknown or does not fit.
    """
    rows = run.rows(variant)
    labels = class_numbers(run)[rows]
    if not run.has_embeddings:
        return Scored(labels, _given_probabilities(run, variant, question), rows)
    stored = cast(WithEmbeddings, run)
    texts = _class_texts(stored, variant, question, text_encoder)
    return Scored(labels, scoring.get(question.scoring)(stored.embeddings(variant), texts), rows)


def class_numbers(run: Results) -> IntArray:
    """(n,) the class number of every sample."""
    numbers = {label: number for number, label in enumerate(run.manifest.dataset.classes)}
    return np.array([numbers[label] for label in run.samples["label"]], np.int64)


class Evaluation:
    """Scores and bootstrap distributions of any results, kept as long as there is room. Safe to share by threads.

    Args:
        n_resamples: Bootstrap resamples of an interval; 0 for values alone, without intervals.
        text_encoder: For prompts that are not stored.
        kept: How many distributions are kept at most; one takes 16 kB for each class.
    """

    def __init__(self, n_resamples: int = 2000, text_encoder: TextEncoder | None = None, kept: int = 600) -> None:
        self.n_resamples = n_resamples
        self._text_encoder = text_encoder and _remembering(text_encoder)
        self._kept_at_most = kept
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def values_alone(self) -> Evaluation:
        """The same, sharing all scores, without resamples: values at once, intervals undefined."""
        other = copy(self)
        other.n_resamples = 0
        return other

    def rows(self, run: Results, variant: Variant) -> IntArray:
        """Which samples a variant covers, read once."""
        return self.once((run.fingerprint, variant.key, "rows"), lambda: run.rows(variant))

    def scored(self, run: Results, variant: Variant, question: Question) -> Scored:
        """`score_variant`, once."""
        asked = replace(question, metric="", label=None)
        if not suffix_of(variant, question):
            asked = replace(asked, suffix=False)
        return self.once(
            (run.fingerprint, variant.key, asked), lambda: score_variant(run, variant, asked, self._text_encoder)
        )

    def measured(self, run: Results, variant: Variant, question: Question, rows: IntArray | None = None) -> Bootstrap:
        """The question's metric and its distribution over resampled patients.

        Args:
            run: Stored results.
            variant: One of its variants.
            question: What to measure.
            rows: Only these samples of the variant; None for all.

        Raises:
            VPEError: As `score_variant`, or the metric does not fit the scoring.
        """
        scored = self.scored(run, variant, question)
        chosen = scored if rows is None else scored.at(rows)
        suffix = suffix_of(variant, question)
        asked = replace(question, label=None, suffix=suffix)
        key = (self.n_resamples, run.fingerprint, variant.key, asked, chosen.rows.tobytes())
        return self.once(
            key, lambda: bootstrap(question.metric, chosen.labels, chosen.scores, self.resamples(run, chosen.rows))
        )

    def resamples(self, run: Results, rows: IntArray) -> Resamples:
        """Which patients of these samples each resample draws; one set for all variants, so that they are paired."""
        patients = run.samples["patient_id"].to_numpy()[rows]
        return self.once(
            (self.n_resamples, run.fingerprint, rows.tobytes()),
            lambda: draw_resamples(patients, max(self.n_resamples, 1), seed=0),
        )

    def has(self, key: Hashable) -> bool:
        """Whether `once` would answer at once."""
        with self._lock:
            return key in self._kept

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The kept result for `key`, or else that of `compute`."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast(T, self._kept[key])
        value = compute()
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > self._kept_at_most:
                self._kept.popitem(last=False)
        return value


def _remembering(encode: TextEncoder) -> TextEncoder:
    """The encoder, asked only once for each text of a model: many rows of a table share their prompts."""
    known: dict[tuple[str, str | None, str], NDArray[np.float32]] = {}

    def encode_once(run: Results, texts: Sequence[str]) -> NDArray[np.float32]:
        model = run.manifest.model
        keys = [(model.name, model.weights_sha256, text) for text in texts]
        found = {key: value for key in keys if (value := known.get(key)) is not None}
        if new := [key for key in keys if key not in found]:
            found |= dict(zip(new, encode(run, [text for *_, text in new]), strict=True))
        if len(known) > _TEXTS_KEPT:
            known.clear()
        known.update(found)
        return np.stack([found[key] for key in keys])

    return encode_once


def _given_probabilities(run: Results, variant: Variant, question: Question) -> FloatArray:
    """Probabilities as they were written; the official code's own prompts and scoring are all there is."""
    if question.scoring != "paper" or question.template is not None or question.class_words:
        raise ResultsError(
            f"{run.manifest.model.title} on {run.manifest.dataset.title} holds probabilities, no embeddings: "
            "its prompts and its scoring cannot be changed."
        )
    asked = suffix_of(variant, question).strip()
    suffix = next((one for one in run.suffixes(variant) if one.strip() == asked), None)
    if suffix is None:
        raise ResultsError(
            f"There are no results of {variant.key} with the suffix {asked!r}; "
            f"there are {', '.join(map(repr, run.suffixes(variant))) or 'none'}."
        )
    return run.probabilities(variant, suffix)


def _class_texts(
    run: WithEmbeddings, variant: Variant, question: Question, encode: TextEncoder | None
) -> scoring.ClassTexts:
    dataset = run.manifest.dataset
    scale = run.manifest.model.logit_scale
    if scale is None:
        raise ResultsError(f"The manifest of {run.manifest.model.name} lacks the logit scale. Run the benchmark again.")
    positive = _class_embeddings(run, prompts_for(dataset, variant, question), encode)
    if question.scoring != "pairs":
        return scoring.ClassTexts(positive, scale)
    opposites = prompts_for(dataset, variant, question, negative=True)
    return scoring.ClassTexts(positive, scale, _class_embeddings(run, opposites, encode))


def _class_embeddings(run: WithEmbeddings, prompts: Sequence[Sequence[str]], encode: TextEncoder | None) -> FloatArray:
    """(k, d): one embedding a class, the mean direction of its templates."""
    texts = [text for one_class in prompts for text in one_class]
    known = set(run.texts) if encode else set(texts)
    found: dict[str, NDArray[np.float32]] = {}
    for group, embed in (
        ([text for text in texts if text in known], run.text_embedding),
        ([text for text in texts if text not in known], partial(encode, run) if encode else None),
    ):
        distinct = tuple(dict.fromkeys(group))
        if distinct and embed:
            found |= dict(zip(distinct, embed(distinct), strict=True))
    stored = np.stack([found[text] for text in texts])
    by_template = stored.reshape(len(prompts), len(prompts[0]), -1).swapaxes(0, 1)
    return scoring.mean_embedding(by_template)
