"""A case of a benchmark as the live demo shows it: the same picture, drawn and asked as it was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from dashboard.demo.state.demo_state import AS_DRAWN, DemoState, own_classes, treatments
from vpe_core import models
from vpe_core.datasets.gallery import set_sample_name
from vpe_core.errors import PromptError, ResultsError
from vpe_core.markers.marks import mark_on
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import Results
from vpe_core.results.analysis.tables import available, baseline_of
from vpe_core.types import Box
from vpe_core.variants import Variant

_ID_CHARS = 12


def box_of(sample: pd.Series) -> Box | None:
    """Where a sample's finding is; None if that is not known."""
    corners = [float(sample[name]) for name in ("x0", "y0", "x1", "y1")]
    return Box(*corners) if np.isfinite(corners).all() else None


def case_state(run: Results, row: int, look: Variant, question: Question, named: bool) -> DemoState | None:
    """The live demo's state that shows a sample as it was measured; None if it has no box or the model is unknown.

    `measured` is empty where the live demo cannot ask just the same, as with another scoring than the paper's.

    Args:
        run: The results.
        row: Of the sample.
        look: The marker, drawn on the finding.
        question: In which words it was asked.
        named: Whether the prompt names the marker.
    """
    data, sample = run.manifest.dataset, run.samples.iloc[row]
    box, model = box_of(sample), run.manifest.model.name
    if box is None or model not in models.names():
        return None
    try:
        variant = available(run, look)
        baseline = available(run, baseline_of(variant))
    except ResultsError:
        return None
    mark = mark_on(variant.marker, box, (int(sample["image_width"]), int(sample["image_height"])))
    drawn = mark.marker == variant.marker or variant.marker in treatments()
    exact = drawn and question.scoring == "paper" and run.has_embeddings and baseline.protocol == variant.protocol
    state = DemoState(
        sample=set_sample_name(data.name, str(sample["image_id"])),
        marks=(mark,),
        treatment=variant.marker if drawn and mark.marker != variant.marker else AS_DRAWN,
        color=variant.color,
        width=round(variant.width or 1),
        model=model,
        template=data.template if question.template is None else question.template,
        suffix=named,
        protocol=variant.protocol,
        marker_words=question.suffix.strip() if named and isinstance(question.suffix, str) else "",
        findings=True,
        measured=f"{run.fingerprint[:_ID_CHARS]}:{row}:{variant.key}" if exact and _whole(variant.width) else "",
    )
    words, own = class_words(run, question), class_words(run, replace(question, class_words=()))
    if words != own and set(words) == set(
        own
    ):  # names that were exchanged: the demo cannot tell which stands for which
        state = replace(state, measured="")
    try:
        return replace(state, classes=own_classes(words))
    except PromptError:
        return replace(state, measured="")


def class_words(run: Results, question: Question) -> tuple[str, ...]:
    """What stands in the prompts for each class, in the order of the results' classes."""
    data = run.manifest.dataset
    own = data.class_words if question.template in (None, data.template) else {}
    words = {**own, **dict(question.class_words)}
    return tuple(words.get(label, label) for label in data.classes)


def question_of(run: Results, state: DemoState) -> Question:
    """How the live demo asks, as a question to results.

    Raises:
        ResultsError: It chooses from another number of classes.
    """
    data = run.manifest.dataset
    if len(state.shown_classes) != len(data.classes):
        raise ResultsError("The classes to choose from are not those of the results.")
    template = None if state.template == data.template else state.template
    own = class_words(run, Question(template=template))
    shown = (
        own if set(state.shown_classes) == set(own) else state.shown_classes
    )  # the demo's classes have its own order
    said = zip(data.classes, shown, own, strict=True)
    return Question(
        template=template,
        suffix=state.marker_words or True,
        class_words=tuple((label, words) for label, words, usual in said if words != usual),
    )


def _whole(width: float | None) -> bool:
    return width is None or width == round(width)
