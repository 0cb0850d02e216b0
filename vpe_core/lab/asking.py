"""How every study asks: pictures are made while the model answers the ones before, and nothing waits for more."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention import GazeEncoder
from vpe_core.lab.marked_place import shares_in_place
from vpe_core.models.predictor import A_PASS, EMBEDDING, Rows, Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from vpe_core.lab.scene import Drawing, LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress

_AHEAD = 2
"""So many batches wait for their answer while the next one is made."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model makes of some pictures.

    Attributes:
        embeddings: (n, dimension).
        probabilities: Of the classes, (n, classes).
        maps: The last block's attention, (n, rows, columns); None where it cannot be read or was not asked for.
    """

    embeddings: Floats
    probabilities: Floats
    maps: Floats | None


def prepared(scene: LabScene, model: Model, drawings: Iterable[Drawing]) -> Iterator[NDArray[np.uint8]]:
    """The unmarked X-ray, then each drawing on it, as the model gets them."""
    yield model.prepare(scene.rgb)
    for drawing in drawings:
        yield model.prepare(drawing.on(scene.rgb))


def ask(
    scene: LabScene,
    model: Model,
    pictures: Iterable[NDArray[np.uint8]],
    suffixes: Sequence[str],
    report: Progress,
    *,
    attention: bool = True,
) -> Answers:
    """What the model says of pictures to the scene's question.

    Args:
        scene: Its classes and prompt.
        model: Its predictor is asked.
        pictures: As `model.prepare` makes them, one for each suffix; taken one by one, when there is room.
        suffixes: What the prompt about each picture says after the class.
        report: Told after each batch how many pictures are answered; where it raises, what waits is cancelled.
        attention: Whether maps are wanted.
    """
    waiting: deque[Future[Rows]] = deque()
    answers: list[Rows] = []
    want = _gaze() if attention and GazeEncoder(model).looks else EMBEDDING

    def take() -> None:
        answers.append(model.predictor.result_of(waiting.popleft()))
        report(sum(len(rows[0]) for rows in answers), len(suffixes))

    report(0, len(suffixes))
    try:
        coming = iter(pictures)
        while batch := list(islice(coming, A_PASS)):
            waiting.append(model.predictor.submit(np.stack(batch), want))
            if len(waiting) > _AHEAD or waiting[0].done():
                take()
        while waiting:
            take()
    finally:
        for future in waiting:
            future.cancel()
    embeddings, *maps = (np.concatenate(rows) for rows in zip(*answers, strict=True))
    chances = probabilities_of(scene, model, embeddings, suffixes)
    return Answers(embeddings, chances, maps[0] if maps else None)


def probabilities_of(scene: LabScene, model: Model, embeddings: Floats, suffixes: Sequence[str]) -> Floats:
    """Probabilities of the classes, (n, classes), of pictures that are encoded already."""
    from vpe_core.models.encoder import probabilities

    rows = np.empty((len(embeddings), len(scene.classes)), np.float32)
    said = np.array(suffixes)
    for suffix in dict.fromkeys(suffixes):
        texts = model.encode_classes(scene.classes, template=scene.template, suffix=suffix)
        these = said == suffix
        rows[these] = probabilities(embeddings[these], texts, model.logit_scale)
    return rows


def shares_inside(maps: Floats | None, n: int, scene: LabScene, model: Model) -> Floats:
    """The share of each picture's attention where the scene's marker points, (n); nan where it cannot be measured."""
    return np.full(n, np.nan, np.float32) if maps is None else shares_in_place(maps, scene, model)


def _gaze() -> Want:
    from vpe_core.attention.wants import EmbeddingAndGaze

    return EmbeddingAndGaze()
