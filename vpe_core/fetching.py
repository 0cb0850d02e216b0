"""Downloading one file of known content: it counts as there only once its hash is right."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpe_core.errors import DatasetError
from vpe_core.folders import is_disk_full, megabytes_free, try_folder, why_not_written
from vpe_core.network import FILES, NotTheServerError, explain, explain_status, host_of, is_page
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from requests import Response

_TIMEOUT_S = 20
CHUNK_BYTES = 1 << 16


def fetch_file(url: str, sha256: str, path: Path, advice: str = "", meter: Any = False) -> Path:
    """Download `url` to `path`, unless it is there already.

    Args:
        url: Where it lies.
        sha256: Of its content; anything else is discarded.
        path: Where it will lie.
        advice: Added to messages: what is kept, or what to do instead.
        meter: Pooch's progress bar, with `total`, `update`, `reset` and `close`; False for none.

    Raises:
        DatasetError: The settings forbid it, there is no way to the server, the disk refuses, or the file is not there
            or not the expected one.
    """
    import pooch

    if path.is_file() and pooch.file_hash(str(path)) == sha256:
        return path
    if get_settings().offline:
        raise DatasetError(f"{path.name} is not here, and the setting VPE_OFFLINE forbids downloads. {advice}".strip())
    pooch.get_logger().setLevel(logging.WARNING)
    answers: list[Response] = []
    hooks: dict[str, Any] = {"response": [lambda answer, **_: answers.append(answer), _require_no_page]}
    loader = pooch.HTTPDownloader(progressbar=meter, chunk_size=CHUNK_BYTES, timeout=_TIMEOUT_S, hooks=hooks)
    try:
        try_folder(path.parent)
        pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=path.parent, downloader=loader)
    except (OSError, ValueError, NotTheServerError) as error:  # those of requests are OSErrors
        raise DatasetError(f"{_reason(error, url, path)} {advice}".strip()) from error
    finally:
        for answer in answers:  # pooch leaves them open where it fails
            answer.close()
    return path


def _require_no_page(response: Response, **_: object) -> None:
    """A page is nothing that is fetched here: another answers in the server's place."""
    if response.ok and not response.is_redirect and is_page(response.headers):
        raise NotTheServerError(f"Expected a file, but got a page from {response.url}.")


def _reason(error: Exception, url: str, path: Path) -> str:
    response = getattr(error, "response", None)
    if response is not None and response.status_code >= 400:
        return f"{path.name} cannot be fetched: {_status_reason(response, url)}"
    if isinstance(error, OSError) and (on_disk := _on_disk(error, path)):
        return on_disk
    if host_of(url) is None:
        return f"{path.name} cannot be fetched: expected an address with http:// or https://, but got {url!r}."
    if unreached := explain(error, url, FILES):
        return f"{path.name} cannot be fetched. {unreached}"
    if isinstance(error, OSError):
        return f"{path.name} cannot be fetched: {error}."
    return f"{path.name} is not the expected file and was discarded."


def _on_disk(error: OSError, path: Path) -> str | None:
    if is_disk_full(error):
        free = f"{megabytes_free(path.parent):,.0f} MB are free in {path.parent}"
        return f"There is no space for {path.name}: {free}. Make room, or set VPE_CACHE_DIR to another disk."
    reason = why_not_written(error, path.parent)
    return f"{path.name} cannot be written. {reason} Or set VPE_CACHE_DIR to another folder." if reason else None


def _status_reason(response: Response, url: str) -> str:
    if response.status_code in (404, 410):
        return f"the server answered {response.status_code}. It may have moved; please report it."
    return explain_status(response.status_code, response.headers, host_of(response.url) or url, FILES)
