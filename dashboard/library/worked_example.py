"""The worked example on the page: a picture that answers to the pointer, and how the model came to its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset
from dashboard.frame.attention_words import how_methods_agree, shares
from dashboard.frame.html import render
from dashboard.library.example import AFTER, BEFORE, LAST_BLOCK, SEEN, Example, data_uri, picture_uri
from vpe_core.plots.percent import percent

_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class _Class:
    """A class of the example: its probabilities as a text, that with the circle, and its bars in percent."""

    name: str
    change: str
    marked: str
    width_without: float
    width_with: float


@dataclass(frozen=True, slots=True)
class _Map:
    """A map over the picture: of which picture and class, the image itself, and what it says in words."""

    look: str
    of: str
    uri: str
    words: str
    shown: bool


def living_example(example: Example) -> None:
    """The two pictures and all classes, of which pointer or keyboard choose one."""
    maps = tuple(_maps(example))
    st.html(
        render(
            "worked_example",
            size_wh=example.size_wh,
            before=picture_uri(BEFORE),
            after=picture_uri(AFTER),
            alt=f"Simulated chest X-ray, {example.title}",
            finding=example.finding,
            maps=maps,
            words=next(one.words for one in maps if one.shown),
            agreement=how_methods_agree(example.methods, "inside the circle"),
            classes=_classes(example, by_marked=False),
        )
    )
    _behaviour()(key="vpl_worked_example")


def how_it_works(example: Example) -> None:
    """One figure: picture, patches, sentences."""
    before, _, after = example.prompt.replace("{suffix}", "").partition("{class}")
    columns, rows = example.grid_wh
    seen, image_px = picture_uri(SEEN), columns * example.patch_px
    patches = render("patches", seen=seen, image_px=image_px, patch_px=example.patch_px, columns=columns, rows=rows)
    st.html(
        render(
            "how_it_works",
            seen=seen,
            patches=data_uri(patches.encode(), "svg+xml"),
            image_px=image_px,
            patch_px=example.patch_px,
            columns=columns,
            rows=rows,
            total=len(example.classes),
            dimension=example.dimension,
            prompt_before=before,
            prompt_after=after,
            classes=_classes(example, by_marked=True)[:_SENTENCES],
        )
    )


def _maps(example: Example) -> Iterator[_Map]:
    for kind in example.maps:
        for marked in (False, True):
            uri = data_uri(example.map_webp(kind, marked=marked), "webp")
            shown = marked and kind == LAST_BLOCK
            yield _Map("with" if marked else "without", kind, uri, _words(example, kind, marked), shown)


def _words(example: Example, kind: str, marked: bool) -> str:
    chances = example.marked if marked else example.without
    how = "With the circle" if marked else "Without a marker"
    if kind != LAST_BLOCK:
        return (
            f"{how}, the model gives {kind} {percent(chances[example.classes.index(kind)])}. Bright: evidence for it."
        )
    best = max(range(len(chances)), key=chances.__getitem__)
    inside = percent(example.attention_after if marked else example.attention_before)
    return (
        f"{how}, the likeliest is {example.classes[best]}, {percent(chances[best])}. {inside} of the last layer's "
        f"attention (bright) lies where the circle is, {percent(example.area)} of the picture."
    )


def _classes(example: Example, *, by_marked: bool) -> list[_Class]:
    rows = sorted(
        zip(example.classes, example.without, example.marked, strict=True),
        key=lambda row: -(row[2] if by_marked else max(row[1:])),
    )
    return [_Class(name, shares(low, high), percent(high), 100 * low, 100 * high) for name, low, high in rows]


@cache
def _behaviour() -> Any:
    return st.components.v2.component("vpl_worked_example", js=asset("worked_example.js"))
