"""What is on a picture besides the patient: noise, side letters, shutters, wires; each told by its own mark."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vpe_core.simulation import cases
from vpe_core.simulation.acquisition import collimate, draw_lines_and_tubes, stamp_letter
from vpe_core.simulation.bases import Base
from vpe_core.simulation.cases import CasePlan, render_case
from vpe_core.simulation.display import LOOKS, Exposure, Look, display, tone

SIZE = 160
PLAIN = Exposure(scatter=0, equalization=0, edge=0, blur_mm=0)


LEVELS = (0.5, 1.5)


@pytest.mark.parametrize("photons", [3e3, 1e4, 4e4])
def test_noise_is_that_of_the_photons_that_arrive(photons: float) -> None:
    attenuation = np.full((300, 300), 1.0, np.float32)
    exposure = dataclasses.replace(PLAIN, photons_per_mm2=photons)
    first, second = (
        display(attenuation, 1.0, exposure, np.random.default_rng(k), LEVELS).astype(float) for k in (1, 2)
    )
    arriving = photons * np.exp(-1.0)  # per pixel of 1 mm2, by Beer-Lambert
    low, high = (float(tone(np.float32(1 + d), LEVELS, exposure)) for d in (-0.01, 0.01))
    expected = (high - low) / 0.02 / np.sqrt(arriving)
    assert (first - second).std() / np.sqrt(2) == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_look_shows_air_black_and_lung_and_abdomen_at_their_greys(look: Look) -> None:
    exposure = dataclasses.replace(PLAIN, contrast=look.slope[0], lung=look.lung[0], dense=look.dense[1])
    ramp = tone(np.linspace(0, 2, 201, dtype=np.float32), (0.6, 1.6), exposure)
    assert (ramp[0], ramp[60], ramp[160]) == pytest.approx((0, look.lung[0], look.dense[1]), abs=0.5)
    assert (np.diff(ramp) >= 0).all()


def test_a_finding_does_not_move_the_grey_of_the_rest(base: Base) -> None:
    plan = CasePlan(8, 1, False, (("pleural effusion", 1.0), ("lung mass", 1.0)))
    case, healthy = render_case(plan, base, SIZE), render_case(plan.without_findings(), base, SIZE)
    change = case.image.astype(int) - healthy.image
    assert abs(np.median(change[: SIZE // 4])) <= 2


def test_a_letter_names_the_side_that_it_is_on() -> None:
    sides = set()
    for seed in range(20):
        picture = np.zeros((200, 200), np.uint8)
        stamped = stamp_letter(picture, np.random.default_rng(seed))
        assert not picture.any()  # what it was given is left alone
        rows, columns = np.nonzero(stamped > 100)
        assert rows.max() < 60
        letter = stamped[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 100
        height, width = letter.shape
        shown = "R" if letter[: height // 2, width // 2 :].any() else "L"  # an L is open towards the upper right
        on_the_left_of_the_picture = columns.mean() < 100
        assert shown == ("R" if on_the_left_of_the_picture else "L")  # the patient faces us
        assert abs(columns.mean() - 100) > 70
        sides.add(shown)
    assert sides == {"L", "R"}


def test_shutters_blacken_the_edges_and_nothing_else() -> None:
    white = np.full((200, 200), 255, np.uint8)
    closed = {"left": 0, "right": 0, "bottom": 0}
    for seed in range(30):
        picture = collimate(white, np.random.default_rng(seed))
        assert (picture[:185, 15:185] == 255).all()
        for edge, line in (("left", picture[:150, 0]), ("right", picture[:150, -1]), ("bottom", picture[-1, 50:150])):
            closed[edge] += bool((line < 40).all())
    assert all(3 <= count <= 20 for count in closed.values())


def test_wires_and_tubes_add_metal_and_plastic(portable_base: Base) -> None:
    for seed in range(4):
        scene = portable_base.scene(np.random.default_rng(0), portable=True)
        before = scene.attenuation.copy()
        draw_lines_and_tubes(scene, np.random.default_rng(seed))
        added = scene.attenuation - before
        assert added.min() > -1e-5
        assert 0.1 < added.max() < 1.5
        assert 0.005 < np.mean(added > 0.05) < 0.2


def test_portable_pictures_show_their_wires(base: Base, portable_base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [CasePlan(seed, 1, True, ()) for seed in range(4)]
    standing = CasePlan(3, 1, False, ())
    wired = [render_case(plan, portable_base, SIZE).image for plan in plans]
    on_its_feet = render_case(standing, base, SIZE).image
    monkeypatch.setattr(cases, "draw_lines_and_tubes", lambda scene, rng: None)
    for plan, picture in zip(plans, wired, strict=True):
        change = picture.astype(int) - render_case(plan, portable_base, SIZE).image
        assert np.count_nonzero(change > 5) > 20  # of 160 x 160
        assert abs(np.median(change)) <= 3
    assert np.array_equal(render_case(standing, base, SIZE).image, on_its_feet)


@pytest.mark.parametrize("step", ["stamp_letter", "collimate"])
def test_some_pictures_have_it_and_some_do_not(step: str, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [CasePlan(seed, 1, False, ()) for seed in range(32)]
    pictures = [render_case(plan, base, 96).image for plan in plans]
    monkeypatch.setattr(cases, step, lambda picture, rng: 255 - picture)
    changed = [
        not np.array_equal(picture, render_case(plan, base, 96).image)
        for plan, picture in zip(plans, pictures, strict=True)
    ]
    assert 2 <= sum(changed) <= 26


def test_the_noise_of_a_picture_is_its_exposures(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = CasePlan(5, 1, False, ())
    seen = []
    for photons in (1e3, 1e12):
        monkeypatch.setattr(cases, "sample_exposure", lambda rng, portable, n=photons: Exposure(photons_per_mm2=n))
        seen.append(render_case(plan, base, SIZE).image.astype(float))
    assert (seen[0] - seen[1])[40:120, 40:120].std() > 3
