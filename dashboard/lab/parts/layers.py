"""Layers and heads: all of them in one image, one enlarged, and the share in the region layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.frame.html import render
from dashboard.frame.palette import palette
from dashboard.lab.map_charts import chart_of_layers
from dashboard.lab.map_pictures import sprite, three_pictures
from dashboard.lab.show import chart, sentence
from dashboard.lab.subject import Subject
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
    layers, heads = found.layers, found.layers.heads
    sentence(layers.words(), subject)
    left, right = st.columns(2, gap="large")
    with right:
        layer, head = _choice(layers)
        _enlarged(subject, layers, layer, head)
    with left:
        shown = st.segmented_control("Maps", tuple(found.sprites), default=_WITH, key="lab_heads", required=True)
        st.html(
            render(
                "lab_heads", sprite=found.sprites.get(str(shown), found.sprites[_WITH]), layers=heads.n_layers,
                heads=heads.n_heads, layer=layer, head=head, shown=shown, change=_CHANGE,
            )
        )  # fmt: skip
        words = f"Share of the attention in the region in {heads.n_layers} layers, without and with the marker"
        chart(chart_of_layers(layers, palette()), "layers", words, subject)
        st.caption("A dot is a head, a line the mean of a layer. Dotted: even attention.")


def _read(scene: LabScene, model: Model, report: Progress) -> _Found:
    layers: Layers = lab.get("layers").run(scene, model, report=report)
    both = layers.heads.attention
    peaks = both.max(axis=(0, 3, 4))
    sprites = {_WITHOUT: sprite(both[0], peaks), _WITH: sprite(both[1], peaks)}
    if not layers.compared.crops:
        change = both[1] - both[0]
        sprites[_CHANGE] = sprite(change, np.full(peaks.shape, np.abs(change).max()))
    return _Found(layers, sprites)


def _choice(layers: Layers) -> tuple[int, int | None]:
    """The layer and the head that are enlarged, which count from 0; no head for their mean."""
    gains, heads = layers.gains, layers.heads
    best = int(np.nanargmax(gains)) if np.isfinite(gains).any() else gains.size - 1
    first, most = divmod(best, heads.n_heads)
    with st.container(horizontal=True, gap="small", key="lab_head_row"):
        layer = st.selectbox(
            "Layer", range(heads.n_layers), first, format_func=lambda one: str(one + 1), key="lab_layer"
        )
        number = st.selectbox(
            "Head", range(heads.n_heads + 1), most + 1, format_func=lambda one: str(one or "mean of all"),
            key="lab_one_head",
        )  # fmt: skip
    return layer, number - 1 if number else None


def _enlarged(subject: Subject, layers: Layers, layer: int, head: int | None) -> None:
    grids = np.stack([layers.grid(layer, head, marked=marked) for marked in (False, True)])
    pictures = three_pictures(drawn_pair(subject.scene), layers.compared, grids, layers.peak(layer, head), _LARGE_PX)
    about = f"Layer {layer + 1}, {'mean of its heads' if head is None else f'head {head + 1}'}"
    st.html(render("lab_three", pictures=pictures, about=about, simulated=subject.xray.simulated))
    shares = layers.curves[:, layer] if head is None else layers.shares[:, layer, head]
    if np.isfinite(shares).all():
        before, after = (percent(float(share)) for share in shares)
        words = f"{about}: {before} → {after} in the region (even attention: {percent(layers.area)})."
        st.html(render("paragraph", kind="aside", text=words))
