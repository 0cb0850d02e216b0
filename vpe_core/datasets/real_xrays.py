"""Fetching the real, public X-rays: with progress, checked by hash, kept in the user's cache."""

from __future__ import annotations

from dataclasses import dataclass

from vpe_core.datasets.gallery import RealXray, real_xray_dir, real_xrays
from vpe_core.errors import DatasetError
from vpe_core.fetching import CHUNK_BYTES, fetch_file
from vpe_core.jobs import Report
from vpe_core.network import how_to_connect, is_without_connection
from vpe_core.settings import get_settings


def missing_xrays() -> tuple[RealXray, ...]:
    """The real X-rays that are not on this machine yet."""
    return tuple(xray for xray in real_xrays() if not xray.image.path.is_file())


def fetch_xrays(progress: Report = lambda _share, _file: None) -> int:
    """Fetch the real X-rays that are missing.

    Each file is compared with the hash in the table before it counts as there; what has arrived stays if a later file
    fails, and the next call goes on from it.

    Args:
        progress: Told the share of bytes that has arrived, and the file at work.

    Returns:
        How many files were fetched.

    Raises:
        DatasetError: There is no network, or a file is not there or not the expected one.
    """
    missing = missing_xrays()
    meter = _Meter(sum(xray.size_bytes for xray in missing), progress)
    for number, xray in enumerate(missing):
        meter.start(xray)
        _fetch(xray, meter, f"{number} of {len(missing)} X-rays are here and are kept." if number else "")
    return len(missing)


def _fetch(xray: RealXray, meter: _Meter, so_far: str) -> None:
    mirror = get_settings().xray_mirror
    url = f"{mirror.rstrip('/')}/{xray.file}" if mirror else xray.url
    try:
        fetch_file(url, xray.sha256, real_xray_dir() / xray.file, so_far, meter)
    except DatasetError as error:
        if not is_without_connection(error):
            raise
        sentence = f"No internet: the real X-rays could not be fetched. {how_to_connect()} {so_far}"
        raise DatasetError(sentence.strip()) from error


@dataclass(slots=True)
class _Meter:
    """Pooch's progress bar: counts bytes over all files and stops one that sends more than announced."""

    total_bytes: int
    progress: Report
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
        if self.arrived > self.limit + CHUNK_BYTES:  # pooch counts the last, shorter chunk as a whole one
            raise ValueError(f"{self.file} is larger than the {self.limit} bytes announced.")
        self.progress((self.before + min(self.arrived, self.limit)) / self.total_bytes, self.file)

    def reset(self) -> None:
        """Pooch rewinds the bar, and then fills it at once, when a file is complete."""
        self.arrived = 0

    def close(self) -> None:
        """Nothing to close."""
