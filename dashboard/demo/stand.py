"""The demo at a stand (`?view=demo`): X-rays that a marker steers well, one after the other, until it is touched."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import streamlit as st

from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.assets import asset
from dashboard.frame.html import render
from dashboard.frame.view import STAND, view
from dashboard.library.pictures import gallery
from dashboard.library.steering import in_order, measured
from vpe_core.datasets.gallery import GalleryImage
from vpe_core.markers.marks import Mark

_SCENE_S = 5
_SHOWN_SHARE = 0.9
"""Shown are X-rays on which this share of rough markers leads to the finding."""
_MOST = 8
_KINDS = ("circle", "bbox")


def play_by_itself() -> None:
    """Turn to the next scene every few seconds; whoever touches the page stops it."""
    if view() != STAND:
        return
    _player()(key="demo_stand", data={"scenes": len(scenes()), "seconds": _SCENE_S}, on_scene_change=_next)


def scenes() -> list[DemoState]:
    """What is shown one after the other: each X-ray first without and then with a marker on its finding."""
    known = measured()
    single = [
        entry for entry in in_order(gallery())
        if entry.simulated and len(entry.findings) == 1 and entry.findings[0].box is not None
    ]  # fmt: skip
    plain = [entry for entry in single if entry.name in known and known[entry.name].share >= _SHOWN_SHARE]
    shown: dict[str, GalleryImage] = {}
    for entry in plain or single:  # one of each finding
        shown.setdefault(entry.findings[0].label, entry)
    return [scene for number, entry in enumerate([*shown.values()][:_MOST]) for scene in _scenes(entry, number)]


def _scenes(entry: GalleryImage, number: int) -> tuple[DemoState, DemoState]:
    finding = entry.findings[0]
    assert finding.box is not None
    bare = DemoState(sample=entry.name)
    return bare, replace(bare, marks=(Mark(_KINDS[number % len(_KINDS)], finding.box),))


def _next() -> None:
    told = st.session_state.get("demo_stand") or {}
    found = scenes()
    if (number := told.get("scene")) is not None and found:
        scene = found[int(number) % len(found)]
        session.change(sample=scene.sample, marks=scene.marks)


@cache
def _player() -> Any:
    return st.components.v2.component("vpl_stand", html=render("stand"), js=asset("stand.js"), isolate_styles=False)
