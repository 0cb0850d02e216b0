"""What really changed: each map against the difference between an X-ray and its twin without the finding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from dashboard.demo.answers.control import picture_for
from dashboard.demo.film.reading import control_in_window
from dashboard.frame.html import render
from dashboard.lab.map_pictures import MapPicture, one_picture, shrunk
from dashboard.lab.show import jpeg_text, sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.with_maps import computed_for_maps
from vpe_core import lab
from vpe_core.attention.overlay import MORE
from vpe_core.lab import LabScene
from vpe_core.lab.counter_tests import MISSING, NO_FINDING
from vpe_core.lab.mapping import FIXED, title_of
from vpe_core.lab.truth import Truth
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from vpe_core.models import Model
    from vpe_core.types import Progress

_SMALL_PX, _LARGE_PX = 150, 320
_SECRET = "What a finding changed gives it away. Show the answer first."


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The scores, what changed as a picture, and each map on X-ray and twin."""

    truth: Truth
    difference: MapPicture
    maps: dict[str, tuple[MapPicture, ...]]


def show_truth(subject: Subject) -> None:
    """Every map against the twin, where the X-ray has one."""
    xray = subject.xray
    if subject.secret:
        st.info(_SECRET, icon=":material/visibility_off:")
        return
    twin = picture_for("twin", xray, None)
    if twin is None:
        st.info(NO_FINDING if subject.scene.healthy else MISSING["twin"], icon=":material/info:")
        return
    scene = replace(subject.scene, others={"twin": control_in_window(twin, xray).image})
    found: _Found | None = computed_for_maps("truth", subject, _score, scene=scene)
    if found is None:
        return
    truth = found.truth
    sentence(truth.words(), subject)
    left, right = st.columns((1, 2), gap="large")
    with left:
        st.html(render("lab_changed", picture=found.difference, target=truth.target, simulated=xray.simulated))
    with right:
        rows = [(title_of(name), truth.scores[name], found.maps[name]) for name in truth.order]
        st.html(render("lab_truth", rows=rows, chance=percent(truth.chance_hit), isnan=np.isnan))
        csv_button("what-changed", lambda: rows_of(truth), subject)


def _score(scene: LabScene, model: Model, names: tuple[str, ...], report: Progress) -> _Found:
    truth: Truth = lab.get("truth").run(scene, model, methods=names, report=report)
    twin = scene.others["twin"].convert("RGB").resize(scene.size_wh)
    view = model.view(scene.size_wh)
    maps = {}
    for name, grids in truth.maps.grids.items():
        peak = 1.0 if name == FIXED else float(grids.max())
        maps[name] = tuple(
            one_picture(picture, view, grid, peak, _SMALL_PX, title)
            for picture, grid, title in zip((scene.rgb, twin), grids, ("X-ray", "without the finding"), strict=True)
        )
    return _Found(truth, _changed(scene, truth), maps)


def _changed(scene: LabScene, truth: Truth) -> MapPicture:
    """The X-ray with the pixels that the finding changed in blue."""
    small = shrunk(scene.rgb, _LARGE_PX)
    mask = Image.fromarray(truth.changed.astype(np.uint8) * 150).resize(small.size, Image.Resampling.BILINEAR)
    shown = Image.composite(Image.new("RGB", small.size, MORE), small, mask)
    return MapPicture(jpeg_text(shown), shown.size, "what the finding changed")


def rows_of(truth: Truth) -> list[Row]:
    """Each map's scores, the best first."""
    return [
        {
            "map": title_of(name), "auc": truth.scores[name].auc, "peak_changed": truth.scores[name].hit,
            "peak_on_twin_over_peak_here": truth.scores[name].left, "empty_on_twin": truth.scores[name].empty,
            "share_of_pixels_changed": truth.chance_hit,
        }
        for name in truth.order
    ]  # fmt: skip
