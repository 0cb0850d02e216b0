"""All maps: without and with the marker on one scale, the difference, and the map on a fixed scale beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.frame.html import render
from dashboard.lab.map_pictures import MapPicture, three_pictures
from dashboard.lab.show import sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.with_maps import computed_for_maps
from vpe_core import lab
from vpe_core.attention.fixed_scale import SHOWN
from vpe_core.lab import LabScene
from vpe_core.lab.before_after import drawn_pair
from vpe_core.lab.mapping import FIXED, reads_text, title_of
from vpe_core.lab.maps import Maps
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from vpe_core.models import Model
    from vpe_core.types import Progress

_SMALL_PX, _LARGE_PX = 240, 560


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """All maps, with the pictures of each."""

    maps: Maps
    pictures: dict[str, tuple[MapPicture, ...]]


@dataclass(frozen=True, slots=True)
class _Card:
    """What is said of a map beside its pictures."""

    title: str
    of_class: bool
    pictures: tuple[MapPicture, ...]
    notes: tuple[str, ...]
    fixed: bool


def show_maps(subject: Subject) -> None:
    """Every map that the model can have, for the class that is followed."""
    found: _Found | None = computed_for_maps("maps", subject, _make)
    if found is None:
        return
    maps = found.maps
    sentence(maps.words(), subject)
    cards = [_card(found, name) for name in maps.names]
    missing = {title_of(name): why for name, why in maps.missing.items()}
    st.html(render("lab_maps", cards=cards, target=maps.target, missing=missing, simulated=subject.xray.simulated))
    large = st.selectbox(
        "Enlarge", maps.names, None, format_func=title_of, key="lab_map", placeholder="A map", width=420
    )
    if large in maps.names:
        pictures = _pictures(maps, subject.scene, large, _LARGE_PX)
        st.html(render("lab_three", pictures=pictures, about=title_of(large), simulated=subject.xray.simulated))
    csv_button("maps", lambda: rows_of(maps), subject)


def _make(scene: LabScene, model: Model, names: tuple[str, ...], report: Progress) -> _Found:
    maps: Maps = lab.get("maps").run(scene, model, methods=names, report=report)
    return _Found(maps, {name: _pictures(maps, scene, name, _SMALL_PX) for name in maps.names})


def _pictures(maps: Maps, scene: LabScene, name: str, longest_px: int) -> tuple[MapPicture, ...]:
    grids = maps.grids[maps.names.index(name)]
    return three_pictures(drawn_pair(scene), maps.compared, grids, maps.peak(name), longest_px)


def _card(found: _Found, name: str) -> _Card:
    maps = found.maps
    notes = []
    before, after = (float(share) for share in maps.shares[maps.names.index(name)])
    if np.isfinite(after):
        notes.append(f"In the region {percent(before)} → {percent(after)} (an even map: {percent(maps.area)})")
    if name == FIXED:
        notes += [_emptiness(maps, marked) for marked in (False, True)]
    if name in maps.found:
        place = maps.found[name]
        hit = "in" if place.hit else "outside"
        notes.append(f"Peak {hit} the known box; IoU {place.iou:.2f} (by chance {place.chance_iou:.2f})")
    return _Card(title_of(name), reads_text(name), found.pictures[name], tuple(notes), name == FIXED)


def _emptiness(maps: Maps, marked: bool) -> str:
    grid = maps.grid(FIXED, marked=marked)
    shown, how = int((grid >= SHOWN).sum()), "With the marker" if marked else "No marker"
    said = f"{shown} of {grid.size} patches show {maps.target}" if shown else f"empty, no patch shows {maps.target}"
    return f"{how}: {said}"


def rows_of(maps: Maps) -> list[Row]:
    """Each map: its share where the marker points, and, where the finding's box is known, how well it finds that."""
    return [
        {
            "map": title_of(name), "share_without_marker": before, "share_with_marker": after,
            "share_of_even_map": maps.area,
            "peak_in_known_box": found.hit if (found := maps.found.get(name)) else "",
            "iou_with_known_box": found.iou if found else float("nan"),
            "iou_by_chance": found.chance_iou if found else float("nan"),
        }
        for name, (before, after) in zip(maps.names, maps.shares, strict=True)
    ]  # fmt: skip
