"""From stored embeddings and a question to scores and their bootstrap distributions, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from vpe_core import scoring
from vpe_core.cache import BoundedCache
from vpe_core.ensembles import Ensemble, VariantOrEnsemble, members_of
from vpe_core.errors import ResultsError
from vpe_core.metrics import Bootstrap, Resamples, bootstrap, draw_resamples
from vpe_core.results.analysis.questions import Question, prompts_for, suffix_of, suffix_words
from vpe_core.results.analysis.rows import marker_title

if TYPE_CHECKING:
    import pandas as pd

    from vpe_core.results.store.manifest import Manifest
    from vpe_core.variants import Variant

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
    def __contains__(self, variant: VariantOrEnsemble, /) -> bool: ...
    def rows(self, variant: VariantOrEnsemble, /) -> IntArray: ...
    def attention(self, variant: Variant, /) -> NDArray[np.float32] | None: ...
    def suffixes(self, variant: VariantOrEnsemble, /) -> tuple[str, ...]: ...
    def probabilities(self, variant: VariantOrEnsemble, suffix: str = "", /) -> FloatArray: ...


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
    """The scores of one variant, or of an ensemble.

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
    run: Results, shown: VariantOrEnsemble, question: Question, text_encoder: TextEncoder | None = None
) -> Scored:
    """Score every sample that a variant, or every member of an ensemble, covers.

    Args:
        run: Stored results.
        shown: One of its variants, or an ensemble of some.
        question: How to score; its metric and label do not matter here.
        text_encoder: For prompts that are not stored.

    Raises:
        ResultsError: The variant was not measured; the prompts are not stored and there is no encoder; or the results
            hold probabilities only, and the question asks for other prompts or another scoring, or the ensemble for
            the mean of embeddings.
        PromptError: The prompts are not valid.
        ScoringError: The scoring is unknown or does not fit.
    """
    if isinstance(shown, Ensemble) and shown not in run:
        if shown.combine == "score":
            return _mean_of([score_variant(run, member, question, text_encoder) for member in shown.members])
        return _of_mean_embedding(run, shown, question, text_encoder)
    rows = run.rows(shown)
    labels = class_numbers(run)[rows]
    if not run.has_embeddings:
        return Scored(labels, _given_probabilities(run, shown, question), rows)
    stored, (variant,) = cast(WithEmbeddings, run), members_of(shown)
    texts = _class_texts(stored, variant, question, text_encoder)
    return Scored(labels, scoring.get(question.scoring)(stored.embeddings(variant), texts), rows)


def rows_of(run: Results, shown: VariantOrEnsemble) -> IntArray:
    """Which samples a variant covers, or all members of an ensemble: (m,) ascending rows of the run's samples.

    Raises:
        ResultsError: It was not measured.
    """
    if shown in run:
        return run.rows(shown)
    return reduce(common, [run.rows(member) for member in members_of(shown)])


def common(rows: IntArray, others: IntArray) -> IntArray:
    """The samples that two variants share; nearly always all.

    Raises:
        ResultsError: They share none.
    """
    if np.array_equal(rows, others):
        return rows
    shared = np.intersect1d(rows, others, assume_unique=True)
    if not len(shared):
        raise ResultsError("The marker and the unmarked image were measured on different samples.")
    return shared


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
        kept_bytes: How much memory they, and the scores and draws that they come from, may take.
    """

    def __init__(
        self,
        n_resamples: int = 2000,
        text_encoder: TextEncoder | None = None,
        kept: int = 600,
        kept_bytes: int = 400_000_000,
    ) -> None:
        self.n_resamples = n_resamples
        self._text_encoder = text_encoder and _remembering(text_encoder)
        self._kept = BoundedCache(kept, kept_bytes)

    def values_alone(self) -> Evaluation:
        """The same, sharing all scores, without resamples: values at once, intervals undefined."""
        other = copy(self)
        other.n_resamples = 0
        return other

    def rows(self, run: Results, shown: VariantOrEnsemble) -> IntArray:
        """Which samples a variant or an ensemble covers, read once."""
        return self.get_or_compute((run.fingerprint, shown.key, "rows"), lambda: rows_of(run, shown))

    def scored(self, run: Results, shown: VariantOrEnsemble, question: Question) -> Scored:
        """`score_variant`, once."""
        asked = replace(question, metric="", label=None)
        if not any(_suffixes(shown, question)):
            asked = replace(asked, suffix=False)

        def score() -> Scored:
            if isinstance(shown, Ensemble) and shown.combine == "score" and shown not in run:
                return _mean_of([self.scored(run, member, asked) for member in shown.members])  # often kept already
            return score_variant(run, shown, asked, self._text_encoder)

        return self.get_or_compute((run.fingerprint, shown.key, asked), score)

    def measured(
        self, run: Results, shown: VariantOrEnsemble, question: Question, rows: IntArray | None = None
    ) -> Bootstrap:
        """The question's metric and its distribution over resampled patients.

        Args:
            run: Stored results.
            shown: One of its variants, or an ensemble of some.
            question: What to measure.
            rows: Only these of the samples that it covers; None for all.

        Raises:
            VPEError: As `score_variant`, or the metric does not fit the scoring.
        """
        scored = self.scored(run, shown, question)
        chosen = scored if rows is None else scored.at(rows)
        asked = replace(question, label=None, suffix=False), _suffixes(shown, question)
        key = (self.n_resamples, run.fingerprint, shown.key, asked, chosen.rows.tobytes())
        return self.get_or_compute(
            key, lambda: bootstrap(question.metric, chosen.labels, chosen.scores, self.resamples(run, chosen.rows))
        )

    def resamples(self, run: Results, rows: IntArray) -> Resamples:
        """Which patients of these samples each resample draws; one set for all variants, so that they are paired."""
        patients = run.samples["patient_id"].to_numpy()[rows]
        return self.get_or_compute(
            (self.n_resamples, run.fingerprint, rows.tobytes()),
            lambda: draw_resamples(patients, max(self.n_resamples, 1), seed=0),
        )

    def has(self, key: Hashable) -> bool:
        """Whether `get_or_compute` would answer at once."""
        return key in self._kept

    def get_or_compute(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The kept result for `key`, or else that of `compute`; computed once, however many ask at the same time."""
        return self._kept.get_or_compute(key, compute)


