"""Numbers as they are printed: three decimals or as many as a difference needs, gains signed, a dash if undefined."""

from __future__ import annotations

import math

UNDEFINED = "–"
MINUS = "−"
DECIMALS = 3
_MOST = 6  # decimals of a difference that is near 0


def number_text(value: float, decimals: int = DECIMALS) -> str:
    """0.842, and 0.000 without a sign; a dash if undefined."""
    if math.isnan(value):
        return UNDEFINED
    text = f"{value:.{decimals}f}"
    return (text if float(text) else f"{0:.{decimals}f}").replace("-", MINUS)


def signed_text(value: float, decimals: int = DECIMALS) -> str:
    """+0.119 or −0.005, and 0.000 without a sign; a dash if undefined."""
    if math.isnan(value):
        return UNDEFINED
    text = f"{abs(value):.{decimals}f}"
    return text if float(text) == 0 else ("+" if value > 0 else MINUS) + text


def interval_text(low: float, high: float, *, signed: bool = False, decimals: int = DECIMALS) -> str:
    """[0.101, 0.137]; empty if undefined."""
    if math.isnan(low) or math.isnan(high):
        return ""
    text = signed_text if signed else number_text
    return f"[{text(low, decimals)}, {text(high, decimals)}]"


def difference_text(value: float, low: float, high: float, *, signed: bool = True) -> str:
    """+0.119 [+0.101, +0.137]; with more decimals where 0.000 would hide a difference whose interval excludes 0."""
    decimals = decimals_of(value, low, high)
    text = signed_text if signed else number_text
    return f"{text(value, decimals)} {interval_text(low, high, signed=signed, decimals=decimals)}".strip()


def decimals_of(value: float, low: float, high: float) -> int:
    """How many decimals a difference needs: three, or as many as tell it and the ends of its interval from 0."""
    told = [value, low, high] if low > 0 or high < 0 else [max((value, low, high), key=abs)]
    known = [abs(one) for one in told if one and not math.isnan(one)]
    return next((n for n in range(DECIMALS, _MOST) if all(float(f"{one:.{n}f}") for one in known)), _MOST)


def p_text(p: float) -> str:
    """The p-value: p < 0.001, or p = 0.043; empty if undefined."""
    if math.isnan(p):
        return ""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
