import gc
import tomllib
import weakref
from collections.abc import Iterator

import pytest

from dashboard.frame.shared_models import set_aside_what_stays
from vpe_core.settings import PROJECT_DIR


class _Node:
    """Something that only the collector can free once it refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_alive_is_not_walked_again_and_what_comes_later_is_freed() -> None:
    set_aside_what_stays()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 1_000
    later = weakref.ref(_Node())
    gc.collect()
    assert later() is None


def test_what_was_set_aside_and_died_is_freed_when_the_next_model_has_loaded() -> None:
    node = _Node()
    dead = weakref.ref(node)
    set_aside_what_stays()
    del node
    gc.collect()
    assert dead() is not None
    set_aside_what_stays()
    assert dead() is None


def test_streamlit_does_not_collect_after_every_run() -> None:
    config = tomllib.loads((PROJECT_DIR / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["postScriptGC"] is False