def _remembering(encode: TextEncoder) -> TextEncoder:
    """The encoder, asked only once for each text of a model: many rows of a table share their prompts."""
    kept = BoundedCache(_TEXTS_KEPT)

    def encode_once(run: Results, texts: Sequence[str]) -> NDArray[np.float32]:
        model = run.manifest.model
        keys = [(model.name, model.weights_sha256, text) for text in texts]
        return np.stack(kept.get_or_compute_each(keys, lambda new: encode(run, [text for *_, text in new])))

    return encode_once


def _suffixes(shown: VariantOrEnsemble, question: Question) -> tuple[str, ...]:
    """That of each member: what the question's `suffix` comes to."""
    return tuple(suffix_of(member, question) for member in members_of(shown))


def _mean_of(members: Sequence[Scored]) -> Scored:
    rows = reduce(common, [one.rows for one in members])
    chosen = [one.at(rows) for one in members]
    return Scored(chosen[0].labels, scoring.mean_score([one.scores for one in chosen]), rows)


def _of_mean_embedding(run: Results, ensemble: Ensemble, question: Question, encode: TextEncoder | None) -> Scored:
    if not run.has_embeddings:
        raise ResultsError(
            f"{run.manifest.model.title} on {run.manifest.dataset.title} holds probabilities, no embeddings: "
            "an ensemble can only be the mean score."
        )
    stored, covered = cast(WithEmbeddings, run), [run.rows(member) for member in ensemble.members]
    rows = reduce(common, covered)
    pictures = [
        stored.embeddings(member)[np.searchsorted(own, rows)]
        for member, own in zip(ensemble.members, covered, strict=True)
    ]
    texts = [_class_texts(stored, member, question, encode) for member in ensemble.members]
    return Scored(class_numbers(run)[rows], scoring.score_ensemble(pictures, texts, question.scoring), rows)


def _given_probabilities(run: Results, shown: VariantOrEnsemble, question: Question) -> FloatArray:
    """Probabilities as they were written; the official code's own prompts and scoring are all there is."""
    own = run.manifest.dataset.classes
    if (
        question.scoring != "paper"
        or question.template is not None
        or any(one in own for one, _ in question.class_words)
    ):
        raise ResultsError(
            f"{run.manifest.model.title} on {run.manifest.dataset.title} holds probabilities, no embeddings: "
            "its prompts and its scoring cannot be changed."
        )
    asked = suffix_words(shown, question)
    suffix = next((one for one in run.suffixes(shown) if one.strip() == asked), None)
    if suffix is None:
        raise ResultsError(
            f"{run.manifest.model.title} on {run.manifest.dataset.title} holds no probabilities of the "
            f"{marker_title(shown.marker)} with “{asked}” in the prompt."
            if asked
            else f"{run.manifest.model.title} on {run.manifest.dataset.title} holds no probabilities of the "
            f"{marker_title(shown.marker)} without a marker in the prompt."
        )
    return run.probabilities(shown, suffix)


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
