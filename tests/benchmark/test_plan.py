from __future__ import annotations

from pathlib import Path

import pytest

from vpe_core.benchmark.plan import PLANS_DIR, check_measurable, load_plan, make_plan
from vpe_core.benchmark.runner import run_plan
from vpe_core.datasets import Dataset
from vpe_core.errors import BenchmarkError
from vpe_core.types import Sample
from vpe_core.variants import Variant


def keys(plan) -> list[str]:
    return [variant.key for variant in plan.coverage()]


def test_the_papers_grid_is_five_pictures() -> None:
    expected = ["none", "crop", "arrow/red/1/paper", "bbox/red/1/paper", "circle/red/1/paper"]
    assert keys(load_plan("paper")) == expected
    assert keys(make_plan()) == expected


def test_the_embedded_plan_is_what_it_says() -> None:
    plan = load_plan("embedded")
    covered = plan.coverage()
    assert (plan.datasets, plan.models) == (("sim-multi",), ("simclip", "simclip-plain"))
    assert load_plan("embedded-others").coverage().keys() < covered.keys()
    sweep = {variant for variant, images in covered.items() if images == 50}
    everywhere = set(covered) - sweep
    grid = {
        Variant(marker, color, width, protocol)
        for marker in ("arrow", "bbox", "circle")
        for color in ("red", "green", "blue", "yellow", "white", "black")
        for width in (1, 3, 5)
        for protocol in ("paper", "native")
    }
    assert sweep
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
        ("name = " + "[" * 100_000, "is not TOML: it is nested too deeply"),
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


@pytest.mark.parametrize("name", ["papper", "x" * 300, "x" * 5000, "a\0b", "a\ud800", "", "/"])
def test_a_missing_plan_names_the_packaged_ones(name: str) -> None:
    with pytest.raises(BenchmarkError, match="a plan out of embedded-others, embedded, paper, or a TOML") as caught:
        load_plan(name)
    assert len(str(caught.value)) < 400


def test_wrong_options_are_named() -> None:
    with pytest.raises(BenchmarkError, match="no marker called 'circel'"):
        make_plan(("circel",))
    with pytest.raises(BenchmarkError, match="a width above 0"):
        make_plan(("circle",), widths=(0,))
    with pytest.raises(BenchmarkError, match=r"blocks\.0\.protocols\.0"):
        make_plan(("circle",), protocols=("journal",))


def test_a_plan_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (PLANS_DIR / "paper.toml").read_bytes())
    assert load_plan(path) == load_plan("paper")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("mass", "Mass", "nodule"), "'mass' is given twice"),
        (("mass",), "at least 2 classes, but got only 'mass'"),
        (("mass", "x" * 101), "at most 100 characters"),
        (tuple(f"finding {number}" for number in range(101)), "but got 101"),
    ],
)
def test_classes_that_the_report_would_refuse_are_refused_before_anything_is_read(
    labels: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    samples = tuple(Sample(f"{label}#1", label, tmp_path / "none.png", "p", label) for label in labels)
    dataset = Dataset("mine", "Mine", "all", tmp_path, samples, labels)
    with pytest.raises(BenchmarkError, match=f"Mine .all. cannot be measured with its classes.*{message}"):
        run_plan(make_plan(), dataset, None, tmp_path / "run")  # type: ignore[arg-type]  # no model is needed for that
    assert not (tmp_path / "run").exists()


def test_the_words_of_the_classes_count_too(tmp_path: Path) -> None:
    samples = tuple(Sample(f"{label}#1", label, tmp_path / "none.png", "p", label) for label in "ab")
    dataset = Dataset("mine", "Mine", "all", tmp_path, samples, ("a", "b"), class_words={"a": "mass", "b": "Mass"})
    with pytest.raises(BenchmarkError, match="given twice"):
        check_measurable(dataset)
