"""Probabilities as people read them: whole percents, and changes in percentage points. Files keep their digits."""

from __future__ import annotations

_MINUS = "\N{MINUS SIGN}"
_HALF = 0.005
"""Half a percent: a change that is smaller is printed as 0."""


def percent(share: float) -> str:
    """A share of 0 to 1 in whole percents; "<1%" and ">99%" where rounding would claim certainty.

    Example:
        >>> percent(0.456), percent(0.001), percent(0.999)
        ('46%', '<1%', '>99%')
    """
    text = f"{100 * share:.0f}%"
    if text == "0%" and share > 0:
        return "<1%"
    if text == "100%" and share < 1:
        return ">99%"
    return text


def points_between(before: float, after: float) -> str:
    """The change between two shares beside which it stands: that of the whole percents, so that nobody finds a gap.

    "<1%" counts as 0 and ">99%" as 100.

    Example:
        >>> points_between(0.925, 0.964), points_between(0.006, 0.004), points_between(0.006, 0.014)
        ('+4', '−1', '0')
    """
    change = round(100 * after) - round(100 * before)
    return points(change / 100)


def points(change: float) -> str:
    """A difference of shares in percentage points with its sign, for a column whose heading says so.

    It is rounded once, from the exact difference. Beside the two shares it is `points_between`.

    Example:
        >>> points(0.66), points(-0.464), points(0.004)
        ('+66', '−46', '0')
    """
    if abs(change) < _HALF:
        return "0"
    return f"{'+' if change > 0 else _MINUS}{100 * abs(change):.0f}"
