"""Texts in CSV files that people open in a spreadsheet."""

from __future__ import annotations


def cell(text: str) -> str:
    """The text as a cell: spreadsheets would run one that begins like a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
