from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vpe_core.simulation import findings
from vpe_core.simulation.bases import Base
from vpe_core.simulation.cases import DRAWING_ORDER, CasePlan, plan_case, plan_nodule_case, render_case
from vpe_core.simulation.scene import bounding_box

SIZE = 160


def one(name: str, severity: float = 0.7, seed: int = 5, portable: bool = False) -> CasePlan:
    return CasePlan(seed, 1, portable, ((name, severity),))


def test_the_drawing_order_is_the_registry() -> None:
    assert sorted(DRAWING_ORDER) == sorted(findings.names())


@pytest.mark.parametrize("name", findings.names())
def test_a_finding_changes_the_picture_inside_its_box(name: str, base: Base) -> None:
    plan = one(name)
    case, healthy = render_case(plan, base, SIZE), render_case(plan.without_findings(), base, SIZE)
    (found,), (mask,) = case.findings, case.masks
    assert mask.any()
    x0, y0, x1, y1 = (v * SIZE for v in found.box)
    left, top, right, bottom = bounding_box(mask)
    assert x0 <= max(left, 1)
    assert y0 <= max(top, 1)
    assert x1 >= min(right, SIZE - 1)
    assert y1 >= min(bottom, SIZE - 1)
    change = np.abs(case.image.astype(float) - healthy.image)
    assert change[mask].mean() > 3 * change[~mask].mean() + 0.5
    assert healthy.findings == ()


@pytest.mark.parametrize("name", findings.names())
def test_severe_is_more_than_subtle(name: str, base: Base) -> None:
    sizes = [render_case(one(name, severity), base, SIZE).findings[0].size_mm for severity in (0.0, 1.0)]
    assert sizes[1] > sizes[0]


def test_the_same_seed_is_the_same_case(base: Base) -> None:
    plan = plan_case(3, 1, counts=(0, 0, 0, 1))
    assert plan == plan_case(3, 1, counts=(0, 0, 0, 1))
    first, second = render_case(plan, base, SIZE), render_case(plan, base, SIZE)
    assert np.array_equal(first.image, second.image)
    assert first.findings == second.findings
    other = render_case(plan_case(4, 1, counts=(0, 0, 0, 1)), base, SIZE)
    assert not np.array_equal(first.image, other.image)


def test_the_case_is_the_same_at_every_size(base: Base) -> None:
    plan = CasePlan(8, 1, False, (("pleural effusion", 0.6), ("lung mass", 0.9)))
    small, large = render_case(plan, base, 128), render_case(plan, base, 256)
    for a, b in zip(small.findings, large.findings, strict=True):
        assert (a.finding, a.side, a.zone, a.severity) == (b.finding, b.side, b.zone, b.severity)
        assert a.box == pytest.approx(b.box, abs=0.03)
    shrunk = np.asarray(Image.fromarray(large.image).resize((128, 128), Image.Resampling.BOX))
    assert np.corrcoef(shrunk.ravel(), small.image.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("seed", range(6))
def test_no_finding_is_hidden_in_the_fluid_of_an_effusion(base: Base, seed: int) -> None:
    scene = base.scene(np.random.default_rng(seed), size=SIZE)
    side = findings.get("pleural effusion")(scene, np.random.default_rng(seed), 0.9).side
    for name in ("lung mass", "lung nodule", "calcified granuloma", "consolidation", "atelectasis"):
        lesion = findings.get(name)(scene, np.random.default_rng(seed), 0.5)
        middle = scene.xy[1][lesion.mask].mean()
        assert lesion.side != side or middle < scene.fluid[side] + 10


def test_leaving_the_findings_out_changes_nothing_else(base: Base) -> None:
    plan = one("calcified granuloma", seed=21)
    case, healthy = render_case(plan, base, SIZE), render_case(plan.without_findings(), base, SIZE)
    far = ~_grown(case.masks[0], 40)
    assert np.abs(case.image.astype(int) - healthy.image)[far].max() <= 4  # the display range moves a little


def test_findings_are_put_where_they_occur(base: Base) -> None:
    for seed in range(12):
        heart = render_case(one("cardiomegaly", 0.5, seed), base, SIZE).findings[0]
        assert (heart.box[0] + heart.box[2]) / 2 > 0.45  # the heart is on the left: on the right of the picture
        fluid = render_case(one("pleural effusion", 0.5, seed), base, SIZE).findings[0]
        assert (fluid.box[1] + fluid.box[3]) / 2 > 0.5
        middle = (fluid.box[0] + fluid.box[2]) / 2
        assert (fluid.side == "left") == (middle > 0.5)
        air = render_case(one("pneumothorax", 0.5, seed), base, SIZE).findings[0]
        assert air.box[1] < 0.4


def test_the_slack_of_a_box_does_not_depend_on_the_class(base: Base) -> None:
    slack: dict[str, list[float]] = {"lung mass": [], "calcified granuloma": []}
    for name, values in slack.items():
        for seed in range(40):
            case = render_case(one(name, 0.5, seed), base, SIZE)
            left, _, right, _ = bounding_box(case.masks[0])
            box = case.findings[0].box
            values.append((box[2] - box[0]) * SIZE - (right - left))
    assert np.mean(slack["lung mass"]) == pytest.approx(np.mean(slack["calcified granuloma"]), abs=1.2)


def test_nodule_cases_are_benign_or_malignant(base: Base) -> None:
    looks = set()
    for seed in range(8):
        plan = plan_nodule_case(seed, 1)
        case = render_case(plan, base, SIZE)
        looks.add(case.findings[0].finding)
        assert case.findings[0].finding == f"{plan.nodule} lung nodule"
    assert looks == {"benign lung nodule", "malignant lung nodule"}


def test_portable_images_carry_lines_and_more_noise(base: Base, portable_base: Base) -> None:
    standing = render_case(CasePlan(4, 1, False, ()), base, SIZE)
    portable = render_case(CasePlan(4, 1, True, ()), portable_base, SIZE)
    assert portable.exposure.photons_per_mm2 < standing.exposure.photons_per_mm2
    assert portable.exposure.contrast < standing.exposure.contrast


def _grown(mask: np.ndarray, px: int) -> np.ndarray:
    x0, y0, x1, y1 = bounding_box(mask)
    grown = np.zeros_like(mask)
    grown[max(y0 - px, 0) : y1 + px, max(x0 - px, 0) : x1 + px] = True
    return grown
