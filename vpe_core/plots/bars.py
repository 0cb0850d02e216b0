"""The live answer as a compact table of bars: each class without and with the marker, and the change.

HTML rather than a figure: it paints in the same frame as the rest, is read aloud as a table, and its text is selectable.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_MINUS = "\N{MINUS SIGN}"
_VISIBLE_CHANGE = 0.005
"""Below this, the change would be printed as 0.00."""


def answer_bars(
    classes: Sequence[str],
    without: Sequence[float],
    with_marker: Sequence[float] | None = None,
    *,
    marker: str = "marker",
) -> str:
    """The bars as an HTML table; class names are shown as plain text, whatever they contain.

    Args:
        classes: Class names.
        without: Probability of each class for the unmarked image, 0 to 1.
        with_marker: The same for the marked image; None while nothing is drawn.
        marker: What the marker is called, such as "circle".
    """
    marked = with_marker if with_marker is not None else [None] * len(classes)
    rows = sorted(zip(classes, without, marked, strict=True), key=lambda row: -max(row[1], row[2] or 0))
    body = "".join(_row(*row) for row in rows)
    return (
        '<table class="vpl-bars">'
        f"<caption>{_legend(marker)}</caption>"
        '<thead class="vpl-unseen"><tr><th>Class</th><th>Bars</th>'
        f"<th>Probability without, then with the {escape(marker)}</th><th>Change</th></tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def signed(value: float) -> str:
    """A change with its sign, two decimals: +0.66 or a true minus sign."""
    if abs(value) < _VISIBLE_CHANGE:
        return "0.00"
    return f"{'+' if value > 0 else _MINUS}{abs(value):.2f}"


def _legend(marker: str) -> str:
    return f'<span class="vpl-key vpl-is-without">without</span><span class="vpl-key vpl-is-with">with the {escape(marker)}</span>'


def _row(name: str, without: float, marked: float | None) -> str:
    bars = _bar(without, "vpl-is-without") + _bar(marked, "vpl-is-with")
    numbers = f"{without:.2f}" + (f" → {marked:.2f}" if marked is not None else "")
    change = _change(without, marked)
    text = escape(name)
    return (
        f'<tr><th scope="row" title="{text}"><bdi>{text}</bdi></th>'
        f'<td class="vpl-track" aria-hidden="true"><div>{bars}</div></td>'
        f'<td class="vpl-number">{numbers}</td>{change}</tr>'
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
