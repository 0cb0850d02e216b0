"""What all tests share: no network, settings of their own, one thread, an X-ray to draw on, golden pictures."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from vpe_core.settings import get_settings

ROOT = Path(__file__).resolve().parent.parent
GOLDEN_DIR = Path(__file__).parent / "golden"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

_TEST_DATA = os.environ.get("VPE_TEST_DATA", "")
_OF_TESTS = ("VPE_REQUIRE_BROWSER", "VPE_TEST_DATA")  # pytest-xdist's workers inherit them
for _name in [name for name in os.environ if name.startswith("VPE_") and name not in _OF_TESTS]:
    del os.environ[_name]
_SCRATCH = tempfile.TemporaryDirectory(prefix="vpe-tests-")
os.environ["VPE_CACHE_DIR"] = f"{_SCRATCH.name}/cache"
os.environ["VPE_RESULTS_DIR"] = f"{_SCRATCH.name}/results"
os.environ["VPE_DEVICE"] = "cpu"
os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported, here and in the processes that tests start


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden pictures anew; look at the diff")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Only this machine can be reached: a test that would download something fails at once."""
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0] if isinstance(address, tuple) else address
            if host not in _LOOPBACK:
                raise OSError(f"Tests have no network, but something connects to {address!r}.")
        connect(self, address)  # type: ignore[arg-type]

    socket.socket.connect = connect_locally  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    """Settings that a test changes through the environment end with it."""
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real X-rays in the folder that VPE_TEST_DATA names; without it, the tests that need them are skipped."""
    if not _TEST_DATA:
        pytest.skip("needs real X-rays: VPE_TEST_DATA names no folder (CONTRIBUTING.md says what it holds)")
    folder = Path(_TEST_DATA).resolve()
    assert folder.is_dir(), f"VPE_TEST_DATA names {folder}, which is no folder."
    return folder


@pytest.fixture(scope="session")
def xray() -> Image.Image:
    """A small picture with the tones of a chest X-ray, wider than high: mode "L", 320 x 256."""
    y, x = np.mgrid[0:256, 0:320]
    body = 210 - 60 * ((x - 160) / 160) ** 2
    for center_x in (95, 225):
        lung = ((x - center_x) / 48) ** 2 + ((y - 120) / 85) ** 2
        body = body - 150 * np.clip(1.3 - lung, 0, 1)
    ribs = 12 * np.sin(y / 7 + ((x - 160) / 60) ** 2)
    return Image.fromarray(np.clip(body + ribs, 0, 255).astype(np.uint8))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compare a picture with the stored one: `golden(picture, "bbox_native", tolerance=2)`."""

    def compare(picture: Image.Image, name: str, tolerance: int = 0) -> None:
        path = GOLDEN_DIR / f"{name}.png"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path, optimize=True)
            return
        assert path.is_file(), f"There is no golden picture {path.name}; write it with pytest --update-golden."
        with Image.open(path) as stored:
            assert (picture.mode, picture.size) == (stored.mode, stored.size)
            extrema = ImageChops.difference(picture, stored).getextrema()
        largest = max(high for _, high in (extrema if isinstance(extrema[0], tuple) else [extrema]))
        assert largest <= tolerance, f"{name} differs from its golden picture by up to {largest} levels."

    return compare
