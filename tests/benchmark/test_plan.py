from __future__ import annotations

from pathlib import Path

import pytest

from vpe_core.benchmark import Variant
from vpe_core.benchmark.plan import PLANS_DIR, load_plan, make_plan
from vpe_core.errors import BenchmarkError


def keys(plan) -> list[str]:
    return [variant.key for variant in plan.coverage()]


def test_the_papers_grid_is_five_pictures() -> None:
    expected = ["none", "crop", "arrow/red/1/paper", "bbox/red/1/paper", "circle/red/1/paper"]
    assert keys(load_plan("paper")) == expected
    assert keys(make_plan()) == expected


def test_the_embedded_plan_is_what_it_says() -> None:
    plan = load_plan("embedded")
    covered = plan.coverage()
    assert (plan.datasets, plan.models) == (("sim-multi", "sim-nodule", "sim-shift"), ("simclip", "simclip-plain"))
    sweep = {variant for variant, images in covered.items() if images == 30}
    everywhere = set(covered) - sweep
    grid = {
        Variant(marker, color, width, protocol)
        for marker in ("arrow", "bbox", "circle")
        for color in ("red", "green", "blue", "yellow", "white", "black")
        for width in (1, 3, 5)
        for protocol in ("paper", "native")
    }
    assert sweep <= grid <= set(covered)
    assert {"none", "none/native", "none@twin", "crop", "circle/yellow/1/paper"} <= {v.key for v in everywhere}
    for marker in ("arrow", "bbox", "circle"):
        controls = {v.key.split("@")[1] for v in everywhere if v.marker == marker and v.is_control}
        assert controls == {"blank", "other", "twin", "random", "mirror"}


@pytest.mark.parametrize("path", sorted(PLANS_DIR.glob("*.toml")), ids=lambda path: path.stem)
def test_every_packaged_plan_has_its_files_name(path: Path) -> None:
    assert load_plan(path.stem).name == path.stem


def test_options_multiply_only_what_a_marker_uses() -> None:
    plan = make_plan(("crop", "circle"), ("red", "lime"), (1, 3), ("paper", "native"), controls=True)
    found = keys(plan)
    assert len(found) == len(set(found)) == 2 + 2 + 8 + 5 * 8 + 2
    assert "circle/lime/3/native@mirror" in found
    assert not [key for key in found if key.startswith("crop") and "@" in key]


def test_where_blocks_overlap_the_larger_part_counts(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        'name = "mine"\n[[blocks]]\nmarkers = ["bbox", "point"]\nimages = 5\n'
        '[[blocks]]\nmarkers = ["bbox"]\n[[blocks]]\nmarkers = ["point"]\nimages = 3\n'
    )
    covered = load_plan(path).coverage()
    assert {variant.marker: images for variant, images in covered.items()} == {"bbox": None, "point": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "is not TOML"),
        ('name = "x"', "blocks: Field required"),
        ('name = "x"\nblocks = []', "blocks: Tuple should have at least 1 item"),
        ('name = "x"\n[[blocks]]\nmarkers = ["circel"]', "The plan x is not valid.*Did you mean 'circle'"),
        ('name = "x"\n[[blocks]]\nmarkers = ["circle"]\ncolours = ["red"]', "blocks.0.colours: Extra inputs"),
        ('name = "x"\n[[blocks]]\nmarkers = ["circle"]\nplaces = ["moon"]', "blocks.0.places.0: Input should be"),
        ('name = "x"\n[[blocks]]\nmarkers = ["circle"]\nimages = 0', "blocks.0.images"),
    ],
)
def test_a_broken_plan_names_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=message):
        load_plan(path)


def test_a_missing_plan_names_the_packaged_ones() -> None:
    with pytest.raises(BenchmarkError, match=r"Expected a plan out of embedded, paper, or a TOML file"):
        load_plan("papper")


def test_wrong_options_are_named() -> None:
    with pytest.raises(BenchmarkError, match="no marker called 'circel'"):
        make_plan(("circel",))
    with pytest.raises(BenchmarkError, match="a width above 0"):
        make_plan(("circle",), widths=(0,))
    with pytest.raises(BenchmarkError, match=r"blocks\.0\.protocols\.0"):
        make_plan(("circle",), protocols=("journal",))
