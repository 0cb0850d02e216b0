"""What a radiologist would laugh at: rims, nets, plates and leads have the shapes that they have in life."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import ndimage

from vpe_core.simulation.bases import Base
from vpe_core.simulation.findings import FINDINGS, airspace, atelectasis, device, focal, heart, interstitial, pleura
from vpe_core.simulation.scene import SIDES, Scene

SIZE = 640


def scene_of(base: Base, seed: int = 1, size: int = SIZE) -> Scene:
    return base.scene(np.random.default_rng(seed), size=size)


def middle_of(scene: Scene, side: str) -> tuple[str, float, float]:
    x, y = scene.xy_small
    depth = scene.lung_small(side)
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    return side, float(x[row, column]), float(y[row, column])


def nodule(base: Base, look: str, seed: int) -> tuple[np.ndarray, Scene, tuple[str, float, float]]:
    scene = scene_of(base)
    before, place = scene.attenuation.copy(), middle_of(scene, "right")
    scene.pick_in_lung = lambda *_, **__: place  # type: ignore[method-assign]
    getattr(focal, f"{look}_nodule")(scene, np.random.default_rng(seed), 0.7)
    return scene.attenuation - before, scene, place


def ring(added: np.ndarray, scene: Scene, place: tuple[str, float, float], radius_mm: float) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    at = [
        (c + radius_mm * f(angles)) / scene.mm_per_px + SIZE / 2 - 0.5
        for c, f in zip(place[:0:-1], (np.sin, np.cos), strict=True)
    ]
    return ndimage.map_coordinates(added, at, order=1)


@pytest.mark.parametrize("seed", range(6))
def test_a_malignant_nodule_has_spicules_and_a_benign_one_is_round(base: Base, seed: int) -> None:
    def rays_and_rim(look: str) -> tuple[int, float]:
        added, scene, place = nodule(base, look, seed)
        body = ndimage.binary_opening(added > 0.4 * added.max(), iterations=4)
        radius = np.sqrt(body.sum() / np.pi) * scene.mm_per_px
        profile = ring(added, scene, place, 1.3 * radius)
        seen = profile > 0.05 * added.max()
        rim = np.array([ring(added, scene, place, r * radius) for r in np.linspace(0.3, 1.8, 60)])
        reach = np.linspace(0.3, 1.8, 60)[(rim > 0.4 * added.max()).sum(0).clip(0, 59)]
        return int((seen & ~np.roll(seen, 1)).sum()), float(reach.std())

    (rays, rough), (none, smooth) = rays_and_rim("malignant"), rays_and_rim("benign")
    assert rays >= 5
    assert none <= 2
    assert rough > 0.07
    assert smooth < 0.07


@pytest.mark.parametrize("name", ["lung mass", "lung nodule"])
def test_a_mass_at_the_chest_wall_stays_in_the_lung(base: Base, name: str) -> None:
    scene = scene_of(base)
    x0, top, _, bottom = scene.lung_box("right")
    scene.pick_in_lung = lambda *_, **__: ("right", x0 + 4, (top + bottom) / 2)  # type: ignore[method-assign]
    before = scene.attenuation.copy()
    FINDINGS.get(name)(scene, np.random.default_rng(3), 0.9)
    added = scene.attenuation - before
    outside = scene.up(scene.lung_small("right")) <= 0
    assert added[outside].max() < 1e-3
    steepest = np.hypot(*np.gradient(added)).max() / scene.mm_per_px
    assert steepest < 0.3 * added.max()  # per mm: no cut edge


def test_a_mass_is_lobulated(base: Base) -> None:
    scene = scene_of(base)
    place = middle_of(scene, "right")
    scene.pick_in_lung = lambda *_, **__: place  # type: ignore[method-assign]
    before = scene.attenuation.copy()
    focal.mass(scene, np.random.default_rng(4), 0.3)
    mask = (added := scene.attenuation - before) > 0.4 * added.max()
    x, y = np.nonzero(mask)
    radius = np.sqrt(mask.sum() / np.pi)
    circle = np.hypot(*(np.indices(mask.shape) - np.array([x.mean(), y.mean()])[:, None, None])) < radius
    assert 0.6 < (mask & circle).sum() / (mask | circle).sum() < 0.93


def test_interstitial_lines_are_fine_short_and_close_no_meshes() -> None:
    lines = interstitial.crossing_lines(np.random.default_rng(0), (10.0, -5.0), (30.0, 40.0), 0.6)
    ends = Counter(tuple(np.round(end, 6)) for line, _ in lines for end in (line[0], line[-1]))
    assert max(ends.values()) == 1
    assert 3 < np.median([np.hypot(*np.diff(line, axis=0).T).sum() for line, _ in lines]) < 15


@pytest.mark.parametrize("seed", range(6))
def test_interstitial_opacities_add_nothing_over_liver_and_chest_wall(base: Base, seed: int) -> None:
    scene = scene_of(base, size=320)
    before = scene.attenuation + scene.vessels
    interstitial.interstitial(scene, np.random.default_rng(seed), 0.9)
    added = scene.attenuation + scene.vessels - before
    depth = np.max([scene.up(scene.lung_small(side) / scene.lung_small(side).max()) for side in SIDES], 0)
    assert np.abs(added[depth < 0.18]).max() < 0.04


def test_interstitial_lines_are_fainter_than_vessels_and_prefer_the_base(base: Base) -> None:
    zones = []
    for seed in range(30):
        scene = scene_of(base, size=160)
        zones.append(FINDINGS.get("interstitial opacities")(scene, np.random.default_rng(seed), 0.6).zone)
    assert zones.count("upper") < 0.25 * len(zones)
    assert zones.count("lower") > 0.35 * len(zones)
    scene = scene_of(base)
    before = scene.attenuation.copy()
    lesion = FINDINGS.get("interstitial opacities")(scene, np.random.default_rng(2), 0.9)
    added = scene.attenuation - before
    fine = added - ndimage.gaussian_filter(added, 4 / scene.mm_per_px)
    assert np.quantile(fine[lesion.mask], 0.99) < 0.22


@pytest.mark.parametrize("seed", range(5))
def test_plates_are_clipped_to_the_lung_and_spares_the_heart(base: Base, seed: int) -> None:
    scene = scene_of(base)
    before = scene.attenuation.copy()
    atelectasis.plates(scene, np.random.default_rng(seed), "left", 0)
    added = scene.attenuation - before
    heart, lungs = scene.up(scene.heart_small()), scene.up(scene.lung_small("left") + scene.lung_small("right"))
    assert added[heart > 30].max() < 0.02
    assert added[lungs <= 0].max() < 1e-3


def test_a_plate_tapers_and_fades_at_both_ends(base: Base) -> None:
    scene = scene_of(base)
    plate = atelectasis._plate(scene, np.random.default_rng(0), (0.0, 0.0), 60.0, 0.0, 2.0)
    x = scene.xy[0][0]
    height, strength = (plate > 0.1).sum(0) * scene.mm_per_px, plate.max(0)
    for end in (-1, 1):
        near = np.argmin(np.abs(x - end * 27))
        assert strength[near] < 0.4
        assert height[near] < 0.8 * height[np.argmin(np.abs(x))]
    assert strength[np.abs(x) > 30.5].max() == 0
    assert strength[np.argmin(np.abs(x))] > 0.9


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("chamber", ["atrium", "ventricle"])
def test_a_lead_goes_through_the_vena_cava_without_kinks(base: Base, side: str, chamber: str) -> None:
    for seed in range(5):
        scene = scene_of(base, seed, 160)
        x0, top, x1, _ = scene.lung_box(side)
        start = (x1 - 20 if side == "left" else x0 + 20, top + 0.2 * (scene.dome(side) - top))
        path = device.lead(scene, np.random.default_rng(seed), start, side, chamber)
        spine = (scene.lung_box("right")[2] + scene.lung_box("left")[0]) / 2
        right_top = scene.lung_box("right")[1]
        level = right_top + 0.40 * (scene.dome("right") - right_top)
        cava = path[np.abs(path[:, 1] - level).argmin(), 0]
        assert device.mediastinal_border(scene) < cava < spine - 4
        steps = np.diff(path, axis=0)
        turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
        assert np.rad2deg(turns.max()) < 30
        column, row = (path[-1] / scene.small_mm + scene.small / 2).astype(int)
        assert scene.heart_small()[row - 2 : row + 3, column - 2 : column + 3].max() > 0  # it ends in the heart


@pytest.mark.parametrize("seed", range(4))
def test_a_large_effusion_hides_the_diaphragm(base: Base, seed: int) -> None:
    """The steepest step down a column through the diaphragm: of the healthy chest, and what the fluid leaves of it."""
    scene = scene_of(base, size=320)
    healthy = scene.attenuation.copy()
    side = pleura.effusion(scene, np.random.default_rng(seed), 0.7).side
    x, y = scene.xy
    low, (x0, _, x1, _) = scene.diaphragm(side), scene.lung_box(side)
    near = (np.abs(y - low) < 20) & (np.abs(x - (x0 + x1) / 2) < 12)
    before, after = (np.gradient(picture, axis=0)[near].max() for picture in (healthy, scene.attenuation))
    assert after < 0.35 * before


def test_an_effusion_is_concave_and_highest_at_the_chest_wall(base: Base) -> None:
    scene = scene_of(base, size=320)
    before = {side: air.copy() for side, air in scene.air.items()}
    lesion = pleura.effusion(scene, np.random.default_rng(0), 0.6)
    air = before[lesion.side]
    share = np.where(air > 10, 1 - scene.air[lesion.side] / np.clip(air, 10, None), 0)
    out, y = scene.outwards(lesion.side), scene.xy[1]

    def level(low: float, high: float) -> float:
        return float(np.quantile(y[(out > low) & (out < high) & (share > 0.5)], 0.01))

    wall, between, inside = level(0.8, 0.9), level(0.55, 0.65), level(0.3, 0.4)
    assert wall < between < inside
    assert between - wall > inside - between  # it falls ever less towards the mediastinum


@pytest.mark.parametrize("severity", [0.1, 0.6, 1.0])
def test_an_enlarged_heart_leaves_the_spine_and_the_chest_wall_where_they_are(base: Base, severity: float) -> None:
    scene = scene_of(base, size=320)
    before, walls = scene.attenuation.copy(), {side: scene.wall(side) for side in SIDES}
    x0, _, x1, _ = heart.heart_box(scene)
    lesion = heart.cardiomegaly(scene, np.random.default_rng(1), severity)
    x = scene.xy[0][lesion.mask]
    assert np.ptp(x) > x1 - x0 + 5
    assert walls["right"].min() + 8 < x.min() < x.max() < walls["left"].max() - 8
    out = np.max([scene.outwards(side) for side in SIDES], 0)
    assert np.abs(scene.attenuation - before)[out > 1.1].max() < 0.02


def test_what_moves_the_chest_moves_the_findings_that_are_there(base: Base) -> None:
    scene = scene_of(base, size=160)
    scene.masks.append(scene.up(scene.heart_small()) > 12)
    right = scene.xy[0][scene.masks[0]].max()
    heart.push_border(scene, "left", 15)
    assert scene.xy[0][scene.masks[0]].max() > right + 8


def test_a_collapsed_lobe_raises_the_dome(base: Base) -> None:
    scene = scene_of(base, size=160)
    before = scene.dome("right")
    atelectasis.lower_lobe(scene, np.random.default_rng(0), "right", 1.0)
    assert scene.dome("right") < before - 6


def test_a_consolidation_takes_away_the_border_that_it_touches(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heart's left border, as in the lingula; in the phantom it is a lower lobe that lies there."""
    monkeypatch.setattr(airspace, "LOWER_LOBES", ())
    scene = scene_of(base, size=320)
    _, top, edge, bottom = heart.heart_box(scene)
    place = ("left", edge, (top + bottom) / 2)
    scene.pick_in_lung = lambda *_, **__: place  # type: ignore[method-assign]
    x, y = scene.xy
    at = (np.abs(x - edge) < 12) & (np.abs(y - place[2]) < 15)

    def steepest() -> float:
        return float(np.abs(np.gradient(scene.attenuation, axis=1))[at].max())

    before = steepest()
    airspace.consolidation(scene, np.random.default_rng(0), 1.0)
    assert steepest() < 0.6 * before
