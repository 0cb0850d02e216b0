"""Numbers as they are printed: three decimals, gains signed, intervals in brackets, a dash for the undefined."""

from __future__ import annotations

import math

UNDEFINED = "–"
MINUS = "−"


def number_text(value: float) -> str:
    """0.842, and 0.000 without a sign; a dash if undefined."""
    if math.isnan(value):
        return UNDEFINED
    text = f"{value:.3f}"
    return (text if float(text) else f"{0:.3f}").replace("-", MINUS)


def signed_text(value: float) -> str:
    """+0.119 or −0.005, and 0.000 without a sign; a dash if undefined."""
    if math.isnan(value):
        return UNDEFINED
    text = f"{abs(value):.3f}"
    return text if float(text) == 0 else ("+" if value > 0 else MINUS) + text


def interval_text(low: float, high: float, *, signed: bool = False) -> str:
    """[0.101, 0.137]; empty if undefined."""
    if math.isnan(low) or math.isnan(high):
        return ""
    text = signed_text if signed else number_text
    return f"[{text(low)}, {text(high)}]"


def p_text(p: float) -> str:
    """The p-value: p < 0.001, or p = 0.043; empty if undefined."""
    if math.isnan(p):
        return ""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
