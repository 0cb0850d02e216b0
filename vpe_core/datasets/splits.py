"""The official splits: row numbers of the published tables, counted from 0 below the line of headings.

Source: github.com/MIC-DKFZ/VPE-in-Radiology, the code of Denner et al., MIDL 2025, at one commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from vpe_core.datasets.rows import SourceRow
from vpe_core.errors import DatasetError
from vpe_core.fetching import fetch_file
from vpe_core.settings import get_settings

BASE_URL = (
    "https://raw.githubusercontent.com/MIC-DKFZ/VPE-in-Radiology/8282cb021d9ee0e5f2e2eead75d64cbd7eb3043b/src/datasets"
)
SHA256 = {
    ("padchestgr", "train"): "2833ed7e7dda036dc6b67b9ab25f01349acd3abe93f048ccb5a45e3cefc8e95d",
    ("padchestgr", "val"): "4f3f193130a083c48cdcf7ac733be96cb51c576e7f84f7f5d0b857976398d41b",
    ("padchestgr", "test"): "abffa6bcad98c50fe84c595d6f87b88b7f865bdba47938e39a3cc302eeb63ef3",
    ("vindrcxr", "train"): "0d99847b66f9b640ef6d9421de19b66e37d4b06d4c871916ccfab611f04293d5",
    ("vindrcxr", "test"): "5712defa198b4deb000216a5377884ab2cd9db2debaae5645873f835b013a7c6",
}
"""Of each file, by the official code's name of the data set, and part."""


def split_file(root: Path, name: str, part: str) -> Path | None:
    """The file of a split in a data set's folder, or in its sub-folder `splits`; None if there is none."""
    names = (f"{part}_indices.txt", f"{name}_{part}_indices.txt")
    candidates = (folder / file for folder in (root, root / "splits") for file in names)
    return next((path for path in candidates if path.is_file()), None)


def fetch_split(name: str, part: str) -> Path:
    """The file of an official split in the user's cache, downloaded once and checked by hash.

    Raises:
        DatasetError: It cannot be downloaded.
    """
    url = f"{BASE_URL}/{name}/{part}_indices.txt"
    path = get_settings().cache_dir / "splits" / f"{name}_{part}_indices.txt"
    advice = f"Or fetch {url} by hand and put it into the data set's folder as {part}_indices.txt."
    return fetch_file(url, SHA256[name, part], path, advice)


def read_split(path: Path) -> tuple[int, ...]:
    """The row numbers in a file, ascending.

    Raises:
        DatasetError: It holds anything but one number a line.
    """
    try:
        numbers = [int(line) for line in path.read_text(encoding="utf-8-sig").split()]
    except (OSError, ValueError) as error:
        raise DatasetError(f"Expected one row number a line in {path}, but it cannot be read: {error}.") from error
    if not numbers or min(numbers) < 0:
        raise DatasetError(f"Expected row numbers from 0 upwards in {path}, but it holds {numbers[:3] or 'none'}.")
    return tuple(sorted(set(numbers)))


def is_official(numbers: Sequence[int], name: str, part: str) -> bool:
    """Whether these rows are those of the official file."""
    text = "\n".join(str(position) for position in numbers)
    return hashlib.sha256(text.encode()).hexdigest() == SHA256[name, part]


def select_rows(rows: Sequence[SourceRow], numbers: Sequence[int], table: Path) -> tuple[SourceRow, ...]:
    """The rows of a split.

    Raises:
        DatasetError: The split names rows that the table does not have.
    """
    if numbers[-1] >= len(rows):
        raise DatasetError(
            f"The split names row {numbers[-1]} of {table.name}, which holds {len(rows)} rows. "
            "Use the table that the split was made for, complete and in its published order."
        )
    return tuple(rows[position] for position in numbers)


def describe(numbers: Sequence[int], name: str, part: str) -> str:
    """One sentence about where the samples' rows come from."""
    if is_official(numbers, name, part):
        return f"The {len(numbers):,} rows of the paper's split, checked by hash."
    return f"These {len(numbers):,} rows are not the paper's split, so do not compare them with published figures."
