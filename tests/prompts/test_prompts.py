"""Prompts: the paper's words exactly, own templates, ensembles, and what people may not type."""

from __future__ import annotations

import pytest

from vpe_core import build_prompts, markers
from vpe_core.errors import MarkerError, PromptError
from vpe_core.prompts import (
    ENSEMBLES,
    JSRT_TEMPLATE,
    check_choice,
    check_classes,
    check_template,
    marker_suffix,
    negated,
    parse_classes,
)


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("arrow", "A chest x-ray with signs of Mass indicated by a red arrow."),
        ("bbox", "A chest x-ray with signs of Mass indicated by a red bounding box."),
        ("circle", "A chest x-ray with signs of Mass indicated by a red circle."),
        ("crop", "A chest x-ray with signs of Mass."),
        ("none", "A chest x-ray with signs of Mass."),
        (None, "A chest x-ray with signs of Mass."),
    ],
)
def test_the_words_of_the_paper(marker: str | None, expected: str) -> None:
    assert build_prompts(["Mass"], marker=marker, suffix=True) == [expected]
    assert build_prompts(["Mass"], marker=marker) == ["A chest x-ray with signs of Mass."]


def test_the_words_of_the_paper_for_jsrt() -> None:
    prompts = build_prompts(["benign", "malignant"], JSRT_TEMPLATE, marker="circle", suffix=True)
    assert prompts == [
        "A chest X-ray with a benign lung nodule indicated by a red circle.",
        "A chest X-ray with a malignant lung nodule indicated by a red circle.",
    ]


@pytest.mark.parametrize("marker", markers.names())
def test_every_marker_has_a_suffix_or_none(marker: str) -> None:
    suffix = marker_suffix(marker, "#E69F00")
    phrase = markers.get(marker).phrase
    assert suffix == (f" indicated by an orange {phrase}" if phrase else "")


def test_a_suffix_may_be_given_in_words() -> None:
    assert build_prompts(["Mass"], suffix=" indicated by two arrows")[0].endswith("Mass indicated by two arrows.")
    assert build_prompts(["Mass"], suffix="  ") == build_prompts(["Mass"])


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("There is {class}.", "There is Mass indicated by a red arrow."),
        ("{class}", "Mass indicated by a red arrow"),
        ("Signs of {class}{suffix} are seen.", "Signs of Mass indicated by a red arrow are seen."),
        ("{class}, really {class}.", "Mass, really Mass indicated by a red arrow."),
    ],
)
def test_own_templates_find_a_place_for_the_suffix(template: str, expected: str) -> None:
    assert build_prompts(["Mass"], template, marker="arrow", suffix=True) == [expected]


@pytest.mark.parametrize("name", ENSEMBLES)
def test_an_ensemble_gives_a_list_a_class(name: str) -> None:
    prompts = build_prompts(["Mass", "Nodule"], ENSEMBLES[name])
    assert [len(texts) for texts in prompts] == [len(ENSEMBLES[name])] * 2
    assert all("Mass" in text and "{" not in text for text in prompts[0])
    assert prompts[1] == [text.replace("Mass", "Nodule") for text in prompts[0]]


@pytest.mark.parametrize(
    "name", ["{suffix}", "{0}", "{class.__init__}", "50% {", "Ärzte 肺炎 🫁", "<b>mass</b>", "*mass*"]
)
def test_class_names_are_text_and_nothing_else(name: str) -> None:
    assert build_prompts([name], "Signs of {class}{suffix}.") == [f"Signs of {name}."]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "nothing"),
        ("Signs of something.", "needs {class}"),
        ("{class} {size}", "holds '{size}'"),
        ("{class} {", "holds '{'"),
        ("{class.__class__}", "holds '{class.__class__}'"),
        ("{class!r}", "holds '{class!r}'"),
        ("{class}" + "x" * 10_000, "at most 300 characters, but got 10007"),
        ("{class}\nline", "U+000A"),
        ("{class} \u202egnol", "U+202E"),
    ],
)
def test_templates_that_cannot_be_used(template: str, message: str) -> None:
    with pytest.raises(PromptError) as caught:
        check_template(template)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "1 to 100 class names, but got 0"),
        (["a"] * 2, "'a' is given twice"),
        (["a", " a "], "'a' is given twice"),
        (["a", "A"], "'a' is given twice"),
        (["\u00e4", "A\u0308"], "is given twice"),
        ([str(number) for number in range(101)], "but got 101"),
        (["a", "  "], "nothing"),
        (["x" * 10_000], "at most 100 characters"),
        (["tab\there"], "U+0009"),
        (["null\0"], "U+0000"),
        (["\ud800"], "U+D800"),
        (["a\u2028b"], "U+2028"),
        (["a", 3], "but got int"),
        ("lung nodule", "Expected a list of class names, but got 'lung nodule'"),
        (None, "Expected a list of class names"),
    ],
)
def test_class_lists_that_cannot_be_used(classes: object, message: str) -> None:
    with pytest.raises(PromptError) as caught:
        check_classes(classes)
    assert message in str(caught.value)


def test_a_choice_needs_two_classes() -> None:
    assert check_choice([" mass", "nodule"]) == ("mass", "nodule")
    with pytest.raises(PromptError, match="at least 2 classes, but got only 'mass'"):
        check_choice(["mass"])


def test_classes_from_a_text_field() -> None:
    assert parse_classes("lung nodule, pleural effusion;\r\n cardiomegaly\n\n,") == (
        "lung nodule",
        "pleural effusion",
        "cardiomegaly",
    )
    assert parse_classes(' "a, left" ,b;"6"" mass", 5" mass\n""') == ("a, left", "b", '6" mass', '5" mass')
    with pytest.raises(PromptError, match="got 0"):
        parse_classes(" ,;\n")
    for text in ('"a, left,b', 'b,"6" mass"'):
        with pytest.raises(PromptError, match="begins with a quotation mark"):
            parse_classes(text)


def test_ensembles_have_a_limit() -> None:
    for templates in ([], ["{class}"] * 51):
        with pytest.raises(PromptError, match="1 to 50 templates"):
            build_prompts(["a"], templates)


def test_unknown_markers_and_colours_are_refused() -> None:
    with pytest.raises(MarkerError, match="no marker called 'star'"):
        build_prompts(["a"], marker="star", suffix=True)
    with pytest.raises(MarkerError, match="colour name"):
        build_prompts(["a"], marker="circle", color="reddish", suffix=True)


@pytest.mark.parametrize(
    ("template", "opposite"),
    [
        ("A chest x-ray with signs of {class}{suffix}.", "A chest x-ray with no signs of {class}{suffix}."),
        ("A chest X-ray with a {class} lung nodule{suffix}.", "A chest X-ray with no {class} lung nodule{suffix}."),
        ("Seen with care: a film with an {class}", "Seen with care: a film with no {class}"),
        ("Findings consistent with {class}.", "Findings consistent with no {class}."),
        ("There is {class}.", "There is no {class}."),
        ("{class} with care", "No {class} with care"),
    ],
)
def test_the_opposite_of_a_template(template: str, opposite: str) -> None:
    assert negated(template) == opposite


def test_the_opposite_needs_a_template() -> None:
    with pytest.raises(PromptError, match="class"):
        negated("no class here")
