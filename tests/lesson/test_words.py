"""The words follow the numbers, wherever these lead: each branch of each step, from facts made by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboard.demo.answers.answer import RegionShare
from dashboard.demo.state.demo_state import DemoState
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.glossary import TERMS, Explainer
from dashboard.lesson.quiz import QUIZ, n_right
from dashboard.lesson.samples import Tried
from dashboard.lesson.steps.attention import AttentionFacts
from dashboard.lesson.steps.circle import CircleFacts
from dashboard.lesson.steps.fooled import FooledFacts
from dashboard.lesson.steps.how_sure import SureFacts
from dashboard.lesson.steps.markers import COLOURS, SHAPES, MarkerFacts
from dashboard.lesson.steps.never_marked import TwinFacts
from dashboard.lesson.steps.two_findings import SeveralFacts
from dashboard.lesson.steps.wording import WordingFacts
from vpe_core.datasets.gallery import Finding
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.metrics import Interval
from vpe_core.types import Box

MASS = Finding("lung mass", Box(10, 10, 60, 60))
FOUR = ("lung mass", "lung nodule", "cardiomegaly", HEALTHY)
STATE = DemoState()
SURE, TORN, HEALTH = (0.9, 0.05, 0.03, 0.02), (0.3, 0.28, 0.22, 0.2), (0.02, 0.03, 0.05, 0.9)
NODULE = (0.05, 0.9, 0.03, 0.02)


def wording(full: tuple[float, ...], reduced: tuple[float, ...]) -> WordingFacts:
    return WordingFacts("lung mass", MASS, FOUR, full, FOUR[1:], reduced)


def several(chances: tuple[float, ...]) -> SeveralFacts:
    return SeveralFacts(("lung mass", "lung nodule"), FOUR, chances, (MASS,))


def circle(
    after: tuple[float, ...], exact: tuple[float, ...] = SURE, overlap: float = 0.9, other: str = ""
) -> CircleFacts:
    return CircleFacts("lung mass", FOUR, TORN, after, exact, overlap, 0.7, other, MASS, STATE)


def markers(unmarked: float, *ends: float) -> MarkerFacts:
    looks = [(shape, colour) for shape in SHAPES for colour in COLOURS]
    low, high = ends
    return MarkerFacts("lung mass", unmarked, {look: high if number else low for number, look in enumerate(looks)})


def attention(after: tuple[float, ...], dark: float, lit: float, before: tuple[float, ...] = TORN) -> AttentionFacts:
    return AttentionFacts("lung mass", FOUR, before, after, RegionShare(dark, lit, 0.01), (), STATE)


def twins(plain: tuple[float, float], trained: tuple[float, float], **others: tuple[float, float]) -> TwinFacts:
    return TwinFacts("lung mass", {"simclip-plain": plain, "simclip": trained, **others}, STATE)


def fooled(
    bare: tuple[float, ...], small: tuple[float, ...], big: tuple[float, ...], tried: Tried | None = None
) -> FooledFacts:
    return FooledFacts(FOUR, bare, small, big, tried, None)


def about(value: float, half: float = 0.01) -> Interval:
    return Interval(value, value - half, value + half, 100, 2000)


def sure(
    gain: float, geometry: float, ahead: float, real: dict[str, Any] | None = None, asked: str = "SimCLIP"
) -> SureFacts:
    real = {"NIH": (about(0.9), 984)} if real is None else real
    values = about(0.8), about(0.8 + gain), about(gain), about(geometry), about(ahead)
    return SureFacts("SimCLIP", asked, "sim-multi", 1718, *values, real)


BRANCHES: list[tuple[str, Any, set[str], tuple[str, ...]]] = [
    ("wording", wording(SURE, (0.02, 0.03, 0.95)), {"normal"}, ("was lung mass, at 90%", "make an ill patient look")),
    ("wording", wording(SURE, (0.9, 0.05, 0.05)), {"other"}, ("Lung nodule (90%)", "a wrong name on what is there")),
    ("wording", wording(NODULE, (0.34, 0.33, 0.33)), {"open"}, ("got 5%; the answer was lung nodule (90%)", "evenly")),
    ("wording", wording(TORN, (0.1, 0.45, 0.45)), {"open"}, ("the answer was nothing clear: lung mass (30%)",)),
    ("two_findings", several(SURE), {"lung mass"}, ("lung mass 90% and lung nodule 5%", "also a lung nodule")),
    ("two_findings", several((0.03, 0.05, 0.9, 0.02)), {"wrong"}, ("But there is no cardiomegaly",)),
    ("two_findings", several(TORN), {"open"}, ("can end without an answer",)),
    ("two_findings", several((0.485, 0.485, 0.02, 0.01)), {"open"}, ("nothing clear: lung mass (48%)",)),
    ("circle", circle(SURE), {"yes"}, ("covers 70% of the finding's box", "says which finding is meant", "neatness")),
    ("circle", circle(NODULE), {"yes"}, ("does harm: lung mass has 30% without, 5%", "90%, more than yours")),
    ("circle", circle(SURE, NODULE, 0.2), {"no"}, ("close: it covers 70%", "5%, less than yours")),
    ("circle", circle((0.4, 0.35, 0.15, 0.1)), {"yes"}, ("helps, but not enough", "size and place count")),
    ("circle", circle((0.31, 0.28, 0.21, 0.2)), {"yes"}, ("The circle changes little: lung mass has 30%",)),
    ("circle", circle(SURE, overlap=0), {"no"}, ("that is another place", "The ink alone does something")),
    ("circle", circle(NODULE, overlap=0, other="pacemaker"), {"no"}, ("you circled the pacemaker", "does harm")),
    ("markers", markers(0.5, 0.88, 0.9), {"little"}, ("2 points apart", "Each of them is above the 50%", "hardly")),
    ("markers", markers(0.95, 0.8, 0.9), {"some"}, ("10 points apart", "Each of them is below the 95%")),
    ("markers", markers(0.7, 0.6, 0.9), {"much"}, ("1 of 9 is below the 70%", "say how it was drawn")),
    ("markers", markers(0.7, 0.2, 0.9), {"most"}, ("70 points apart", "nearly choose the answer")),
    ("attention", attention(SURE, 0.1, 0.6), {"both"}, ("10% → 60%", "One case is no rule")),
    ("attention", attention(SURE, 0.1, 0.6, SURE), {"both"}, ("names it, as it did without the circle",)),
    ("attention", attention(NODULE, 0.1, 0.6), {"looks"}, ("still does not name it", "not why it answers")),
    ("attention", attention(NODULE, 0.1, 0.6, SURE), {"looks"}, ("and no longer names it",)),
    ("attention", attention(SURE, 0.1, 0.11), {"names"}, ("It names it, and does not look there more",)),
    ("attention", attention(TORN, 0.6, 0.1), {"neither"}, ("neither the look nor the name",)),
    ("never_marked", twins((0.3, 0.5), (0.3, 0.9)), {"up"}, ("rises: 30% without, 50%", "gains beyond that")),
    ("never_marked", twins((0.3, 0.31), (0.3, 0.32)), {"same"}, ("meant nothing to the twin", "no clear difference")),
    ("never_marked", twins((0.3, 0.1), (0.3, 0.08)), {"down"}, ("falls: 30%", "ink on the picture", "no clear differ")),
    ("never_marked", twins((0.3, 0.9), (0.3, 0.4)), {"up"}, ("did not pay: SimCLIP gains less",)),
    ("never_marked", twins((0.3, 0.3), (0.3, 0.9), biomedclip=(0.2, 0.1)), {"same"}, ("BiomedCLIP: 20% → 10%",)),
    ("fooled", fooled(HEALTH, HEALTH, HEALTH), {"neither"}, ("One place of one chest proves little.",)),
    ("fooled", fooled(HEALTH, HEALTH, HEALTH, Tried(9, 180, 0, 0)), {"neither"}, ("Of 180 places that were tried",)),
    ("fooled", fooled(HEALTH, NODULE, HEALTH, Tried(9, 180, 7, 1)), {"small"}, ("of 180 on 9 such X-rays", "at 7")),
    ("fooled", fooled(HEALTH, (0.1, 0.1, 0.05, 0.75), HEALTH), {"neither"}, ("cost it some of its certainty",)),
    ("fooled", fooled(HEALTH, NODULE, HEALTH), {"small"}, ("so the finding comes from it", "nodule (90%)")),
    ("fooled", fooled(HEALTH, HEALTH, SURE), {"big"}, ("“No abnormality” has 90% without a circle, 90% with",)),
    ("fooled", fooled(SURE, SURE, NODULE), {"both"}, ("it already says lung mass (90%)", "not alone to blame")),
    ("how_sure", sure(0.15, 0.95, 0.001), {"above"}, ("a clear gain: +0.150", "not clearly ahead", "0.900 on NIH")),
    ("how_sure", sure(-0.03, 0.95, -0.15), {"above"}, ("a clear loss", "hardly uses what the circle tells")),
    ("how_sure", sure(0.15, 0.85, 0.1), {"between"}, ("ahead of size and place alone by +0.100",)),
    ("how_sure", sure(0.15, 0.6, 0.35), {"below"}, ("do worse than no marker", "+0.350")),
    ("how_sure", sure(-0.1, 0.6, 0.1), {"below"}, ("a clear loss: −0.100",)),
    ("how_sure", sure(0.001, 0.6, 0.2), {"below"}, ("no clear change: +0.001",)),
    ("how_sure", sure(0.1, 0.6, 0.3, {}), {"below"}, ("was not measured here",)),
    ("how_sure", sure(0.1, 0.6, 0.3, {"VinDr": (about(0.5), 9)}), {"below"}, ("0.5 is guessing",)),
    ("how_sure", sure(0.1, 0.6, 0.3, asked="BiomedCLIP"), {"below"}, ("no stored results of BiomedCLIP",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "facts", "right", "said"), BRANCHES, ids=[f"{one[0]}, {one[3][0]}" for one in BRANCHES]
)
def test_words_follow_numbers(name: str, facts: Any, right: set[str], said: tuple[str, ...]) -> None:
    told = STEPS.get(name).tell(facts, "")
    drawn = {None: set(), True: {"yes"}, False: {"no"}}[told.is_right]
    assert set(told.right) | drawn == right
    text = " ".join((told.you, told.model[:1].upper() + told.model[1:], told.model, told.truth, *told.sentences))
    for words in said:
        assert words in text
    assert 2 <= len(told.sentences) <= 3
    assert "!" not in text


def test_a_near_tie_makes_both_guesses_right() -> None:
    six = (*FOUR, "pneumothorax", "atelectasis")
    tied = SeveralFacts(("lung mass", "lung nodule"), six, (0.47, 0.45, 0.03, 0.02, 0.02, 0.01), (MASS,))
    told = STEPS.get("two_findings").tell(tied, "")
    assert set(told.right) == {"lung mass", "lung nodule"}
    assert "does name all that is there" in told.sentences[-1]


@pytest.mark.parametrize("guess", list(STEPS.get("trust").scene(None).choices))  # type: ignore[arg-type]
def test_trust_explains_every_choice_and_calls_none_right(guess: str) -> None:
    told = STEPS.get("trust").tell(None, guess)
    assert told.verdict(guess) is None
    assert len(told.sentences) == 4
    assert not told.sentences[0].partition("?")[1], "one's own choice comes first, without its name"


def test_a_word_is_explained_once_and_the_text_stays_what_it_is() -> None:
    explainer = Explainer()
    text = "AUROC, of two classes; AUROC again. Pneumothorax, subclass."
    parts = explainer.parts(text)
    assert "".join(part.text for part in parts) == text
    assert [part.text for part in parts if part.meaning] == ["AUROC", "classes", "Pneumothorax"]
    assert not any(part.meaning for part in explainer.parts("AUROC"))


def test_explanations_and_quiz_are_in_order() -> None:
    assert all(re.fullmatch(r"[A-Z].*[.”]", meaning) and "!" not in meaning for meaning in TERMS.values())
    assert 6 <= len(QUIZ) <= 8
    assert n_right([question.right for question in QUIZ]) == len(QUIZ)
    assert n_right([None] * len(QUIZ)) == 0
    assert {question.right for question in QUIZ} == {0, 1, 2}, "no place is always right"
