"""Finding the folder of a data set, and the tables and images in it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from vpe_core.datasets.rows import UnusableRow
from vpe_core.errors import DatasetError
from vpe_core.prompts.texts import folded
from vpe_core.settings import get_settings

_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_SHOWN_CHARS = 200


def expected_in_settings(name: str) -> Callable[[], Path]:
    """The default root of a data set that the project does not carry: a sub-folder of VPE_DATASETS_DIR."""

    def default_root() -> Path:
        parent = get_settings().datasets_dir
        if parent is None:
            raise DatasetError(
                f"Expected the folder of {name}, but none was given. Give it, or set VPE_DATASETS_DIR to "
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
        self._spellings = _spellings(self._paths)

    def find(self, name: str) -> Path:
        """The file of an image; upper and lower case may differ where that leaves no choice.

        Raises:
            UnusableRow: None of the folders has it.
        """
        for suffix in self._suffixes:
            if path := self._paths.get(name + suffix):
                return path
        for suffix in self._suffixes:
            if alike := _only(self._spellings.get(folded(name + suffix), ()), name + suffix, self._patterns):
                return self._paths[alike]
        raise UnusableRow("missing image", f"The image {name!r} is not in {self._patterns}.")


def _folders(root: Path, pattern: str) -> list[Path]:
    return [root] if pattern == "." else sorted(folder for folder in root.glob(pattern) if folder.is_dir())


class ImagePaths:
    """Images that a table names by their paths from a folder, written on any system.

    Args:
        root: The folder; nothing outside it is read.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listings: dict[Path, dict[str, list[str]]] = {}

    def find(self, name: str) -> Path:
        """The file of an image. Backslashes part folders, and case may differ where that leaves no choice.

        Raises:
            UnusableRow: The name is empty, leads out of the folder, or there is no such file.
        """
        if not name:
            raise UnusableRow("missing image", "The row names no image.")
        if _DRIVE.match(name):
            raise UnusableRow(
                "missing image",
                f"The image {name!r} begins with a drive of Windows. Name it by its path from the table's folder, "
                f"{self._root}.",
            )
        for written in (name.replace("\\", "/"), name.replace("/", "\\")):
            path = Path(os.path.normpath(self._root / written))
            if not path.is_relative_to(self._root):
                raise UnusableRow("missing image", f"The image {name!r} lies outside the data set's folder.")
            try:
                if path.is_file():
                    return path
            except OSError as error:  # such as a name that is too long
                reason = f"The image {quoted(name)} cannot be read: {error.strerror}."
                raise UnusableRow("unreadable image", reason) from None
        return self._in_other_case(name.replace("\\", "/"))

    def _in_other_case(self, name: str) -> Path:
        path = Path(os.path.normpath(self._root / name))
        found = self._root
        for part in path.relative_to(self._root).parts:
            spelling = _only(self._listing(found).get(folded(part), ()), part, str(found), exact_first=True)
            if spelling is None:
                raise UnusableRow(
                    "missing image",
                    f"There is no image {path.name}. It was looked for as {quoted(name)} in {self._root}.",
                )
            found /= spelling
        return found

    def _listing(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._listings:
            self._listings[folder] = _spellings([path.name for path in folder.iterdir()] if folder.is_dir() else ())
        return self._listings[folder]


def _spellings(names: Iterable[str]) -> dict[str, list[str]]:
    """The names that differ in case, or in how accents are encoded, only."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[folded(name)].append(name)
    return alike


def _only(spellings: Sequence[str], name: str, where: str, exact_first: bool = False) -> str | None:
    """The one of these names that is meant; None if there is none.

    Raises:
        UnusableRow: There are several.
    """
    if exact_first and name in spellings:
        return name
    if len(spellings) > 1:
        raise UnusableRow(
            "missing image",
            f"There is no image {name!r} in {where}, but {' and '.join(sorted(spellings))}, so that case does not "
            "tell which one is meant.",
        )
    return spellings[0] if spellings else None


def quoted(name: str) -> str:
    """A name as it is shown in a reason."""
    return repr(name if len(name) <= _SHOWN_CHARS else f"{name[:_SHOWN_CHARS]}…")


def _content(root: Path) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in root.iterdir())
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") or "nothing"
