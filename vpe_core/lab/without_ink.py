"""Regions without ink: the same region drawn, as a bias on attention, and as a product in pixels; who follows?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import VPEError
from vpe_core.lab.asking import ask, probabilities_of, shares_inside
from vpe_core.lab.mapping import listed
from vpe_core.lab.marked_place import share_of_picture
from vpe_core.lab.pointing import POINTINGS, Asked
from vpe_core.lab.scene import Drawing, LabScene, MarkerStyle
from vpe_core.lab.study import Study, unreported
from vpe_core.markers import get
from vpe_core.plots.percent import percent, points_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Progress

UNMARKED, DRAWN, SPOTLIGHT = "unmarked", "drawn", "spotlight"
SAME = 0.02
"""What changes the class by less is said not to be followed."""


@dataclass(frozen=True, slots=True)
class PointingAnswer:
    """What a model says when it is told of the region in one way.

    Attributes:
        name: "unmarked", "drawn", "spotlight", or a name out of `POINTINGS`.
        title: In words: "red circle, 3 px", "FALIP".
        about: What is done, as a sentence; empty for what is drawn.
        source: The paper; empty for what is drawn.
        probability: Of the class.
        attention: Share of the last block's attention where the marker points; nan where it cannot be told.
        reads_region: Whether it is told of the region at all.
    """

    name: str
    title: str
    about: str
    source: str
    probability: float
    attention: float
    reads_region: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class WithoutInk:
    """The same region in every way of telling.

    Attributes:
        target: The class.
        ways: Unmarked, the present marker, a spotlight, then without ink, as far as the model can be asked.
        area: Share of the picture that this place covers: the share of even attention.
        missing: Why the model cannot be asked in a way, by its title.
    """

    target: str
    ways: tuple[PointingAnswer, ...]
    area: float
    missing: Mapping[str, str]

    @property
    def unmarked(self) -> PointingAnswer:
        """What it says without being told of a region."""
        return self.ways[0]

    def change(self, way: PointingAnswer) -> float:
        """What a way adds to the probability of the class."""
        return way.probability - self.unmarked.probability

    def words(self) -> str:
        """Who follows, with the numbers, in two or three sentences."""
        told = self.ways[1:]
        follow = [way for way in told if abs(self.change(way)) >= SAME]
        stay = [way for way in told if abs(self.change(way)) < SAME]
        sentences = [f"Without a mark, {self.target} gets {percent(self.unmarked.probability)}."]
        if follow:
            moves = [f"{way.title} ({points_between(self.unmarked.probability, way.probability)})" for way in follow]
            sentences.append(f"It changes with {listed(moves)} points.")
        if stay:
            sentences.append(f"It stays, within 2 points, with {listed([way.title for way in stay])}.")
        if not np.isnan(self.unmarked.attention):
            seen = [way for way in told if way.reads_region and not np.isnan(way.attention)]
            if seen:
                most = max(seen, key=lambda way: way.attention)
                sentences.append(
                    f"The region draws {percent(self.unmarked.attention)} of the attention unmarked and the most, "
                    f"{percent(most.attention)}, with {most.title}; it covers {percent(self.area)} of the picture."
                )
        return " ".join(sentences)


def without_ink(scene: LabScene, model: Model, *, report: Progress = unreported) -> WithoutInk:
    """Tell a model of the region in every way.

    Args:
        scene: The X-ray, the region and the present marker.
        model: A loaded model; what it cannot be asked is left out, with the reason.
        report: Told how many ways are answered; where it raises, the study ends.

    Raises:
        VPEError: The marker cannot be drawn, or a prompt is not valid.
    """
    drawings = [scene.present]
    if scene.style.marker != SPOTLIGHT:
        drawings.append(Drawing(MarkerStyle(SPOTLIGHT), scene.region))
    asked, missing = _asked(scene, model)
    n_drawn = 1 + len(drawings)
    total = n_drawn + len(asked)
    report(0, total)

    def pictures() -> list[NDArray[np.uint8]]:
        return [model.prepare(scene.rgb), *(model.prepare(drawing.on(scene.rgb)) for drawing in drawings)]

    drawn = ask(scene, model, pictures(), ["", *scene.suffixes(drawings)], unreported)
    shares = shares_inside(drawn.maps, n_drawn, scene, model)
    shares[1:][[get(drawing.style.marker).crops for drawing in drawings]] = np.nan
    report(n_drawn, total)
    titles = [(UNMARKED, "no marker"), *zip((DRAWN, SPOTLIGHT), (one.style.title for one in drawings), strict=False)]
    ways = [
        PointingAnswer(name, title, "", "", float(chances[scene.column]), float(share))
        for (name, title), chances, share in zip(titles, drawn.probabilities, shares, strict=True)
    ]
    for done, (name, one) in enumerate(asked.items(), n_drawn + 1):
        ways.append(_answer(scene, model, name, one))
        report(done, total)
    return WithoutInk(scene.target, tuple(ways), share_of_picture(scene), missing)


def _asked(scene: LabScene, model: Model) -> tuple[dict[str, Asked], dict[str, str]]:
    """What is asked, by name; and why the rest cannot be, by title."""
    asked, missing = {}, {}
    for name, pointing in POINTINGS.items():
        try:
            asked[name] = pointing.ask(scene, model)
        except VPEError as error:
            missing[pointing.title] = str(error)
    return asked, missing


def _answer(scene: LabScene, model: Model, name: str, one: Asked) -> PointingAnswer:
    beside = None if one.beside is None else one.beside[None]
    predictor = model.predictor
    embeddings, *maps = predictor.result_of(predictor.submit(one.picture[None], one.want, beside))
    chances = probabilities_of(scene, model, embeddings, [""])[0]
    (share,) = shares_inside(maps[0] if maps else None, 1, scene, model)
    pointing = POINTINGS.get(name)
    return PointingAnswer(
        name, pointing.title, pointing.about, pointing.source, float(chances[scene.column]), float(share),
        pointing.reads_region,
    )  # fmt: skip


WITHOUT_INK = Study(
    title="Regions without ink",
    question="Same region, same image: who follows a drawn marker, and who attention alone?",
    run=without_ink,
)
