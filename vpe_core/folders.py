"""Paths that people name, and folders that a command is about to write: what is wrong is found out before the work."""

from __future__ import annotations

import errno
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from vpe_core.errors import VPEError


def named_path(name: str | Path, error: type[Exception]) -> Path:
    """The absolute path that a person names; `~` and `~somebody` stand for home folders. Whether it exists is open.

    Every text that comes from outside (a link, a setting, an option) becomes a path here, because some texts cannot.

    Raises:
        Exception: No path can be called so: there is no such home, it holds a NUL, is too long, or leads in a circle
            (of the class `error`).
    """
    try:
        path = Path(name).expanduser().absolute()
        path.resolve()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            path.stat()
    except (OSError, RuntimeError, ValueError) as reason:
        words = getattr(reason, "strerror", None) or str(reason).strip(".").lower()
        raise error(f"{str(name)[:80]!r} names no folder or file ({words}). Name another.") from None
    return path


def make_folder(folder: Path, error: type[VPEError]) -> None:
    """Makes a folder with its parents, if it is not there, and tries whether files can be written into it.

    Raises:
        VPEError: They cannot (of the class `error`).
    """
    folder = named_path(folder, error)
    if folder.exists() and not folder.is_dir():
        raise error(f"Expected a folder to write into, but {folder} is a file. Name another.")
    try:
        try_folder(folder)
    except OSError as reason:
        raise error(f"Cannot write into the folder {folder}: {reason.strerror}. Name another.") from reason


def try_folder(folder: Path) -> None:
    """Makes a folder with its parents, if it is not there, and a file in it.

    Raises:
        OSError: That is not possible; it names the path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def is_disk_full(error: OSError) -> bool:
    """Whether the disk, a quota or a file's largest size is what refused."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def megabytes_free(folder: Path) -> float:
    """Free space of the disk that holds `folder`, which need not be there yet."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(existing).free / 1e6


def why_not_written(error: OSError, folder: Path) -> str | None:
    """Why a file in `folder` could not be written and what to do; None if `error` is about something else."""
    if not isinstance(error.filename, str | Path):
        return None
    path = Path(error.filename).absolute()
    if not (path.is_relative_to(folder.absolute()) or folder.absolute().is_relative_to(path)):
        return None
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path if path.is_dir() else path.parent} may not be written ({error.strerror}). Make it writable."
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{_blocking_file(path)} is a file where a folder is needed. Move it away."
    return f"{path}: {error.strerror or error}. Check the disk."


def _blocking_file(path: Path) -> Path:
    """The first part of a path that is a file, or the path itself."""
    return next((part for part in (*reversed(path.parents), path) if part.is_file()), path)
