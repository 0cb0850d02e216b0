"""The leak card: its numbers are plain means, its words follow from the numbers, and what was not measured stays so."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.metrics import Difference, Interval
from vpe_core.plots.leak_html import leak_card_html, matched_html
from vpe_core.results.analysis.geometry import geometry_only
from vpe_core.results.analysis.leak import BY_ITSELF, Leak
from vpe_core.results.analysis.leak_card import InAll, LeakCard, Reached, leak_card
from vpe_core.results.analysis.matched import MatchedClass, MatchedGain
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, class_numbers, score_variant
from vpe_core.results.exchange.leak_files import Leaks, leaks_of, leaks_to_csv, leaks_to_markdown
from vpe_core.results.exchange.leak_words import CardWords, card_words, matched_words
from vpe_core.variants import Variant

TWIN, BLANK, OTHER = BY_ITSELF
CIRCLE, ARROW = (TableRow(Variant.parse(f"{marker}/red/1/paper")) for marker in ("circle", "arrow"))
BOTH = ("x", "y", "width", "height")


OF = "Of the +0.235 in AUROC that a red circle adds, "
IF = "if marker and finding count as independent evidence."
HOW = "How much of the +0.235 in AUROC that a red circle adds "


def near(value: float, half: float = 0.02) -> Interval:
    return Interval(value, value - half, value + half, 100, 100)


def by(value: float, half: float = 0.02) -> Difference:
    return Difference(near(value, half), 0.0)


def card(by_itself: str = TWIN, explained: float | None = 0.1, control: float = 0.7, **changes: Any) -> LeakCard:
    """A gain of 0.235, from 0.6 to 0.835; `changes` are fields of the card or of the leak in it."""
    found = {
        "unmarked": near(0.60), "marked": near(0.835), "gain": by(0.235),
        "controls": {by_itself: near(control)} if by_itself else {}, "by_itself": by_itself,
        "with_marker_alone": None, "explained": None if explained is None else by(explained), "all_known": near(0.772),
        "pointing": by(0.0), "samples": 500,
    }  # fmt: skip
    leak = Leak(**{**found, **{name: value for name, value in changes.items() if name in Leak.__dataclass_fields__}})
    own = {name: value for name, value in changes.items() if name in LeakCard.__dataclass_fields__}
    alone = InAll(Reached(near(control)), {}) if by_itself else None
    facts: dict[str, Any] = {
        "leak": leak, "features": BOTH, "geometry": InAll(Reached(near(0.70)), {}), "control": by_itself,
        "by_itself": alone, "marked": InAll(Reached(leak.marked), {}), "unmarked": InAll(Reached(leak.unmarked), {}),
        "beyond_geometry": by(0.135), "probability_chance": 0.1, "accuracy_chance": 0.2,
    }  # fmt: skip
    return LeakCard(**{**facts, **own})


def words(of: LeakCard) -> CardWords:
    return card_words(of, look="a red circle", noun="circle")


def all_of(said: CardWords) -> str:
    return " ".join([said.headline, said.caution, *(f"{number} {what}" for number, what in said.lines)])


def with_classes(control: str = TWIN, **classes: float) -> LeakCard:
    """The card, and what the marker by itself reaches of each class."""
    alone = InAll(Reached(near(0.55)), {label: Reached(near(value)) for label, value in classes.items()})
    return replace(card(control), by_itself=alone)


@pytest.mark.parametrize(
    ("classes", "caution"),
    [
        ({"nodule": 0.16, "mass": 0.5, "pacemaker": 0.96}, "By class, the same circle on the same X-rays without the "
         "findings reaches 0.16 (nodule) to 0.96 (pacemaker): above and below 0.5 cancel in the mean."),
        ({"nodule": 0.56, "mass": 0.6, "pacemaker": 0.96}, ""),
        ({"nodule": 0.16, "mass": 0.5, "pacemaker": 0.4}, ""),
        ({"nodule": 0.16, "mass": 0.84}, ""),  # of two, one tells both
        ({"nodule": 0.16, "mass": 0.8, "pacemaker": math.nan}, ""),
    ],
)  # fmt: skip
def test_classes_that_cancel_in_the_mean_are_a_caution(classes: dict[str, float], caution: str) -> None:
    assert words(with_classes(**classes)).caution == caution


def test_the_control_of_the_headline_stands_beside_that_of_the_card() -> None:
    both = {TWIN: near(0.547), OTHER: near(0.677)}
    assert "; on another patient's X-rays, whose findings it may touch, 0.677; 0.5" in all_of(
        words(card(controls=both))
    )
    assert "another patient" not in all_of(words(card()))


@pytest.mark.parametrize("known", [near(0.772), None])
def test_the_card_shows_what_knowing_every_finding_reaches_in_auroc(known: Interval | None) -> None:
    of = card(all_known=known)
    html = str(leak_card_html(of, words(of), noun="circle", simulated=True))
    assert ("every finding known, no marker" in html) == (known is not None)
    assert html.count("0.772") == (known is not None)


@pytest.mark.parametrize(
    ("of", "headline"),
    [
        (card(), OF + "about +0.100 (43%) is what its size and place by themselves tell this model, " + IF),
        (card(OTHER, 0.052), OF + "about +0.052 (22%) may be what its size and place by themselves tell this model, or "
         "findings of the other patient that it touches, " + IF),
        (card(BLANK, 0.052), OF + "at least +0.052 (22%) is what its size and place by themselves tell this model, "
         + IF),
        (card(BLANK, -0.001), HOW + "is only its size and place is not known: "
         "the same X-rays without the findings were not measured."),
        (card("", None), HOW + "is only its size and place is not known: "
         "that was not measured here."),
        (card(BLANK, -0.001, without_twin=("no abnormality",)), HOW + "is only its size and place is not known: "
         "an X-ray without a finding has no twin."),
        (card(BLANK, -0.001, of_samples=520, with_twin=500), HOW + "is only its size and place is not known: the same "
         "X-rays without the findings were measured for 500 of 520 samples only."),
        (card(explained=-0.07), OF + "none is what its size and place by themselves tell this model."),
        (card(explained=-0.07, control=0.164), OF + "none is what its size and place by themselves tell this "
         "model: they lead the model astray."),
        (card(explained=0.01, features=("x", "y")), OF + "nothing that can be told from chance is what its "
         "place by itself tells this model."),
        (card(gain=by(0.01)), "A red circle brings no clear gain here (+0.010), so there is no gain to explain."),
        (card(gain=replace(by(0.1), interval=replace(by(0.1).interval, low=np.nan, high=np.nan))),
         "Whether a red circle brings a gain cannot be told: +0.100, of too few patients for an interval."),
        (card(gain=by(-0.1)),
         "A red circle lowers the AUROC here (\N{MINUS SIGN}0.100), so there is no gain to explain."),
        (card(too_few="6 samples: too few to tell"),
         "6 samples: too few to tell how much of a gain is only what the circle "
         "gives away."),
    ],
)  # fmt: skip
def test_the_sentence_follows_from_the_numbers(of: LeakCard, headline: str) -> None:
    assert words(of).headline == headline


def test_a_card_of_some_samples_says_of_how_many_and_why_in_every_form() -> None:
    of = card(samples=1500, of_samples=1576, with_twin=1500, without_twin=("no abnormality",))
    why = "an X-ray without a finding has no twin"
    assert ("1,500 of 1,576", f"samples, of which all of this card is measured: {why}") in words(of).lines
    html = str(leak_card_html(of, words(of), noun="circle", simulated=True))
    one = Leaks("model", "set", False, CIRCLE, of, None)
    assert "1,500 of 1,576" in html
    for said in (leaks_to_markdown([one], "a red circle"), leaks_to_markdown([one])):
        assert "all but the last two columns on 1,500 of 1,576" in said
    assert why in leaks_to_markdown([one], "a red circle")
    gains = [line for line in csv.DictReader(io.StringIO(leaks_to_csv([one]))) if line["quantity"].startswith("gain")]
    assert {line["samples"] for line in gains} == {"1500"}
    assert " of which all of this card" not in all_of(words(card(of_samples=500)))


def test_without_the_finding_free_image_a_leak_is_never_denied() -> None:
    said = all_of(words(card(BLANK, -0.001, 0.513)))
    assert "\N{MINUS SIGN}0.001 [\N{MINUS SIGN}0.021, +0.019] from size and place alone" in said
    assert "no more than a lower bound" in said
    assert "nothing that can be told" not in said
    assert "lower bound" not in all_of(words(card()))


@pytest.mark.parametrize(
    ("by_itself", "hedge", "word"), [(TWIN, "", ""), (BLANK, ", at least", "at least "), (OTHER, ", may be", "may be ")]
)
def test_every_form_of_the_card_says_alike_how_sure_it_is(by_itself: str, hedge: str, word: str) -> None:
    one = Leaks("model", "set", False, CIRCLE, card(by_itself, 0.052), None)
    quantities = {line["quantity"] for line in csv.DictReader(io.StringIO(leaks_to_csv([one])))}
    assert {name for name in quantities if name.startswith("gain from size")} == {f"gain from size and place{hedge}"}
    assert f"| {word}+0.052 [+0.032, +0.072] |" in leaks_to_markdown([one])
    assert ("lower bound" in all_of(words(one.card))) == (by_itself == BLANK)


def test_a_control_below_chance_points_the_wrong_way_and_parts_that_overlap_are_said_to() -> None:
    assert "points away from the right answer" in all_of(words(card(control=0.164)))
    assert "overlaps" in all_of(words(card(pointing=by(0.063))))
    assert "overlaps" not in all_of(words(card(pointing=by(0.063), explained=-0.07)))


@pytest.mark.parametrize(
    ("alone", "beyond", "caution"),
    [
        (0.95, -0.115, "reaches 0.950: no less than the marked X-rays (0.835)."),
        (0.82, 0.015, "reaches 0.820: not clearly less than the marked X-rays (0.835)."),
        (0.70, 0.135, ""),
        (0.45, 0.01, ""),  # nothing is told by a value at chance
    ],
)
def test_box_numbers_that_reach_the_marked_answer_are_set_beside_it(alone: float, beyond: float, caution: str) -> None:
    said = words(card(geometry=InAll(Reached(near(alone)), {}), beyond_geometry=by(beyond)))
    assert said.caution.removeprefix("A classifier told only its size and place, without any X-ray, ") == caution
    assert ("below 0.5 it tells nothing" in all_of(said)) == (alone < 0.5)


def matched_gain(value: float, too_little: str = "") -> MatchedGain:
    def one(reason: str = "") -> MatchedClass:
        return MatchedClass(
            100, 60.4, 70.0, 0.9, 0.5, 1.5, 0.01, near(0.6), near(0.8), by(value), by(0.2), too_little=reason
        )  # fmt: skip

    classes = {"<b>mass</b>": one(), "nodule": one(), "effusion": one("effusion is told by its box")}
    means = [near(0.6), near(0.6 + value), by(value), near(0.6), near(0.8), by(0.2), near(0.9), near(0.5)]
    return MatchedGain(*means, 300, 120.8, classes, too_little)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "headline"),
    [
        (matched_gain(0.1), "There is a gain also where size and place tell nothing: +0.100 [+0.080, +0.120], the "
         "mean of the 2 of 3 classes that can be told."),
        (matched_gain(0.01), "There is no clear gain where size and place tell nothing: +0.010 [\N{MINUS SIGN}0.010, "
         "+0.030], the mean of the 2 of 3 classes that can be told."),
        (matched_gain(-0.1), "Where size and place tell nothing, the circle lowers the AUROC: \N{MINUS SIGN}0.100 "
         "[\N{MINUS SIGN}0.120, \N{MINUS SIGN}0.080], the mean of the 2 of 3 classes that can be told."),
        (matched_gain(0.1, "Too little overlap to tell."), "Too little overlap to tell."),
    ],
)  # fmt: skip
def test_what_is_left_of_a_gain_is_said_or_that_too_little_overlaps(found: MatchedGain, headline: str) -> None:
    said = matched_words(found, "circle")
    assert said.headline == headline
    assert bool(said.lines) != bool(found.too_little)
    html = matched_html(found, said, simulated=True)
    assert "&lt;b&gt;mass&lt;/b&gt;" in html
    assert "<b>mass" not in html
    assert "not told: size and place cannot be balanced" in html
    if not found.too_little:
        assert said.lines[0] == ("121 of 200", "effective sample size")
        assert "of 3" not in matched_words(found, "circle", "nodule").headline


def test_the_numbers_are_those_of_a_plain_computation() -> None:
    run, shared = MemoryRun(PAPER_STRENGTHS), Evaluation(200)
    found, truth = leak_card(run, CIRCLE, Question(metric="mcc"), shared), class_numbers(run)
    assert found.by_itself is not None
    assert found.geometry is not None
    for shown, measured in (("circle/red/1/paper", found.marked), ("circle/red/1/paper@twin", found.by_itself)):
        scores = score_variant(run, Variant.parse(shown), Question()).scores
        of_truth, named = scores[np.arange(len(truth)), truth], scores.argmax(1)
        assert measured.overall.auroc.value == pytest.approx(roc_auc_score(truth, scores, multi_class="ovr"), abs=1e-6)
        assert measured.overall.probability is not None
        assert measured.overall.accuracy is not None
        assert measured.overall.probability.value == pytest.approx(of_truth.mean())
        assert measured.overall.accuracy.value == pytest.approx((named == truth).mean())
        recalls = recall_score(truth, named, average=None)
        for number, label in enumerate(run.classes):
            one = measured.classes[label]
            assert one.probability is not None
            assert one.accuracy is not None
            assert one.auroc.value == pytest.approx(roc_auc_score(truth == number, scores[:, number]))
            assert one.probability.value == pytest.approx(of_truth[truth == number].mean())
            assert one.accuracy.value == pytest.approx(recalls[number])
        each = [roc_auc_score(truth == number, scores[:, number]) for number in range(len(run.classes))]
        assert measured.distance == pytest.approx(np.abs(np.array(each) - 0.5).mean())
    boxes = geometry_only(run, Question(), shared)
    assert boxes is not None
    assert found.geometry.overall.auroc.value == boxes["value"]
    assert found.beyond_geometry is not None
    assert found.beyond_geometry.interval.value == pytest.approx(found.leak.marked.value - boxes["value"])


def test_an_arrow_is_compared_with_place_alone_and_cosines_have_no_probability() -> None:
    run, shared = MemoryRun({**PAPER_STRENGTHS, "arrow/red/1/paper": 0.3}), Evaluation(100)
    arrow, circle = (leak_card(run, row, Question(scoring="cosine"), shared) for row in (ARROW, CIRCLE))
    assert (arrow.features, circle.features) == (("x", "y"), BOTH)
    assert arrow.geometry != circle.geometry
    assert arrow.marked.overall.probability is None
    html = leak_card_html(arrow, card_words(arrow, look="a red arrow", noun="arrow"), noun="arrow", simulated=False)
    assert "place alone, without any X-ray" in html
    assert "Probability of the true class" not in html


def test_a_card_says_what_it_is_and_shows_names_of_classes_as_text() -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    found = leak_card(run, CIRCLE, Question(), Evaluation(100))
    nasty = replace(found.marked, classes={f"<i>{label}": one for label, one in found.marked.classes.items()})
    nasty = replace(found, marked=nasty, geometry=None, by_itself=None, control="")
    html = leak_card_html(nasty, words(found), noun="circle", simulated=True)
    assert "<i>mass" not in html
    assert "&lt;i&gt;mass" in html
    assert '<span class="vpl-pill">simulated</span>' in html


def test_the_files_hold_the_card() -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    leaks = leaks_of(run, [CIRCLE, TableRow(Variant.parse("circle/yellow/3/native"))], Question(), Evaluation(100))
    (one,) = leaks  # the other was not measured
    lines = list(csv.DictReader(io.StringIO(leaks_to_csv(leaks))))
    marked = [line for line in lines if (line["shown"], line["class"]) == ("marker on the finding", "")]
    assert {line["quantity"] for line in marked} == {"auroc", "probability", "accuracy"}
    assert float(marked[0]["value"]) == one.card.marked.overall.auroc.value
    assert {line["simulated"] for line in lines} == {str(run.manifest.dataset.simulated)}
    said = leaks_to_markdown(leaks, "a red circle")
    assert words(one.card).headline in said.replace("\\", "")
    assert "| Model | Data set | Marker | Size and place alone |" in said
