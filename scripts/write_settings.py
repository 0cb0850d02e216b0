"""Writes docs/settings.md: the variable, usual value and meaning of every setting.

python -m scripts.write_settings
"""

from __future__ import annotations

from typing import Any

from vpe_core.settings import PROJECT_DIR, Settings

FILE = PROJECT_DIR / "docs" / "settings.md"
_HEAD = """# Settings

Environment variables, all optional, read once when a command or the app starts; an empty one counts as not set.
A value that cannot be is refused in one sentence, with exit code 2: the app does not start. `python -m vpe_core doctor`
shows what comes of them. Those that matter on a server: [deployment.md](deployment.md).
This page is written by `python -m scripts.write_settings` from `vpe_core/settings.py`.

| variable | usual | what it is |
|---|---|---|
"""
_IN_WORDS = {
    "cache_dir": "the user's cache folder",
    "results_dir": "`results` in the checkout, or the user's data folder",
    "precomputed_dir": "`precomputed` in the checkout, or the user's data folder",
}
"""Values that differ from machine to machine."""


def table() -> str:
    """The page, as it should be."""
    fields = Settings.model_fields.items()
    lines = [
        f"| `VPE_{name.upper()}` | {_usual(name, field.default)} | {field.description} |" for name, field in fields
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _usual(name: str, value: Any) -> str:
    if name in _IN_WORDS:
        return _IN_WORDS[name]
    if value is None or value == ():
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
