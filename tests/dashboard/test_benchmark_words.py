"""The sentence above the benchmark's table, for markers that help, hurt, or do nothing that can be told."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from dashboard.benchmark.results import prompt_losses
from dashboard.benchmark.table import look_of
from dashboard.benchmark.words import _OTHER_CONTROLS, comparison_sentence, finding_sentence, headline_parts
from dashboard.frame.shared_models import served_model
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.metrics import Difference, Interval
from vpe_core.models import get as get_model
from vpe_core.models import is_ready
from vpe_core.results.analysis.pairs import Pair
from vpe_core.variants import Variant

LINE = {
    "dataset": "sim-multi", "model": "simclip", "suffix": "", "value": 0.961, "unmarked": 0.842, "gain": 0.119,
    "gain_low": 0.101, "gain_high": 0.137, "p": 0.001, "p_holm": 0.004, "control": False,
    "missing": "", "n": 1718,
}  # fmt: skip

OTHER = ("on another patient's image", 0.71)


def sentence(
    higher: bool = True, label: str | None = None, samples: int = 0, elsewhere: tuple[str, float] | None = OTHER,
    chance: float | None = 0.5, asked: str = "", too_few: str = "", comparisons: int = 0,
    **changes: Any,
) -> str:  # fmt: skip
    return finding_sentence(
        pd.Series({**LINE, **changes}), metric="macro AUROC", look="a red circle", noun="circle", label=label,
        higher_is_better=higher, samples=samples, control=elsewhere, chance=chance, asked=asked, too_few=too_few,
        comparisons=comparisons,
    )  # fmt: skip


def test_a_part_of_the_samples_is_not_taken_for_the_set() -> None:
    assert sentence(samples=1718, n=20).startswith("On sim-multi (20 of 1,718 samples), a red circle lifts")
    assert sentence(samples=20, n=20).startswith("On sim-multi, a red circle lifts")


def test_a_gain_with_its_interval_and_its_control() -> None:
    assert sentence() == (
        "On sim-multi, a red circle lifts simclip's macro AUROC from 0.842 to 0.961 (+0.119 [+0.101, +0.137]). "
        "On another patient's X-ray the same circle reaches 0.710 (guessing: 0.5). "
        f"{_OTHER_CONTROLS}"
    )


@pytest.mark.parametrize(
    ("changes", "verb"),
    [
        ({"gain": -0.1, "gain_low": -0.2, "gain_high": -0.05}, "lowers"),
        ({"gain_low": -0.01, "p": 0.06, "p_holm": 0.3}, "does not clearly change"),
        ({"p": 0.03, "p_holm": 0.06}, "does not clearly change"),
        ({"p": 0.03, "p_holm": math.nan, "control": True}, "lifts"),
        ({"gain_low": math.nan, "gain_high": math.nan, "p": math.nan, "p_holm": math.nan}, "moves"),
        ({"higher": False}, "worsens"),
        ({"higher": False, "gain": -0.1, "gain_low": -0.2, "gain_high": -0.05}, "improves"),
    ],
)
def test_the_verb_follows_the_corrected_p_value_and_the_metric(changes: dict[str, Any], verb: str) -> None:
    assert f"a red circle {verb} simclip's" in sentence(**changes)


def test_values_that_are_not_there_are_not_invented() -> None:
    text = sentence(value=math.nan, gain=math.nan, missing="circle/red/1/paper was not measured.")
    assert text == "On sim-multi, a red circle has no result here. circle/red/1/paper was not measured."
    assert "another patient" not in sentence(elsewhere=None)
    assert "another patient" not in sentence(chance=None)


def test_each_control_is_called_what_it_is() -> None:
    blank = sentence(elsewhere=("on a blank image", 0.71))
    assert "On a blank picture the same circle reaches 0.710 (guessing: 0.5). On no other picture does" in blank
    twin = sentence(elsewhere=("on the X-ray without the finding", 0.926))
    assert "On the same X-rays without the findings the same circle reaches 0.926 (guessing: 0.5)." in twin


def test_few_samples_and_other_words_are_said_at_the_start_of_the_sentence() -> None:
    few = sentence(too_few="6 samples: too few to tell")
    assert few.startswith(
        "6 samples: too few to tell. On sim-multi, a red circle moves simclip's macro AUROC from 0.842"
    )
    assert sentence(asked="in your words").startswith("On sim-multi, asked in your words, a red circle lifts")


def test_no_clear_change_has_two_values_and_no_direction() -> None:
    unclear = sentence(gain_low=-0.01, p=0.06, p_holm=0.3)
    assert "does not clearly change simclip's macro AUROC: 0.842 to 0.961 (+0.119" in unclear
    assert "not clear after" not in unclear
    assert "+0.137]; not clear after correction for 16 comparisons)." in sentence(p=0.03, p_holm=0.06, comparisons=16)


def test_a_gain_that_is_not_clear_though_its_interval_excludes_0_says_why() -> None:
    lines = [
        {**LINE, "run": 0, "row": "circle", "variant": "v", "p_holm": 0.08},
        {**LINE, "run": 1, "row": "circle", "variant": "v", "p_holm": 0.6, "gain_low": -0.1},
        {**LINE, "run": 0, "row": "random", "variant": "w", "p_holm": math.nan, "control": True},
    ]
    (said,) = headline_parts(pd.DataFrame(lines), [("a", "one"), ("b", "one")], [("circle", "v")], [])
    first, second = said.split("), ")
    assert f"{first})" == "one: +0.119 [+0.101, +0.137] on a (not clear after correction for 2 comparisons)"
    assert second.endswith(" on b (not clear)")


def test_a_small_difference_has_the_digits_that_tell_it_from_0() -> None:
    assert "(+0.0004 [+0.0001, +0.0007])" in sentence(gain=0.0004, gain_low=0.0001, gain_high=0.0007)
    interval = Interval(-0.00042, -0.0007, -0.00008, 100, 100)
    pair = Pair(0.98, 0.98042, Difference(interval, 0.003), None, True, 100, 50, 0.027)
    text = comparison_sentence(
        pair, ("circle", "box"), where="sim-multi", metric="macro AUROC", label=None, higher_is_better=True,
        comparisons=9,
    )  # fmt: skip
    assert "circle is worse than box by 0.0004 [0.0001, 0.0007] in macro AUROC" in text


def compared(low: float = 0.01, p_corrected: float = 0.141, too_few: str = "") -> str:
    interval = Interval(-0.05, -0.09, -low, 100, 100)
    pair = Pair(0.80, 0.85, Difference(interval, 0.02), None, True, 100, 50, p_corrected)
    return comparison_sentence(
        pair, ("circle", "box"), where="sim-multi", metric="macro AUROC", label=None, higher_is_better=True,
        comparisons=9, too_few=too_few,
    )  # fmt: skip


def test_an_interval_that_is_not_corrected_is_said_to_be_so() -> None:
    assert compared() == (
        "On sim-multi, circle and box cannot be told apart: they differ by 0.050 [0.010, 0.090] in macro AUROC "
        "(0.800 against 0.850); p = 0.141 after correction for 9 comparisons; the interval is not corrected for them."
    )
    assert "not corrected" not in compared(low=-0.01)
    assert compared(p_corrected=0.004).startswith("On sim-multi, circle is worse than box by 0.050")
    few = compared(p_corrected=0.004, too_few="6 samples: too few to tell")
    assert "circle and box differ by" in few
    assert few.endswith("; 6 samples: too few to tell.")
    assert "p =" not in few


def test_both_numbers_are_of_the_same_samples() -> None:
    assert "from 0.800 to 0.850 (+0.050" in sentence(value=0.961, unmarked=0.8, gain=0.05)


def test_a_class_and_a_named_marker_are_said() -> None:
    text = sentence(label="mass", suffix="indicated by a red circle")
    assert "a red circle with the marker named in the prompt lifts simclip's macro AUROC for mass" in text


@pytest.mark.parametrize(
    ("key", "look"),
    [("circle/red/1/paper", "a red circle"), ("bbox/orange/1/paper", "an orange box"), ("crop", "a crop")],
)
def test_a_marker_as_it_is_drawn(key: str, look: str) -> None:
    assert look_of(Variant.parse(key)) == look


@pytest.fixture
def models_of_this_test() -> Iterator[None]:
    """Nobody else's model of that name is used, and this one by nobody else."""
    served_model.clear()
    yield
    served_model.clear()


