"""The Hugging Face hub: list a repository at one commit, transfer its files, verify them.

Uses the session, addresses and errors of `huggingface_hub`. The transfer itself is ours, because that client (2.x)
starts an interrupted file afresh: here the part that has arrived stays on disk, and the next attempt, also in another
process, asks for the rest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpe_core.errors import ModelDownloadError
from vpe_core.network import NotTheServerError, is_page

if TYPE_CHECKING:
    from httpx2 import Response

_CHUNK_BYTES = 1 << 20
_ATTEMPTS = 4
_PAUSE_S = 0.5
_TIMEOUT_S = 30

OnBytes = Callable[[int], None]
"""Told the number of bytes that have arrived (negative if some had to be given up)."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a hub repository at one commit.

    Attributes:
        repository: `organisation/name`.
        revision: The commit.
        path: Path in the repository.
        size: In bytes.
        sha256: Content hash if the file is stored as LFS.
        git_oid: Git's own hash of the file otherwise.
    """

    repository: str
    revision: str
    path: str
    size: int
    sha256: str | None
    git_oid: str | None


def list_files(repository: str, revision: str | None, endpoint: str) -> tuple[RemoteFile, ...]:
    """All files of a repository, at the commit to which `revision` (None: the default branch) resolves."""
    from huggingface_hub import HfApi, get_session

    get_session()  # fails here if the environment does not let a client be made
    try:
        info = HfApi(endpoint=endpoint).model_info(
            repository, revision=revision, files_metadata=True, timeout=_TIMEOUT_S
        )
    except (KeyError, TypeError, AttributeError) as error:  # JSON, but of something else
        raise NotTheServerError(f"The answer does not describe the repository {repository}.") from error
    commit = str(info.sha)
    return tuple(
        RemoteFile(
            repository,
            commit,
            sibling.rfilename,
            int(sibling.size or 0),
            sibling.lfs.sha256 if sibling.lfs else None,
            None if sibling.lfs else sibling.blob_id,
        )
        for sibling in info.siblings or ()
    )


def transfer(file: RemoteFile, target: Path, endpoint: str, on_bytes: OnBytes) -> str:
    """Download `file` to `target`, going on where an earlier attempt stopped, and return its SHA-256.

    Raises:
        ModelDownloadError: What arrived is not what the hub announced.
        NotTheServerError: Something else than the hub answers.
        OSError: The disk refuses; `httpx2` and `huggingface_hub` errors pass through too.
    """
    from httpx2 import TransportError

    if target.is_file() and _size(target) == file.size and _matches(file, target, sha256 := sha256_of(target)):
        on_bytes(file.size)
        return sha256
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{(file.sha256 or file.git_oid or file.revision)[:12]}.part")
    on_bytes(_size(part))
    failures = 0
    while _size(part) < file.size or not part.exists():
        before, broken = _size(part), None
        try:
            _append_rest(file, part, endpoint, on_bytes)
        except TransportError as error:
            broken = error
        failures = 0 if _size(part) > before else failures + 1
        if failures == _ATTEMPTS:
            raise broken or _truncated(file, part)
        time.sleep(_PAUSE_S * failures)
    sha256 = _verify(file, part)
    part.replace(target)
    return sha256


def _append_rest(file: RemoteFile, part: Path, endpoint: str, on_bytes: OnBytes) -> None:
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    url = hf_hub_url(file.repository, file.path, revision=file.revision, endpoint=endpoint)
    headers: dict[str, Any] = {**build_hf_headers(), "Accept-Encoding": "identity"}
    have = _size(part)
    if have:
        headers["Range"] = f"bytes={have}-"
    with get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT_S) as response:
        hf_raise_for_status(response)
        _require_file(response)
        if have and response.status_code == 200:  # the server ignores ranges and sends everything again
            on_bytes(-have)
            part.unlink()
        with part.open("ab") as stream:
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                stream.write(chunk)
                on_bytes(len(chunk))


def _require_file(response: Response) -> None:
    """No page, and no redirection that leads nowhere: what is written must be the file."""
    if response.status_code not in (200, 206) or is_page(response.headers):
        raise NotTheServerError(f"Expected a file, but got a page or nothing, with the status {response.status_code}.")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _truncated(file: RemoteFile, part: Path) -> ModelDownloadError:
    return ModelDownloadError(
        f"The hub stops sending {file.path} of {file.repository} after {_size(part):,} of {file.size:,} bytes. Fetch "
        "again later: it goes on from there."
    )


def _verify(file: RemoteFile, part: Path) -> str:
    size = _size(part)
    sha256 = sha256_of(part)
    if size != file.size or not _matches(file, part, sha256):
        part.unlink()
        raise ModelDownloadError(
            f"{file.path} of {file.repository} arrived damaged: expected {file.size:,} bytes with the hash "
            f"{file.sha256 or file.git_oid}, but got {size:,} bytes with the SHA-256 {sha256}. The damaged file was "
            "deleted; fetch again. If it happens twice, a proxy on the way alters the download."
        )
    return sha256


def _matches(file: RemoteFile, part: Path, sha256: str) -> bool:
    if file.sha256:
        return sha256 == file.sha256
    if file.git_oid:
        content = part.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == file.git_oid
    return True


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
