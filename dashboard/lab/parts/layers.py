"""Layers and heads: all of them in one image, one enlarged, and the share in the region layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.frame.html import render
from dashboard.frame.palette import palette
from dashboard.lab.head_tiles import HeadChoice, head_fields, head_tiles, tile_title
from dashboard.lab.map_charts import chart_of_layers
from dashboard.lab.map_pictures import sprite, three_pictures
from dashboard.lab.show import chart, sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.work import asked_model, computed
from vpe_core import lab
from vpe_core.lab import LabScene
from vpe_core.lab.before_after import drawn_pair
from vpe_core.lab.layers import Layers
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from vpe_core.models import Model
    from vpe_core.types import Progress

_WITHOUT, _WITH, _CHANGE = "No marker", "With the marker", "Difference"
_LARGE_PX = 400


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """All heads, and for each way to look at them one image of all."""

    layers: Layers
    sprites: dict[str, str]


def show_layers(subject: Subject) -> None:
    """All heads of all layers, from one pass."""
    model = asked_model(subject.model)
    found: _Found | None = computed("layers", (subject.model, subject.key), partial(_read, subject.scene, model))
    if found is None:
        return
    sentence(found.layers.words(), subject)
    _heads(subject, found)


@st.fragment
def _heads(subject: Subject, found: _Found) -> None:
    """All of them, and one enlarged: another one is chosen without running the rest of the page."""
    layers = found.layers
    left, right = st.columns(2, gap="large")
    with right:
        choice = head_fields(layers)
        _enlarged(subject, layers, choice)
    with left:
        shown = st.segmented_control("Maps", tuple(found.sprites), default=_WITH, key="lab_heads", required=True)
        head_tiles(layers, found.sprites.get(str(shown), found.sprites[_WITH]), str(shown), _CHANGE, choice)
    words = f"Share of the attention in the region in {layers.heads.n_layers} layers, without and with the marker"
    with st.container(key="lab_layers_chart", gap=None):
        st.html(render("paragraph", kind="lab-axis", text="Share of the attention in the region, layer by layer"))
        chart(chart_of_layers(layers, palette()), "layers", words, subject)
        st.caption("A dot is a head, a line the mean of a layer. Dotted: even attention.")
    csv_button("layers", lambda: rows_of(layers), subject)


def _read(scene: LabScene, model: Model, report: Progress) -> _Found:
    layers: Layers = lab.get("layers").run(scene, model, report=report)
    both = layers.heads.attention
    peaks = both.max(axis=(0, 3, 4))
    sprites = {_WITHOUT: sprite(both[0], peaks), _WITH: sprite(both[1], peaks)}
    if not layers.compared.crops:
        change = both[1] - both[0]
        sprites[_CHANGE] = sprite(change, np.full(peaks.shape, np.abs(change).max()))
    return _Found(layers, sprites)


def _enlarged(subject: Subject, layers: Layers, choice: HeadChoice) -> None:
    layer, head = choice.layer, choice.head
    grids = np.stack([layers.grid(layer, head, marked=marked) for marked in (False, True)])
    pictures = three_pictures(drawn_pair(subject.scene), layers.compared, grids, layers.peak(layer, head), _LARGE_PX)
    st.html(render("lab_three", pictures=pictures, about=choice.title, simulated=subject.xray.simulated))
    words = tile_title(layers, choice)
    if words != choice.title:
        words = f"{words} (even attention: {percent(layers.area)})."
        st.html(render("paragraph", kind="aside", text=words))


def rows_of(layers: Layers) -> list[Row]:
    """Each head of each layer: its share where the marker points."""
    return [
        {
            "layer": layer + 1, "head": head + 1, "share_without_marker": layers.shares[0, layer, head],
            "share_with_marker": layers.shares[1, layer, head], "share_of_even_map": layers.area,
        }
        for layer in range(layers.heads.n_layers)
        for head in range(layers.heads.n_heads)
    ]  # fmt: skip
