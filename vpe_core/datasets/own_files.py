"""Files of one's own, a table and its images or a ZIP file of both, written into a folder; nothing is trusted."""

from __future__ import annotations

import io
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vpe_core.datasets.table import read_table
from vpe_core.errors import DatasetError
from vpe_core.images.formats import HEAD_BYTES, refusal, told_format
from vpe_core.settings import get_settings

MAX_FILES = 2_000
MAX_UNPACKED_BYTES = 300_000_000
_MAX_NAME_CHARS, _MAX_DEPTH = 200, 12
_MAX_TABLE_BYTES = 20_000_000
_BLOCK_BYTES = 1 << 20
_ZIP, _EMPTY_ZIP, _ENCRYPTED = b"PK\3\4", b"PK\5\6", 0x1
_FOREIGN = re.compile(r'[<>:"|?*\x00-\x1f]')
_CLUTTER = re.compile(r"(^|/)(__MACOSX/|\.[^/]+$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
"""What file managers add to folders."""


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """What was written.

    Attributes:
        table: The one table.
        images: How many images.
        refused: A sentence for each file that was left out.
    """

    table: Path
    images: int
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class _Written:
    """What has been written so far."""

    folder: Path
    bytes: int = 0
    tables: list[Path] = field(default_factory=list)
    images: list[Path] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def write_own_files(files: Iterable[tuple[str, bytes]], folder: Path) -> OwnFiles:
    """Write a table and its images into an empty folder.

    Args:
        files: Name and content: a CSV file, images, or ZIP files that hold them.
        folder: Where to.

    Returns:
        The table, and what was left out: empty files, and those that are neither a table nor an X-ray by their content.

    Raises:
        DatasetError: There is no table or more than one, a name leads out of the folder, or it is too much.
    """
    written = _Written(folder)
    for name, data in files:
        if data.startswith(_ZIP):
            _unpack(name, data, written)
        else:
            _write(_safe_name(name, f"The file {_quoted(name)}"), data, written)
    if len(written.tables) != 1:
        found = ", ".join(sorted(table.name for table in written.tables)[:5])
        refused = f" {written.refused[0]}" if written.refused else ""
        raise DatasetError(
            f"Expected one CSV file among the files, but found {len(written.tables)}: {found}."
            if found
            else f"Expected a CSV file with the columns image, label, x0, y0, x1, y1, but there is none.{refused}"
        )
    _place_where_named(written.tables[0], written.images)
    return OwnFiles(written.tables[0], len(written.images), tuple(written.refused))


def _place_where_named(table: Path, images: Sequence[Path]) -> None:
    """Put images where the table names them: browsers send them without their folders, ZIP files often in one more."""
    called: dict[str, list[Path]] = {}
    for image in images:
        called.setdefault(_folded(image.name), []).append(image)
    names: list[str] = []
    with suppress(DatasetError, OSError):  # of the table, its reader tells
        names = list(dict.fromkeys(row["image"] for row in read_table(table)))[:MAX_FILES]
    claims = Counter(_folded(name).rpartition("/")[2] for name in names)
    for name in names:
        with suppress(DatasetError, OSError):
            place = table.parent / (safe := _safe_name(name, "The table"))
            bare = _folded(place.name)
            alike = called.get(bare, [])
            found = [image for image in alike if f"/{_folded(image.as_posix())}".endswith(f"/{_folded(safe)}")]
            if not found and claims[bare] == 1:
                found = [image for image in alike if image.parent == table.parent]
            if len(found) == 1 and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.hardlink_to(found[0])  # takes no room


def _folded(name: str) -> str:
    """What two systems may write differently of one name: case, and how accents are encoded."""
    return unicodedata.normalize("NFC", name).casefold()


def _unpack(name: str, data: bytes, written: _Written) -> None:
    """The files of a ZIP file. What it says of their sizes is checked before anything is unpacked, and then again."""
    where = f"The ZIP file {_quoted(name)}"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            places = {entry: _safe_name(entry.filename, where) for entry in archive.infolist() if not entry.is_dir()}
            places = {entry: place for entry, place in places.items() if not _CLUTTER.search(place)}
            if len(places) > MAX_FILES:
                raise DatasetError(f"{where} holds {len(places):,} files; {MAX_FILES:,} are the most.")
            _require_room(sum(entry.file_size for entry in places), written, where)
            for entry in places:
                if entry.flag_bits & _ENCRYPTED:
                    raise DatasetError(f"{where} is encrypted. Pack it without a password.")
                if stat.S_ISLNK(entry.external_attr >> 16):
                    raise DatasetError(f"{where} holds a link, {_quoted(entry.filename)}. Pack the file itself.")
            for entry, place in places.items():
                content = b"".join(_blocks(archive, entry, where))
                if content.startswith(_ZIP):
                    written.refused.append(f"{_quoted(place)} is a ZIP file inside a ZIP file.")
                    continue
                _write(place, content, written)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120].rstrip(".") or type(error).__name__
        raise DatasetError(f"{where} is damaged or no ZIP file ({reason}). Pack it again.") from None


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> Iterator[bytes]:
    most = max(get_settings().max_image_bytes, _MAX_TABLE_BYTES)
    done = 0
    with archive.open(entry) as file:
        while block := file.read(_BLOCK_BYTES):
            done += len(block)
            if done > most:
                raise DatasetError(
                    f"{where} holds {_quoted(entry.filename)}, which is larger than {most / 1e6:.0f} MB."
                )
            yield block


