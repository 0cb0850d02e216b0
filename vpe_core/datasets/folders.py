"""Where data sets are looked for when no folder is given: in VPE_DATASETS_DIR, one sub-folder each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from vpe_core.errors import DatasetError
from vpe_core.settings import get_settings


def expected_in_settings(name: str) -> Callable[[], Path]:
    """The default root of a data set that the project does not carry."""

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
    tried = tuple(candidates)
    for path in tried:
        if path.is_file():
            return path
    names = " or ".join(dict.fromkeys(path.relative_to(root).as_posix() for path in tried))
    raise DatasetError(f"Expected {what} as {names} in {root}, which holds {_content(root)}.")


def _content(root: Path) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in root.iterdir())
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") or "nothing"
