from __future__ import annotations

import numpy as np
import pytest
import torch

from vpe_core.training.captions import CLASSES, Meaning
from vpe_core.training.hand_markers import (
    CANVAS,
    KINDS,
    PALETTE,
    HandMarker,
    draw,
    draw_loosely,
    overlap,
    sample_marker,
)
from vpe_core.training.render import TrainingCases
from vpe_core.training.samples import TrainingSamples, collate, positives


def some(cases: TrainingCases, markers: float, count: int = 120) -> list[dict]:
    samples = TrainingSamples(cases, 5, markers, 96, count)
    return [samples[i] for i in range(count)]


def test_a_sample_depends_only_on_its_number(cases: TrainingCases) -> None:
    first, again = (TrainingSamples(cases, 5, 0.6, 96, 10)[4] for _ in range(2))
    assert torch.equal(first["pixels"], again["pixels"])
    assert first["caption"] == again["caption"]


def test_the_plain_twin_sees_the_same_cases_and_zooms_without_markers(cases: TrainingCases) -> None:
    marked, plain = some(cases, 0.6), some(cases, 0.0)
    assert not any(sample["marked"] for sample in plain)
    zoomed = [(a["focused"] and not a["marked"], b["focused"]) for a, b in zip(marked, plain, strict=True)]
    assert all(a == b for a, b in zoomed)
    for sample in plain:
        grey = sample["pixels"].float()
        assert (grey.std(-1) < 1).all()  # no colour anywhere


def test_the_shares_are_those_of_the_recipe(cases: TrainingCases) -> None:
    samples = some(cases, 0.6, 600)
    marked = [s for s in samples if s["marked"]]
    assert 0.38 < len(marked) / 600 < 0.60
    healthy = [s for s in marked if not s["present"].any()]
    assert 0.30 < len(healthy) / len(marked) < 0.70
    assert all((s["source"] >= 0) == (s["marked"] and not s["present"].any()) for s in samples)
    assert all(s["present"].sum() == 1 for s in marked if s["present"].any())


def test_a_marker_on_a_finding_lies_on_its_dense_target(cases: TrainingCases) -> None:
    hits = []
    for s in some(cases, 1.0, 200):
        if s["marked"] and s["present"].any():
            covered = s["dense"][:, s["present"].numpy().argmax()].float().numpy()
            hits.append(covered[s["region"].numpy() > 0].sum() / max(covered.sum(), 1))
    assert len(hits) > 30
    assert np.mean(hits) > 0.8


def test_findings_inside_another_ones_box_can_be_pointed_at_more_often(cases: TrainingCases) -> None:
    def inner(case: int, finding: int) -> bool:
        rows = cases.findings[cases.findings.case == case]
        own = rows[rows.finding == finding].iloc[0]
        x, y = (own.x0 + own.x1) / 2, (own.y0 + own.y1) / 2
        others = rows[rows.finding != finding]
        return bool(((others.x0 <= x) & (x <= others.x1) & (others.y0 <= y) & (y <= others.y1)).any())

    def share(weight: int) -> float:
        samples = TrainingSamples(cases, 5, 1.0, 96, 600, hidden_weight=weight)
        aimed = []
        for number in range(600):
            rng = np.random.default_rng(number)
            case = int(rng.integers(len(cases)))
            target, _, source = samples._aim(rng, case)
            if target >= 0 and source < 0:
                aimed.append(inner(case, samples._rows[case][target].finding))
        return float(np.mean(aimed))

    assert share(4) > 1.2 * share(1) > 0  # few of the fixture's cases leave a choice


def test_a_loose_marker_has_any_size_and_still_means_the_finding() -> None:
    finding, others = (0.4, 0.3, 0.5, 0.4), [(0.1, 0.1, 0.14, 0.16), (0.2, 0.2, 0.8, 0.7)]
    for other in others:
        drawn = np.array([draw_loosely(np.random.default_rng(k), finding, other) for k in range(400)])
        width = drawn[:, 2] - drawn[:, 0]
        assert np.median(width) == pytest.approx(other[2] - other[0], rel=0.4)
        center = (drawn[:, :2] + drawn[:, 2:]) / 2
        reach = np.maximum((drawn[:, 2:] - drawn[:, :2]) / 2, 0.05) * 1.12
        assert (np.abs(center - (0.45, 0.35)) <= reach).all(), "the finding and its marker share a place"
        square = np.isclose(width, drawn[:, 3] - drawn[:, 1]).mean()
        assert 0.3 < square < 0.5


def test_an_arrow_has_no_size() -> None:
    region, loose = (80.0, 60.0, 120.0, 100.0), (10.0, 10.0, 200.0, 200.0)
    markers = [sample_marker(np.random.default_rng(k), region, loose) for k in range(400)]
    assert {m.kind for m in markers} == set(KINDS)
    assert all(m.region == (region if m.kind == "arrow" else loose) for m in markers)
    assert "yellow" not in PALETTE
    assert 0.5 < sum(m.color == "red" for m in markers) / 400 < 0.8


def test_overlap_of_two_regions() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0


def test_every_marker_leaves_ink_of_its_colour() -> None:
    from PIL import Image

    for kind in KINDS:
        marker = HandMarker(kind, "green", (0, 255, 0), 3, (80, 80, 150, 160), 1)
        drawn = np.asarray(draw(Image.new("L", (CANVAS, CANVAS), 90), marker)).astype(int)
        ink = (drawn[..., 1] - drawn[..., 0]) > 100
        assert 20 < ink.sum() < 6000
        assert ink[60:180, 60:180].any()


def test_true_captions_are_positives() -> None:
    nodule, mass = CLASSES.index("lung nodule"), CLASSES.index("lung mass")

    def sample(places: list, meaning: Meaning, focused: bool = False) -> dict:
        return {"places": places, "meaning": meaning, "focused": focused}

    truth = positives(
        [
            sample([(nodule, "left", "upper", ""), (mass, "right", "lower", "")], Meaning("finding", nodule)),
            sample([(mass, "right", "lower", "")], Meaning("finding", mass, "right")),
            sample([], Meaning("healthy")),
            sample([(nodule, "left", "upper", "")], Meaning("absent", mass), focused=False),
            sample([], Meaning("healthy"), focused=True),
        ]
    )
    assert truth.tolist() == [
        [1, 1, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 1, 1],
        [1, 0, 0, 1, 0],
        [0, 0, 1, 0, 1],
    ]


def test_a_batch_stacks(cases: TrainingCases) -> None:
    batch = collate(some(cases, 0.6, 8))
    assert batch["pixels"].shape == (8, 96, 96, 3)
    assert batch["dense"].shape == (8, 36, len(CLASSES))
    assert batch["positives"].shape == (8, 8)
    assert (batch["positives"].diagonal() == 1).all()