def _require_room(n_bytes: int, written: _Written, where: str) -> None:
    if written.bytes + n_bytes > MAX_UNPACKED_BYTES:
        raise DatasetError(
            f"{where} would make it {(written.bytes + n_bytes) / 1e6:,.0f} MB unpacked, and "
            f"{MAX_UNPACKED_BYTES / 1e6:,.0f} MB are the most. "
            "Take fewer images, or give the folder to `datasets check table --root DIR`."
        )


def _safe_name(name: str, where: str) -> str:
    """The name as a path below a folder, with slashes.

    Raises:
        DatasetError: It leads out of the folder, or no system could write it.
    """
    path = name.replace("\\", "/")
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", path):
        raise DatasetError(f"{where} names {_quoted(name)}, which leads out of its folder. Nothing of it was read.")
    unfit = not parts or len(parts) > _MAX_DEPTH or any(len(part) > _MAX_NAME_CHARS for part in parts)
    if unfit or _FOREIGN.search(path):
        raise DatasetError(f"{where} names {_quoted(name)}, which is no file name that every system can write.")
    return "/".join(parts)


def _write(name: str, data: bytes, written: _Written) -> None:
    if _CLUTTER.search(name):
        return
    _require_room(len(data), written, f"The file {_quoted(name)}")
    if len(written.images) + len(written.tables) >= MAX_FILES:
        raise DatasetError(f"{MAX_FILES:,} files are the most. Take fewer images.")
    is_table = name.lower().endswith(".csv")
    if not data:
        written.refused.append(f"{_quoted(name)} is empty.")
        return
    if name.lower().endswith(".zip"):
        empty = data.startswith(_EMPTY_ZIP)
        reason = "is a ZIP file that holds nothing" if empty else "is called a ZIP file, but its content is none"
        written.refused.append(f"{_quoted(name)} {reason}.")
        return
    if not is_table and told_format(data[:HEAD_BYTES], len(data)) is None:
        written.refused.append(f"{_quoted(name)} is not used: {refusal(data[:HEAD_BYTES])}.")
        return
    if is_table and told_format(data[:HEAD_BYTES], len(data)) is not None:
        written.refused.append(f"{_quoted(name)} is called a table, but it holds an image.")
        return
    place = written.folder / name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            written.refused.append(f"{_quoted(name)} is there twice; the first one counts.")
            return
        place.write_bytes(data)
    except OSError as error:
        raise DatasetError(f"The file {_quoted(name)} cannot be written: {error.strerror or error}.") from None
    written.bytes += len(data)
    if is_table:
        written.tables.append(place)
    else:
        written.images.append(place)


def _quoted(name: str) -> str:
    clean = name.encode("unicode_escape").decode() if not name.isprintable() else name
    return f"“{clean[:80]}{'…' if len(clean) > 80 else ''}”"
