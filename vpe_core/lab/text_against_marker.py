"""Text against marker: what a prompt says about the marker, true or lying, beside the marker that is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import LabError
from vpe_core.lab.asking import ask, prepared, probabilities_of
from vpe_core.lab.scene import Drawing, LabScene, MarkerStyle
from vpe_core.lab.study import Study, unreported
from vpe_core.markers import color_word, get
from vpe_core.markers.catalog import named_markers
from vpe_core.plots.percent import percent
from vpe_core.prompts import marker_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Progress

SAME = 0.02
"""A mean that differs by less is called the same."""
_OTHER_COLOR = {"blue": "red"}
"""The colour that a lie names: blue, and of a blue marker red."""


@dataclass(frozen=True, slots=True, eq=False)
class TextAgainstMarker:
    """A class's probability for each marker with each wording.

    Attributes:
        target: The class.
        markers: Of each row, the first is "none".
        suffixes: Of each column, the first is empty: the prompt names no marker.
        probabilities: (rows, columns).
        fits: Whether the words say what is drawn, (rows, columns); nowhere in the first row and the first column.
        lies: Whether they say something else, the same.
    """

    target: str
    markers: tuple[str, ...]
    suffixes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    fits: NDArray[np.bool_]
    lies: NDArray[np.bool_]

    def mean(self, which: NDArray[np.bool_]) -> float:
        """The mean over some cells."""
        return float(self.probabilities[which].mean())

    def words(self) -> str:
        """Whether the model reads what is said about the marker, in a sentence that follows the numbers."""
        silent = float(self.probabilities[1:, 0].mean())
        true, lie = self.mean(self.fits), self.mean(self.lies)
        numbers = f"{percent(silent)} without words, {percent(true)} with words that fit, {percent(lie)} with a lie"
        target = f"Over all markers, {self.target} gets {numbers}"
        if abs(true - lie) < SAME and max(abs(true - silent), abs(lie - silent)) < SAME:
            return f"{target}: the words hardly matter."
        if abs(true - lie) < SAME:
            return f"{target}: words change the answer, but whether they are true does not."
        if true > lie:
            return f"{target}: words that fit the marker do more for it than a lie."
        return f"{target}: a lie does more for it than words that fit, so the model does not check them."


def text_against_marker(
    scene: LabScene, model: Model, *, suffixes: Sequence[str] | None = None, report: Progress = unreported
) -> TextAgainstMarker:
    """Ask about each marker with each wording.

    Args:
        scene: The X-ray, the region, and the colour and width of the markers.
        model: A loaded model.
        suffixes: Wordings in place of the paper's for each marker and one that names another colour.
        report: As in `ask`; pictures are what counts.

    Raises:
        LabError: No marker that words can name is to be seen here.
        VPEError: A prompt is not valid.
    """
    color = scene.style.color_name or scene.style.color
    kinds = _kinds(scene)
    if not kinds:
        raise LabError("No marker that words can name is to be seen around this region. Mark a place on the X-ray.")
    styles: list[MarkerStyle] = [replace(scene.style, marker=kind, opacity=None) for kind in kinds]
    said = list(dict.fromkeys(("", *(suffixes if suffixes is not None else wordings(scene)))))
    drawings = [Drawing(style, scene.region) for style in styles]

    markers = ("none", *kinds)
    found = ask(scene, model, prepared(scene, model, drawings), [""] * len(markers), report, attention=False)
    columns = [
        probabilities_of(scene, model, found.embeddings, [suffix] * len(markers))[:, scene.column] for suffix in said
    ]
    fits = np.array([[bool(suffix) and marker_suffix(kind, color) == suffix for suffix in said] for kind in markers])
    lies = ~fits
    lies[0], lies[:, 0] = False, False
    return TextAgainstMarker(scene.target, markers, tuple(said), np.stack(columns, axis=1), fits, lies)


def wordings(scene: LabScene) -> tuple[str, ...]:
    """The paper's words for each marker in the present colour, and for the present one in another colour."""
    color = scene.style.color_name or scene.style.color
    kinds = _kinds(scene)
    liar = scene.style.marker if get(scene.style.marker).phrase else kinds[0]
    other = _OTHER_COLOR.get(color_word(color), "blue")
    return (*(marker_suffix(kind, color) for kind in kinds), marker_suffix(liar, other))


def _kinds(scene: LabScene) -> tuple[str, ...]:
    """The markers that words can name, as far as they look apart here and are to be seen."""
    named = [(name, replace(scene.style, marker=name, opacity=None)) for name in named_markers()]
    return tuple(
        name
        for name, style in named
        if scene.looks_of_its_own(name) and Drawing(style, scene.region).shows_on(scene.rgb)
    )


TEXT_AGAINST_MARKER = Study(
    title="Text against marker",
    question="Does the model read what the prompt says about the marker, even when it lies?",
    run=text_against_marker,
)
