"""Fetching the real X-rays, from a small server on this machine that serves the same files."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vpe_core.datasets.gallery import offered
from vpe_core.datasets.real_xrays import fetch_xrays, missing_xrays
from vpe_core.errors import DatasetError
from vpe_core.images import load_image
from vpe_core.settings import get_settings


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with copies of the X-rays, served on this machine; the cache is empty."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "cache"))
    source = shared_data / "nih14" / "images_001" / "images"
    for xray in missing_xrays():
        shutil.copyfile(source / xray.file, folder / xray.file)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("VPE_XRAY_MIRROR", f"http://127.0.0.1:{server.server_port}/")
    get_settings.cache_clear()
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_all_are_fetched_once_with_progress(mirror: Path) -> None:
    told: list[float] = []
    assert len(missing_xrays()) == 24
    assert fetch_xrays(lambda share, _file: told.append(share)) == 24
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 48
    assert missing_xrays() == ()
    real = [image for image in offered() if not image.simulated]
    assert len(real) == 24
    assert load_image(real[0].path).size == (1024, 1024)
    assert fetch_xrays() == 0


def test_a_file_that_is_not_the_expected_one_is_not_kept_and_the_rest_goes_on_later(mirror: Path) -> None:
    third = missing_xrays()[2]
    good = (mirror / third.file).read_bytes()
    (mirror / third.file).write_bytes(good[:-1] + b"x")
    with pytest.raises(DatasetError, match=rf"{third.file} is not the expected file.*2 of 24 X-rays are here"):
        fetch_xrays()
    assert not third.image.path.exists()
    (mirror / third.file).write_bytes(good)
    assert fetch_xrays() == 22


def test_a_file_that_is_larger_than_announced_is_stopped(mirror: Path) -> None:
    first = missing_xrays()[0]
    (mirror / first.file).write_bytes(b"x" * (first.size_bytes + 10_000_000))
    with pytest.raises(DatasetError, match="not the expected file"):
        fetch_xrays()


def test_a_missing_file_is_named(mirror: Path) -> None:
    first = missing_xrays()[0]
    (mirror / first.file).unlink()
    with pytest.raises(DatasetError, match=rf"{first.file} cannot be fetched: the server answered 404"):
        fetch_xrays()


def test_offline_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("VPE_XRAY_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match=r"No internet: the real X-rays could not be fetched\. Check the network"):
        fetch_xrays()
    monkeypatch.setenv("VPE_OFFLINE", "1")
    get_settings.cache_clear()
    with pytest.raises(DatasetError, match="VPE_OFFLINE"):
        fetch_xrays()
