"""The live answer as one piece of HTML: bars, sentence, overlays.

HTML rather than figures: all of it is painted in one go and nothing jumps, it is read aloud as a table with pictures,
and its text can be selected. Whatever a class name contains, it is shown as plain text.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_MINUS = "\N{MINUS SIGN}"
_VISIBLE_CHANGE = 0.005
"""Below this, a change would be printed as 0.00."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An overlay: a JPEG, its size in pixels, and what it shows in words."""

    jpeg: bytes
    size_wh: tuple[int, int]
    alt: str


def answer_bars(
    classes: Sequence[str],
    without: Sequence[float],
    with_marker: Sequence[float] | None = None,
    *,
    marker: str = "marker",
    source: str = "",
) -> str:
    """A table of bars, the most probable class first: without the marker, with it, and the change.

    Args:
        classes: Class names.
        without: Probability of each class for the unmarked image, 0 to 1.
        with_marker: The same for the marked image; None while nothing is drawn.
        marker: What the marker is called, such as "circle".
        source: HTML that says where the answer comes from, shown at the upper right.
    """
    marked: Sequence[float | None] = with_marker if with_marker is not None else [None] * len(classes)
    rows = sorted(zip(classes, without, marked, strict=True), key=lambda row: -max(row[1], row[2] or 0))
    name = escape(marker)
    return (
        f'<div class="vpl-head"><span class="vpl-key vpl-is-without">without</span>'
        f'<span class="vpl-key vpl-is-with">with the {name}</span><span class="vpl-source">{source}</span></div>'
        '<table class="vpl-bars"><colgroup><col class="vpl-col-class"><col><col class="vpl-col-numbers">'
        '<col class="vpl-col-change"></colgroup>'
        '<thead class="vpl-unseen"><tr><th>Class</th><th>Bars</th>'
        f"<th>Probability without, then with the {name}</th><th>Change</th></tr></thead>"
        f"<tbody>{''.join(_row(*row) for row in rows)}</tbody></table>"
    )


def overlay_pair(without: Picture, with_marker: Picture | None, *, marker: str) -> str:
    """The two overlays side by side; an empty frame of the same size while nothing is drawn."""
    width, height = without.size_wh
    right = (
        _image(with_marker)
        if with_marker
        else f'<div class="vpl-frame" style="aspect-ratio:{width}/{height}">nothing drawn yet</div>'
    )
    return (
        f'<div class="vpl-pair"><figure>{_image(without)}<figcaption>Where it looks, without</figcaption></figure>'
        f"<figure>{right}<figcaption>Where it looks, with the {escape(marker)}</figcaption></figure></div>"
    )


def signed(value: float) -> str:
    """A change with its sign, two decimals: +0.66, or a true minus sign."""
    if abs(value) < _VISIBLE_CHANGE:
        return "0.00"
    return f"{'+' if value > 0 else _MINUS}{abs(value):.2f}"


def _row(name: str, without: float, marked: float | None) -> str:
    bars = _bar(without, "vpl-is-without") + _bar(marked, "vpl-is-with")
    numbers = f"{without:.2f}" + (f" → {marked:.2f}" if marked is not None else "")
    text = escape(name)
    return (
        f'<tr><th scope="row" title="{text}"><bdi>{text}</bdi></th>'
        f'<td aria-hidden="true"><div class="vpl-track">{bars}</div></td>'
        f'<td class="vpl-number">{numbers}</td>{_change(without, marked)}</tr>'
    )


def _bar(share: float | None, kind: str) -> str:
    width = 0.0 if share is None else 100 * min(max(share, 0.0), 1.0)
    return f'<i class="{kind}" style="width:{width:.1f}%"></i>'


def _change(without: float, marked: float | None) -> str:
    if marked is None:
        return '<td class="vpl-number"></td>'
    change = marked - without
    kind = "" if abs(change) < _VISIBLE_CHANGE else " vpl-gain" if change > 0 else " vpl-loss"
    return f'<td class="vpl-number{kind}">{signed(change)}</td>'


def _image(picture: Picture) -> str:
    width, height = picture.size_wh
    data = b64encode(picture.jpeg).decode("ascii")
    # Decoded with the page's text, so that a new picture replaces the old one without a gap.
    return (
        f'<img src="data:image/jpeg;base64,{data}" width="{width}" height="{height}" decoding="sync" '
        f'alt="{escape(picture.alt)}">'
    )
