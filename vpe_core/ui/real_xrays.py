"""Fetching the real, public X-rays: with progress, checked by hash, kept in the user's cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from vpe_core.errors import DatasetError
from vpe_core.settings import get_settings
from vpe_core.ui.gallery import RealXray, real_xray_dir, real_xrays

Progress = Callable[[float, str], None]
"""Called with the share of bytes that has arrived, 0 to 1, and the file at work."""

_TIMEOUT_S = 20
_CHUNK_BYTES = 1 << 16


def missing_xrays() -> tuple[RealXray, ...]:
    """The real X-rays that are not on this machine yet."""
    return tuple(xray for xray in real_xrays() if not xray.image.path.is_file())


def fetch_xrays(progress: Progress = lambda _share, _file: None) -> int:
    """Fetch the real X-rays that are missing.

    Each file is compared with the hash in the table before it counts as there; what has arrived stays if a later file
    fails, and the next call goes on from it.

    Returns:
        How many files were fetched.

    Raises:
        DatasetError: There is no network, or a file is not there or not the expected one.
    """
    missing = missing_xrays()
    if missing and get_settings().offline:
        raise DatasetError("The setting VPE_OFFLINE forbids downloads. Nothing was fetched.")
    meter = _Meter(sum(xray.size_bytes for xray in missing), progress)
    for number, xray in enumerate(missing):
        meter.start(xray)
        _fetch(xray, meter, f"{number} of {len(missing)} X-rays are here and are kept.")
    return len(missing)


def _fetch(xray: RealXray, meter: _Meter, so_far: str) -> None:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    mirror = get_settings().xray_mirror
    url = f"{mirror.rstrip('/')}/{xray.file}" if mirror else xray.url
    try:
        pooch.retrieve(
            url,
            known_hash=f"sha256:{xray.sha256}",
            fname=xray.file,
            path=real_xray_dir(),
            downloader=pooch.HTTPDownloader(progressbar=meter, chunk_size=_CHUNK_BYTES, timeout=_TIMEOUT_S),
        )
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "with an error"
        raise DatasetError(f"{xray.file} cannot be fetched: the server answered {status}. {so_far}") from error
    except requests.RequestException as error:
        raise DatasetError(f"There is no connection to the X-rays' server. {so_far} Try again when online.") from error
    except ValueError as error:
        raise DatasetError(f"{xray.file} is not the expected file and was discarded. {so_far}") from error
    except OSError as error:
        raise DatasetError(f"{xray.file} cannot be written to {real_xray_dir()}: {error}. {so_far}") from error


@dataclass(slots=True)
class _Meter:
    """Pooch's progress bar: counts bytes over all files and stops one that sends more than announced."""

    total_bytes: int
    progress: Progress
    total: int = 0
    file: str = ""
    limit: int = 0
    before: int = 0
    arrived: int = 0

    def start(self, xray: RealXray) -> None:
        self.before += self.limit
        self.file, self.limit, self.arrived = xray.file, xray.size_bytes, 0

    def update(self, n_bytes: int) -> None:
        self.arrived += n_bytes
        if self.arrived > self.limit + _CHUNK_BYTES:  # pooch counts the last, shorter chunk as a whole one
            raise ValueError(f"{self.file} is larger than the {self.limit} bytes announced.")
        self.progress((self.before + min(self.arrived, self.limit)) / self.total_bytes, self.file)

    def reset(self) -> None:
        """Pooch rewinds the bar, and then fills it at once, when a file is complete."""
        self.arrived = 0

    def close(self) -> None:
        """Nothing to close."""
