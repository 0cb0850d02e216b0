"""The matrix of heads, whose tiles are clicked to be enlarged; it and two fields choose the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard.frame.assets import asset
from dashboard.frame.html import render
from vpe_core.lab.layers import Layers
from vpe_core.plots.percent import percent

LAYER, HEAD = "lab_layer", "lab_one_head"
"""Keys of the fields."""
TILES = "lab_head_tiles"
_TAKEN, CHOSEN = "lab:head_tiles_taken", "lab:head_chosen"
"""How many clicks were taken over, and what a person chose last: fields forget while they are not shown."""


@dataclass(frozen=True, slots=True)
class HeadChoice:
    """What is enlarged.

    Attributes:
        layer: Its number, from 0.
        head: Its number, from 0; None for the mean of the layer's heads.
    """

    layer: int
    head: int | None

    @property
    def title(self) -> str:
        """For people, who count from 1: "Layer 3, head 2"."""
        return f"Layer {self.layer + 1}, {'mean of its heads' if self.head is None else f'head {self.head + 1}'}"


def head_fields(layers: Layers) -> HeadChoice:
    """Two fields. Until somebody chooses, it is the head that the marker leads most to the region."""
    counts = {LAYER: layers.heads.n_layers, HEAD: layers.heads.n_heads + 1}
    best = most_gained(layers)
    chosen = st.session_state.get(CHOSEN, ())
    is_here = len(chosen) == 2 and chosen[0] in range(counts[LAYER]) and chosen[1] in range(counts[HEAD])
    st.session_state[LAYER], st.session_state[HEAD] = chosen if is_here else (best.layer, 1 + (best.head or 0))
    with st.container(horizontal=True, gap="small", key="lab_head_row"):
        layer = st.selectbox(
            "Layer", range(counts[LAYER]), format_func=lambda one: str(one + 1), key=LAYER, on_change=_choose
        )
        number = st.selectbox(
            "Head", range(counts[HEAD]), format_func=lambda one: str(one or "mean of all"), key=HEAD, on_change=_choose
        )
    return HeadChoice(layer, number - 1 if number else None)


def head_tiles(layers: Layers, sprite: str, shown: str, change: str, choice: HeadChoice) -> None:
    """All heads in one picture.

    Args:
        layers: All heads.
        sprite: The picture, a PNG in base64.
        shown: What it shows, in words.
        change: The words where it shows what the marker changes.
        choice: What is enlarged.
    """
    n_layers, n_heads = layers.heads.n_layers, layers.heads.n_heads
    html = render(
        "lab_heads", sprite=sprite, layers=n_layers, heads=n_heads, shown=shown, change=change,
        means=[tile_title(layers, HeadChoice(layer, None)) for layer in range(n_layers)],
        tiles=[[tile_title(layers, HeadChoice(layer, head)) for layer in range(n_layers)] for head in range(n_heads)],
    )  # fmt: skip
    _component()(
        key=TILES,
        data={
            "html": str(html),
            "chosen": (choice.layer, 0 if choice.head is None else choice.head + 1),
            "taken": st.session_state.get(_TAKEN, 0),
        },
        on_chosen_change=partial(take_tile, n_layers, n_heads),
        height="content",
    )


def most_gained(layers: Layers) -> HeadChoice:
    """The head that puts most more on the region with the marker; the last one where that cannot be told."""
    gains = layers.gains
    best = int(np.nanargmax(gains)) if np.isfinite(gains).any() else gains.size - 1
    return HeadChoice(*divmod(best, layers.heads.n_heads))


def tile_title(layers: Layers, choice: HeadChoice) -> str:
    """What a tile is and shows: "Layer 3, head 2: 10% → 45% in the region"."""
    shares = layers.curves[:, choice.layer] if choice.head is None else layers.shares[:, choice.layer, choice.head]
    if not np.isfinite(shares).all():
        return choice.title
    before, after = (percent(float(share)) for share in shares)
    return f"{choice.title}: {before} → {after} in the region"


def _choose() -> None:
    st.session_state[CHOSEN] = st.session_state[LAYER], st.session_state[HEAD]


def take_tile(n_layers: int, n_heads: int) -> None:
    """Take over what was clicked. It comes from the browser: nothing in it is trusted."""
    told = (st.session_state.get(TILES) or {}).get("chosen")
    if not isinstance(told, Mapping) or not isinstance(told.get("number"), int):
        return
    st.session_state[_TAKEN] = told["number"]
    match told.get("place"):
        case [int(layer), int(head)] if layer in range(n_layers) and head in range(n_heads + 1):
            st.session_state[CHOSEN] = layer, head


@cache
def _component() -> Any:
    return st.components.v2.component(
        "vpl_head_tiles", html='<div class="vpl-lab-chooser"></div>', js=asset("head_tiles.js"), isolate_styles=False
    )
