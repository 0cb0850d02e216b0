from __future__ import annotations

import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from vpe_core.errors import MarkerError
from vpe_core.markers import names
from vpe_core.types import Box
from vpe_core.variants import Variant

BOX, SIZE_WH = Box(30, 40, 80, 100), (300, 200)


@pytest.mark.parametrize(
    ("variant", "key"),
    [
        (Variant(), "none"),
        (Variant(protocol="native"), "none/native"),
        (Variant("crop", "yellow", 5), "crop"),
        (Variant("circle"), "circle/red/1/paper"),
        (Variant("circle", width=None, protocol="native"), "circle/red/3/native"),
        (Variant("circle", "#FF8800", 1.5, "native"), "circle/#ff8800/1.5/native"),
        (Variant("circle", size_factor=1.5), "circle/red/1/paper/x1.5"),
        (Variant("circle", picture="twin"), "circle/red/1/paper@twin"),
        (Variant("arrow", place="random", picture="other"), "arrow/red/1/paper@other@random"),
        (Variant("spotlight", protocol="native"), "spotlight/native"),
        (Variant("grayscale-tint"), "grayscale-tint/red/paper"),
        (Variant(picture="blank", place="random", size_factor=2), "none@blank"),
    ],
)
def test_keys_are_readable(variant: Variant, key: str) -> None:
    assert variant.key == key
    assert Variant.parse(key) == variant


def test_every_variant_has_one_key_and_comes_back() -> None:
    choices = product(
        names(), ("red", "lime"), (None, 3), ("paper", "native"), (1, 0.5), ("image", "other"), ("finding", "mirror")
    )
    variants = {Variant(*choice) for choice in choices}
    assert len({variant.key for variant in variants}) == len(variants)
    assert {Variant.parse(variant.key) for variant in variants} == variants


def test_numbers_come_back_exactly_and_only_equal_ones_share_a_key() -> None:
    rng = np.random.default_rng(0)
    exponents = rng.uniform(-320, 1, 200)
    numbers = {*(10.0**exponents), 1e-5, 5e-324, 0.1 + 0.2, 0.3, 1.0, 1.0000001, np.nextafter(1, 2), 1 / 3, 9.999999}
    numbers = {float(number) for number in numbers if 0 < number <= 10}
    for marker in ("circle", "crop", "spotlight"):
        variants = {Variant(marker, width=n, size_factor=m) for n in numbers for m in (1.0, n)}
        assert {Variant.parse(variant.key) for variant in variants} == variants
        assert len({variant.key for variant in variants}) == len(variants)
        assert not any("e-" in variant.key for variant in variants)
    assert Variant.parse("circle/red/1e-05/paper/x1e-05") == Variant("circle", width=1e-5, size_factor=1e-5)


@pytest.mark.parametrize("number", [0, -1, 1e-400, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["width", "size_factor"])
def test_numbers_that_draw_nothing_are_refused(name: str, number: float) -> None:
    with pytest.raises(MarkerError, match="above 0"):
        Variant("circle", **{name: number})


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("circel", "Did you mean 'circle'"),
        ("circle/rde", "Did you mean 'red'"),
        ("circle/red/thick", "the width 'thick'"),
        ("circle/red/0", "a width above 0"),
        ("circle/red/nan", "a width above 0"),
        ("circle/red/1/paper/x99", "a size factor above 0 and up to 10"),
        ("circle/red/1/journal", "marker\\[/colour\\]"),
        ("crop@moon", "the place as one of finding, random, mirror, but got 'moon'"),
    ],
)
def test_what_is_wrong_in_a_key_is_named(key: str, message: str) -> None:
    with pytest.raises(MarkerError, match=message):
        Variant.parse(key)


def test_a_control_knows_what_it_is_compared_with() -> None:
    control = Variant.parse("circle/yellow/3/native@twin@mirror")
    assert control.is_control
    assert control.plain.key == "circle/yellow/3/native"
    assert control.unmarked.key == "none/native@twin"
    assert not control.plain.is_control


def test_where_the_marker_goes() -> None:
    assert Variant("bbox").region(BOX, SIZE_WH, "a") == BOX
    assert Variant("bbox", place="mirror").region(BOX, SIZE_WH, "a") == Box(220, 40, 270, 100)
    assert Variant("bbox", size_factor=2).region(BOX, SIZE_WH, "a") == Box(5, 10, 105, 130)
    assert Variant("bbox", size_factor=2).place_of(BOX, SIZE_WH, "a") == BOX


def test_random_places_are_inside_and_differ_and_repeat() -> None:
    variant = Variant("bbox", place="random")
    places = {name: variant.region(BOX, SIZE_WH, name) for name in map(str, range(200))}
    for box in places.values():
        assert box.clipped(*SIZE_WH) == box
        assert (box.width, box.height) == pytest.approx((BOX.width, BOX.height))
    centers = [box.center[0] for box in places.values()]
    assert min(centers) < 60
    assert max(centers) > 240
    assert places["7"] == variant.region(BOX, SIZE_WH, "7")
    assert variant.region(Box(-5, 0, 400, 50), SIZE_WH, "a").x0 == 0  # wider than the image


def test_random_places_are_the_same_in_another_process() -> None:
    program = (
        "from vpe_core.variants import Variant; from vpe_core.types import Box;"
        f"print(Variant('bbox', place='random').region({BOX!r}, {SIZE_WH}, 'sample 9'))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert found == repr(Variant("bbox", place="random").region(BOX, SIZE_WH, "sample 9"))
