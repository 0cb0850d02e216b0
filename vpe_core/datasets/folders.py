"""Finding the folder of a data set, and the tables and images in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from vpe_core.datasets.rows import UnusableRow
from vpe_core.errors import DatasetError
from vpe_core.settings import get_settings


def expected_in_settings(name: str) -> Callable[[], Path]:
    """The default root of a data set that the project does not carry: a sub-folder of VPE_DATASETS_DIR."""

    def default_root() -> Path:
        parent = get_settings().datasets_dir
        if parent is None:
            raise DatasetError(
                f"Expected the folder of {name}, but none was given. Give it (--root DIR), or set VPE_DATASETS_DIR to "
                f"the folder that holds {name}."
            )
        return parent / name

    return default_root


def first_file(candidates: Iterable[Path], what: str, root: Path) -> Path:
    """The first of these files that exists.

    Raises:
        DatasetError: None does; the message names what was looked for, and what the folder holds instead.
    """
    if not root.is_dir():
        raise DatasetError(f"Expected a folder at {root}, but it is a file.")
    tried = tuple(candidates)
    for path in tried:
        if path.is_file():
            return path
    names = " or ".join(dict.fromkeys(path.relative_to(root).as_posix() for path in tried))
    raise DatasetError(f"Expected {what} as {names} in {root}, which holds {_content(root)}.")


class ImageFolders:
    """Images that a table names without a folder, found through one listing of all folders.

    Args:
        root: The data set's folder.
        patterns: Where in it images may lie, as for `Path.glob`; "." is the folder itself. The first that has a name
            wins.
        suffixes: Endings that are added to the names in the table, in order of preference.

    Raises:
        DatasetError: None of these folders exists.
    """

    def __init__(self, root: Path, patterns: Sequence[str], suffixes: Sequence[str] = ("",)) -> None:
        self._patterns = ", ".join(patterns)
        self._suffixes = tuple(suffixes)
        folders = [folder for pattern in patterns for folder in _folders(root, pattern)]
        if not folders:
            raise DatasetError(f"Expected images in {' or '.join(patterns)} in {root}, which holds {_content(root)}.")
        self._paths: dict[str, Path] = {}
        for folder in folders:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._paths.setdefault(entry.name, folder / entry.name)

    def find(self, name: str) -> Path:
        """The file of an image.

        Raises:
            UnusableRow: None of the folders has it.
        """
        for suffix in self._suffixes:
            if path := self._paths.get(name + suffix):
                return path
        raise UnusableRow("missing image", f"The image {name!r} is not in {self._patterns}.")


def _folders(root: Path, pattern: str) -> list[Path]:
    return [root] if pattern == "." else sorted(folder for folder in root.glob(pattern) if folder.is_dir())


def inside(root: Path, name: str) -> Path:
    """The file that a table names by its path from the data set's folder.

    Raises:
        UnusableRow: The name is empty, or leads out of the folder.
    """
    if not name:
        raise UnusableRow("missing image", "The row names no image.")
    path = Path(os.path.normpath(root / name))
    if not path.is_relative_to(root):
        raise UnusableRow("missing image", f"The image {name!r} lies outside the data set's folder.")
    return path


def _content(root: Path) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in root.iterdir())
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") or "nothing"
