"""Folders that a command is about to write: whether it can is found out before the work, not after it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from vpe_core.errors import VPEError


def make_folder(folder: Path, error: type[VPEError]) -> None:
    """Makes a folder with its parents, if it is not there, and tries whether files can be written into it.

    Raises:
        VPEError: They cannot (of the class `error`).
    """
    if folder.exists() and not folder.is_dir():
        raise error(f"Expected a folder to write into, but {folder} is a file. Name another.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as reason:
        raise error(f"Cannot write into the folder {folder}: {reason.strerror}. Name another.") from reason
