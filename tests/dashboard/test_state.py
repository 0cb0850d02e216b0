from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dashboard.demo.state.demo_state import (
    MAX_CLASSES,
    UPLOAD,
    DemoState,
    case_code,
    checked_classes,
    default_classes,
    own_classes,
    with_question,
)
from dashboard.demo.state.state_link import query_from_state, state_from_query
from dashboard.frame.verdicts import CHOOSE, EACH
from vpe_core.errors import PromptError
from vpe_core.markers.marks import Mark
from vpe_core.types import Box

FULL = DemoState(
    sample="case_007",
    tool="polygon",
    treatment="spotlight",
    marks=(Mark("circle", Box(10, 20, 110, 90)),),
    color="yellow",
    width=6,
    model="simclip-plain",
    question="each",
    classes=("lung nodule", "Pneumonia & <b>more</b>", "病变"),
    template="There is {class}.",
    suffix=True,
    method="rollout",
    target="lung nodule",
    opacity=35,
    findings=True,
    hidden=True,
    control="mirror",
    second="simclip-plain",
    protocol="paper",
    marker_words="pointed out by a friend",
    measured="0123456789ab:17:circle/red/1/paper",
    window=(2048.5, 700),
    invert=True,
    window_for_model=True,
)


def test_the_default_state_has_an_empty_link() -> None:
    assert query_from_state(DemoState()) == {}
    assert state_from_query({}) == (DemoState(), ())


def test_every_part_of_the_state_survives_a_link() -> None:
    default = DemoState()
    assert all(getattr(FULL, name) != getattr(default, name) for name in DemoState.__dataclass_fields__)
    assert state_from_query(query_from_state(FULL)) == (FULL, ())


def test_a_link_names_the_xray_only_with_its_answer() -> None:
    asked = replace(FULL, findings=False)
    assert query_from_state(asked)["sample"] == case_code(FULL.sample)
    assert query_from_state(asked, named=True)["sample"] == FULL.sample


def test_an_upload_is_in_no_link() -> None:
    query = query_from_state(replace(FULL, sample=UPLOAD))
    assert "marks" in query_from_state(FULL)
    assert not {"sample", "marks"} & set(query)  # the marks would land on another X-ray


@pytest.mark.parametrize(("question", "least"), [(CHOOSE, 2), (EACH, 1)])
def test_without_classes_one_is_told_how_many_the_question_takes(question: str, least: int) -> None:
    with pytest.raises(PromptError, match=f"Expected {least} to {MAX_CLASSES} classes"):
        checked_classes((), question)


def test_class_names_that_would_be_divided_in_a_link_are_refused() -> None:
    with pytest.raises(PromptError, match=r"without \|"):
        checked_classes(["a | b", "c"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample", "../../etc/passwd"),
        ("sample", "a" * 201),
        ("sample", ""),
        ("tool", "laser"),
        ("treatment", "none"),
        ("marks", "circle:1,2,3"),
        ("color", "javascript:alert(1)"),
        ("width", "-1"),
        ("width", "٣"),
        ("width", "99999999999999999999"),
        ("model", "hf-hub:evil/model"),
        ("model", "/etc"),
        ("model", "local-dir:/"),
        ("question", "why"),
        ("classes", "only one"),
        ("classes", "|"),
        ("classes", "a|a"),
        ("classes", "|".join(f"class {n}" for n in range(MAX_CLASSES + 1))),
        ("classes", "x" * 10_000 + "|y"),
        ("classes", "left\u202eright|other"),
        ("template", "no place for it"),
        ("template", "{class.__init__.__globals__}"),
        ("template", "{class}" + "x" * 10_000),
        ("suffix", "yes"),
        ("method", "guess"),
        ("target", "\x00"),
        ("target", "none of the classes"),
        ("opacity", "101"),
        ("findings", "2"),
    ],
)
def test_a_hand_edited_link_is_refused_in_words_and_the_rest_of_it_counts(name: str, value: str) -> None:
    state, (problem,) = state_from_query({"color": "yellow", "width": "6", name: value} | {name: value})
    assert getattr(state, name) == getattr(DemoState(), name)
    assert re.match(r"[A-Z][\w -]+ in this link\b", problem)
    assert not re.search(r"\ba [aeiou]", problem)
    assert len(problem) < 600
    assert state.width == 6 or name == "width"


GOOD = "circle:100,120,260,300"


@pytest.mark.parametrize(
    ("text", "shapes", "said"),
    [
        (f"{GOOD};circle:1,2,3;bbox:5,5,9,9", 2, "One shape in this link could not be read."),
        (f"laser:1,2,3,4;;{GOOD}", 1, "2 shapes in this link could not be read."),
        ("circle:1,2,3;;", 0, "The shapes in this link could not be read."),
        (";".join([GOOD] * 22), 20, "2 shapes in this link could not be shown: 20 are the most."),
    ],
)
def test_one_shape_that_cannot_be_read_leaves_the_others_alone(text: str, shapes: int, said: str) -> None:
    state, problems = state_from_query({"marks": text})
    assert len(state.marks) == shapes
    assert problems == (said,)


def test_unknown_parts_of_a_link_are_ignored() -> None:
    assert state_from_query({"utm_source": "x", "embed": "true"}) == (DemoState(), ())


def test_the_default_classes_are_not_written_into_links() -> None:
    assert own_classes(reversed(default_classes())) == ()
    assert own_classes(["a", "b"]) == ("a", "b")
    assert DemoState().shown_classes == default_classes()


def test_a_healthy_xray_can_be_called_one() -> None:
    assert "no abnormality" in default_classes()
    assert "no abnormality" not in default_classes(EACH)


def test_a_single_class_can_be_asked_about_and_gets_an_alternative_to_choose_from() -> None:
    state, problems = state_from_query({"question": "each", "classes": "lung nodule", "target": "lung nodule"})
    assert (state.shown_classes, problems) == (("lung nodule",), ())
    assert with_question(state, CHOOSE).shown_classes == ("lung nodule", "no abnormality")
    assert with_question(DemoState(target="no abnormality"), EACH) == DemoState(question=EACH)


def test_a_width_that_cannot_be_drawn_is_told_those_that_can() -> None:
    _, problems = state_from_query({"width": "65"})
    assert len(problems) == 1
    assert "a width from 1 to 64, but got '65'" in problems[0]
