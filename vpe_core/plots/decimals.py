"""Numbers with decimals as people read them: a true minus sign, and no sign before a zero."""

from __future__ import annotations

_MINUS = "\N{MINUS SIGN}"


def decimal(value: float, digits: int = 2) -> str:
    """A number with a fixed number of decimals.

    Example:
        >>> decimal(-0.157), decimal(-0.001), decimal(0.4)
        ('−0.16', '0.00', '0.40')
    """
    text = f"{abs(value):.{digits}f}"
    return f"{_MINUS}{text}" if value < 0 and float(text) else text