@pytest.mark.usefixtures("models_of_this_test")
def test_words_that_the_model_never_read_are_named() -> None:
    if not is_ready(get_model("simclip")):
        pytest.skip("needs the embedded model, which is not here")
    run = MemoryRun(PAPER_STRENGTHS, model="simclip")
    prompt = "A chest x-ray with signs of flurbism."
    (unread,) = prompt_losses(run, "SimCLIP", [[prompt]], [prompt])
    assert unread == "SimCLIP cannot read these words, so they mean nothing to it: flurbism."
    assert prompt_losses(run, "SimCLIP", [run.texts], run.texts) == ()


@pytest.mark.usefixtures("models_of_this_test")
def test_prompts_that_are_too_long_to_be_told_apart_are_named() -> None:
    if not is_ready(get_model("simclip")):
        pytest.skip("needs the embedded model, which is not here")
    run = MemoryRun(PAPER_STRENGTHS, model="simclip")
    long = "A chest x-ray of a lung with " + "signs of " * 20
    groups = [[f"{long} {name} in a {shape}" for name in ("nodule", "pneumothorax")] for shape in ("circle", "box")]
    too_long, alike = prompt_losses(run, "SimCLIP", groups, ["signs of"])
    assert too_long.startswith("The prompt is too long: SimCLIP reads the first ")
    assert alike.startswith("All prompts are read alike")
    assert prompt_losses(run, "SimCLIP", [["red nodule"], ["red nodule", "red mass"]], ["red"]) == ()
