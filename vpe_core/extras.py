"""Packages that only some uses need: `pip install "visual-prompt-lab[dicom]"` and the like."""

from __future__ import annotations

import importlib.util

from vpe_core.errors import VPEError


def is_installed(module: str) -> bool:
    """Whether a module can be imported; it is not imported."""
    return importlib.util.find_spec(module) is not None


def require(module: str, extra: str, what: str, error: type[VPEError]) -> None:
    """Refuse a use whose package is not installed.

    Args:
        module: What it imports.
        extra: The extra that brings it, as in pyproject.toml.
        what: What needs it, as the message begins: "Reading a CT needs".
        error: Of what class the error is.

    Raises:
        VPEError: It is not installed.
    """
    if not is_installed(module):
        raise error(f'{what} {module}. Install it: pip install "visual-prompt-lab[{extra}]"')
