"""The gallery's lines say what its table says."""

from __future__ import annotations

import re

import pytest

from scripts.make_samples import GALLERY, Entry, write_note
from vpe_core.simulation import findings
from vpe_core.simulation.bases import Base
from vpe_core.simulation.cases import FoundFinding, render_case
from vpe_core.simulation.sets import SETS

PLACES = re.compile(r"\b(left|right|upper|middle|lower)\b")


@pytest.mark.parametrize("entry", GALLERY, ids=lambda entry: entry.slug)
def test_a_note_names_only_places_that_the_case_has(entry: Entry, base: Base) -> None:
    case = render_case(entry.plan, base, 96)
    note = write_note(entry.note, case.findings)
    assert "{" not in note
    assert "  " not in note
    assert set(PLACES.findall(note)) <= {word for found in case.findings for word in (found.side, found.zone)}
    assert not PLACES.search(entry.note)  # no place is typed by hand


def test_places_follow_the_case() -> None:
    mass = FoundFinding("lung mass", (0, 0, 1, 1), "left", "lower", 40.0, 0.5)
    heart = FoundFinding("cardiomegaly", (0, 0, 1, 1), "", "", 120.0, 0.5)
    assert write_note("Look at the {place}, on the {side}.", [mass]) == "Look at the left lower zone, on the left."
    both = FoundFinding("interstitial opacities", (0, 0, 1, 1), "", "lower", 90.0, 0.5)
    assert write_note("Lines in the {place}.", [both]) == "Lines in the lower zones of both lungs."
    assert write_note("{all}.", [heart, mass]) == "Cardiomegaly and lung mass (left lower zone)."
    assert write_note("Nothing to find.", []) == "Nothing to find."


def test_every_finding_is_there_easy_and_hard() -> None:
    shown = {(entry.plan.findings[0][0], entry.difficulty) for entry in GALLERY if len(entry.plan.findings) == 1}
    assert {(name, how) for name in findings.names() for how in ("easy", "hard")} <= shown
    assert len({entry.slug for entry in GALLERY}) == len(GALLERY)


def test_no_patient_is_one_of_those_that_a_model_was_trained_or_chosen_on() -> None:
    of_test, _ = SETS.get("sim-multi").part("test")
    assert {entry.plan.patient for entry in GALLERY} <= set(of_test)
    assert not any(entry.plan.portable for entry in GALLERY)
