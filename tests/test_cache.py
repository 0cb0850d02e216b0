"""The bounded cache: what threads that ask at the same time get, and how often it is computed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from vpe_core.cache import BoundedCache, size_of
from vpe_core.types import Heatmap


class Stopped(BaseException):
    """As Streamlit stops a page."""


def in_threads(calls: list[Callable[[], object]]) -> list[object]:
    """Their answers or errors; all begin at the same time."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return call()
        except BaseException as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_key_not_asked_for_the_longest_goes_first() -> None:
    cache = BoundedCache(at_most=2)
    assert [cache.get_or_compute(key, lambda key=key: key * 10) for key in (1, 2, 1, 3)] == [10, 20, 10, 30]
    assert [key in cache for key in (1, 2, 3)] == [True, False, True]


def test_many_keys_are_computed_in_one_go_but_for_those_that_are_kept() -> None:
    cache, asked = BoundedCache(at_most=3), []

    def double(keys: list[int]) -> list[int]:
        asked.append(keys)
        return [2 * key for key in keys]

    assert cache.get_or_compute_each([3, 1, 3], double) == [6, 2, 6]
    assert cache.get_or_compute_each([1, 2, 3], double) == [2, 4, 6]
    assert cache.get_or_compute_each([], double) == []
    assert cache.get_or_compute_each(range(10), double) == [2 * key for key in range(10)], "more than are kept"
    assert asked[:2] == [[3, 1], [2]]
    assert len(cache) == 3


def test_threads_that_ask_for_overlapping_keys_compute_each_once() -> None:
    cache, computed = BoundedCache(at_most=1000), Counter()

    def squares(keys: list[int]) -> list[int]:
        time.sleep(0.005)
        computed.update(keys)
        return [key**2 for key in keys]

    rng = np.random.default_rng(3)
    wanted = [rng.permutation(40)[:25].tolist() for _ in range(16)]
    answers = in_threads([lambda keys=keys: cache.get_or_compute_each(keys, squares) for keys in wanted])
    assert answers == [[key**2 for key in keys] for keys in wanted]
    assert set(computed.values()) == {1}


def test_where_one_is_stopped_another_computes() -> None:
    cache, turns = BoundedCache(), iter([Stopped()])

    def compute(keys: list[str]) -> list[str]:
        time.sleep(0.02)
        for error in turns:
            raise error
        return [key.upper() for key in keys]

    answers = in_threads([lambda: cache.get_or_compute_each(["a", "b"], compute)] * 4)
    assert sorted(map(str, answers)) == ["", *[str(["A", "B"])] * 3]


def test_an_error_reaches_all_who_asked_for_that_key_alone_and_is_not_kept() -> None:
    cache, began = BoundedCache(), threading.Event()

    def fail() -> str:
        began.set()
        time.sleep(0.05)
        raise ValueError("no")

    def late() -> str:
        began.wait()
        return cache.get_or_compute("key", lambda: "computed by the one who waits")

    assert [str(answer) for answer in in_threads([lambda: cache.get_or_compute("key", fail), late])] == ["no", "no"]
    assert cache.get_or_compute("key", lambda: "yes") == "yes"


def test_the_error_of_another_ones_key_is_not_mine() -> None:
    cache, began = BoundedCache(), threading.Event()

    def fail(keys: list[str]) -> list[str]:
        began.set()
        time.sleep(0.05)
        raise ValueError(f"no {keys[1]}")

    def late() -> list[str]:
        began.wait()
        return cache.get_or_compute_each(["good"], lambda keys: [key.upper() for key in keys])

    theirs, mine = in_threads([lambda: cache.get_or_compute_each(["good", "bad"], fail), late])
    assert str(theirs) == "no bad"
    assert mine == ["GOOD"]


def test_each_key_has_its_share_of_the_cost() -> None:
    cache = BoundedCache()
    cache.get_or_compute_each(["a", "b"], lambda keys: time.sleep(0.02) or keys)
    assert cache.cost_ms("a") == cache.cost_ms("b") >= 10
    assert cache.cost_ms("c") == 0


def test_an_answer_for_each_key_is_demanded() -> None:
    with pytest.raises(ValueError, match="zip"):
        BoundedCache().get_or_compute_each(["a", "b"], lambda keys: keys[:1])


def test_a_limit_in_bytes_holds_whatever_the_results_are() -> None:
    cache = BoundedCache(100, at_most_bytes=10_000)
    for number in range(40):
        cache.get_or_compute(number, lambda: (np.zeros(1000, np.uint8), Image.new("RGB", (10, 10)), "text"))
        assert cache.n_bytes <= 10_000
    assert 39 in cache
    assert 0 not in cache
    cache.get_or_compute("huge", lambda: b"0" * 20_000)
    assert "huge" not in cache
    assert 39 in cache


def test_an_array_that_several_results_share_counts_once_until_the_last_of_them_goes() -> None:
    cache, shared = BoundedCache(2, at_most_bytes=150_000), np.zeros(100_000, np.uint8)
    cache.get_or_compute("a", lambda: (shared, "a"))
    cache.get_or_compute("b", lambda: (shared, "b"))
    assert ("a" in cache, "b" in cache) == (True, True)
    cache.get_or_compute("c", lambda: "c")
    assert ("a" in cache, "b" in cache) == (False, True)
    assert 100_000 < cache.n_bytes < 101_000
    cache.get_or_compute("d", lambda: "d")
    assert cache.n_bytes < 1000


@pytest.mark.parametrize(
    ("value", "least"),
    [
        (np.zeros((10, 100), np.float32), 4000),
        (np.zeros(4000, np.float32)[:1000], 4000),
        (Image.new("L", (100, 50)), 5000),
        (b"0" * 3000, 3000),
        ({"a": [b"0" * 1000, "0" * 1000]}, 2000),
        (Heatmap(np.full((10, 10), 0.5), "legrad", None), 400),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_size_of_what_is_kept(value: object, least: int) -> None:
    assert least <= size_of(value) < least + 600


def test_a_cache_before_another_takes_from_it_and_adds_nothing_to_it() -> None:
    behind = BoundedCache()
    assert behind.get_or_compute("plain", lambda: 1) == 1
    cache = BoundedCache(at_most=1, behind=behind)
    assert cache.get_or_compute_each(["plain", "draft"], lambda keys: [2 for _ in keys]) == [1, 2]
    assert ("plain" in cache, "draft" in cache, "draft" in behind) == (False, True, False)
