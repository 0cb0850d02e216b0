"""Downloading one file of known content: it counts as there only once its hash is right."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from vpe_core.errors import DatasetError
from vpe_core.settings import get_settings

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
        DatasetError: The settings forbid it, there is no network, or the file is not there or not the expected one.
    """
    import pooch
    import requests

    if path.is_file() and pooch.file_hash(str(path)) == sha256:
        return path
    if get_settings().offline:
        raise DatasetError(f"{path.name} is not here, and the setting VPE_OFFLINE forbids downloads. {advice}".strip())
    pooch.get_logger().setLevel(logging.WARNING)
    loader = pooch.HTTPDownloader(progressbar=meter, chunk_size=CHUNK_BYTES, timeout=_TIMEOUT_S)
    try:
        pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=path.parent, downloader=loader)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "with an error"
        reason = f"{path.name} cannot be fetched: the server answered {status}."
        raise DatasetError(f"{reason} {advice}".strip()) from error
    except requests.RequestException as error:
        reason = f"There is no connection to the server of {path.name}. Try again when online."
        raise DatasetError(f"{reason} {advice}".strip()) from error
    except ValueError as error:
        raise DatasetError(f"{path.name} is not the expected file and was discarded. {advice}".strip()) from error
    except OSError as error:
        raise DatasetError(f"{path.name} cannot be written to {path.parent}: {error}. {advice}".strip()) from error
    return path
