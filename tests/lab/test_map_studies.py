"""The studies of maps against plain computations: orders taken away by hand, scikit-learn, scipy, and the library."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from vpe_core import lab
from vpe_core.attention import METHODS, AttentionMethod, attention_inside, every_head, fixed_scale, patch_relevance
from vpe_core.attention.resample import grid_to_image
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.datasets.simulated import CLASSES
from vpe_core.errors import AttentionError, LabError
from vpe_core.images import load_image
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.lab.faithfulness import Faithfulness, OrderCurves, patch_order
from vpe_core.lab.layers import Layers
from vpe_core.lab.mapping import FIXED, PictureMaps, map_names
from vpe_core.lab.maps import Maps
from vpe_core.lab.places import spread_patches
from vpe_core.lab.sanity import Sanity, randomised, stages_of
from vpe_core.lab.truth import LEAST, MapTruth, Truth, difference_of
from vpe_core.markers.marks import Mark, marked_area
from vpe_core.metrics import rank_correlation
from vpe_core.models import VisionLanguageModel, load_model

EXACT = 1e-5
QUICK = ("legrad", "last-layer", FIXED)


@pytest.fixture
def gallery_scene() -> LabScene:
    """A simulated X-ray of the gallery with one finding, and its twin."""
    entry = next(one for one in simulated_gallery() if one.name == "lung-mass-easy")
    assert entry.twin
    box = entry.findings[0].box
    image, twin = load_image(entry.path), load_image(entry.twin)
    return LabScene(image, box, CLASSES, "lung mass", known=box, avoid=(box,), others={"twin": twin})


def both(scene: LabScene, model: VisionLanguageModel) -> np.ndarray:
    return np.stack([model.prepare(scene.rgb), model.prepare(scene.present.on(scene.rgb))])


def in_the_circle(grids: np.ndarray, scene: LabScene, model: VisionLanguageModel) -> np.ndarray:
    """The share of each map, spread over the X-ray, inside the circle that is drawn: pixel by pixel."""
    place = marked_area([Mark("circle", scene.region)], scene.size_wh)
    flat = grids.reshape(-1, *grids.shape[-2:])
    shares = [
        attention_inside(grid_to_image(grid, model.view(scene.size_wh), scene.size_wh), place).share for grid in flat
    ]
    return np.reshape(shares, grids.shape[:-2])


def test_all_maps_are_those_of_the_library(model: VisionLanguageModel, scene: LabScene) -> None:
    found: Maps = lab.get("maps").run(scene, model, methods=QUICK)
    pictures = both(scene, model)
    for name in ("legrad", "last-layer"):
        alone = patch_relevance(model, pictures, scene.target, method=name)
        np.testing.assert_allclose(found.grids[found.names.index(name)], alone, atol=EXACT)
        assert found.peak(name) == pytest.approx(float(alone.max()), abs=EXACT)
        np.testing.assert_allclose(found.difference(name), alone[1] - alone[0], atol=EXACT)
        inside = in_the_circle(alone, scene, model)
        np.testing.assert_allclose(found.shares[found.names.index(name)], inside, atol=1e-4)
    fixed = fixed_scale(model, pictures, scene.classes).of(scene.target)
    np.testing.assert_allclose(found.grid(FIXED, marked=True), fixed[1], atol=1e-4)
    assert found.peak(FIXED) == 1
    chances = model.classify(pictures, scene.classes)[:, scene.column]
    assert found.probabilities == pytest.approx(chances, abs=EXACT)
    assert found.agreement[0, 1] == pytest.approx(
        spearmanr(found.grids[0, 1].ravel(), found.grids[1, 1].ravel()).statistic, abs=1e-4
    )
    assert found.heatmap("legrad", marked=True).size_wh == scene.size_wh
    assert (found.heatmap("legrad").label, found.heatmap("last-layer").label) == (scene.target, None)
    assert set(found.found) == set(QUICK)
    assert found.words()


def test_a_crop_has_maps_and_no_difference(models: dict[str, VisionLanguageModel], scene: LabScene) -> None:
    crop = replace(scene, style=MarkerStyle("crop"))
    found: Maps = lab.get("maps").run(crop, models["native"], methods=["last-layer"])
    assert found.difference("last-layer") is None
    assert np.isnan(found.shares[0, 1])
    assert found.heatmap("last-layer", marked=True).size_wh != scene.size_wh
    assert found.words().startswith("A crop shows other places")
    assert "other places" in lab.get("layers").run(crop, models["native"]).words()


def test_what_a_method_cannot_do_is_said(models: dict[str, VisionLanguageModel], scene: LabScene) -> None:
    def refuse(tower: object, pixels: object, text: object) -> torch.Tensor:
        raise AttentionError("This model has no class token.")

    with METHODS.restored():
        METHODS.add(
            "picky", AttentionMethod(name="picky", title="Picky", reads_text=False, relevance=refuse, source="")
        )
        assert map_names()[-2:] == ("picky", FIXED)
        found: Maps = lab.get("maps").run(scene, models["native"], methods=["picky", "last-layer"])
        assert found.names == ("last-layer",)
        assert found.missing == {"picky": "This model has no class token."}
        with pytest.raises(AttentionError, match="no class token"):
            found.grid("picky")
        with pytest.raises(AttentionError, match="no class token"):
            lab.get("maps").run(scene, models["native"], methods=["picky"])


def test_layers_and_heads_are_those_of_one_pass(model: VisionLanguageModel, scene: LabScene) -> None:
    found: Layers = lab.get("layers").run(scene, model)
    alone = every_head(model, both(scene, model)).attention
    np.testing.assert_allclose(found.heads.attention, alone, atol=EXACT)
    shares = in_the_circle(alone, scene, model)
    np.testing.assert_allclose(found.curves, shares.mean(axis=2), atol=1e-4)
    np.testing.assert_allclose(found.grid(1, marked=True), alone[1, 1].mean(axis=0), atol=EXACT)
    gains = shares[1] - shares[0]
    layer, head = np.unravel_index(int(gains.argmax()), gains.shape)
    assert f"layer {layer + 1}, head {head + 1}" in found.words()


def test_deletion_and_insertion_in_three_steps_by_hand(model: VisionLanguageModel, scene: LabScene) -> None:
    found: Faithfulness = lab.get("faithfulness").run(scene, model, methods=["legrad"], steps=3)
    picture = model.prepare(scene.rgb)
    (grid,) = patch_relevance(model, picture[None], scene.target, method="legrad")
    rows, columns = grid.shape
    side = picture.shape[0] // rows
    largest = np.argsort(-grid.ravel())
    grey = np.rint(255 * np.array(model.preprocessing.mean)).astype(np.uint8)
    deleted = [picture]
    for share in (1 / 3, 2 / 3, 1):
        changed = picture.copy()
        for place in largest[: round(share * grid.size)]:
            y, x = divmod(int(place), columns)
            changed[y * side : (y + 1) * side, x * side : (x + 1) * side] = grey
        deleted.append(changed)
    expected = model.classify(np.stack(deleted), scene.classes)[:, scene.column]
    curves = found.curves["legrad"]
    np.testing.assert_allclose(curves.deletion, expected, atol=EXACT)
    first, second, third, last = (float(value) for value in expected)
    by_hand = ((first + second) / 2 + (second + third) / 2 + (third + last) / 2) / 3
    assert curves.deletion_area == pytest.approx(by_hand, abs=EXACT)
    assert curves.insertion[-1] == pytest.approx(first, abs=EXACT)
    assert {float(one.deletion[0]) for one in found.random} == {float(curves.deletion[0])}
    assert len(found.random) == 5


def test_equal_patches_are_taken_in_a_random_order_that_stays() -> None:
    grid = np.array([[0, 3, 0, 0], [2, 0, 0, 0]], np.float32)
    order = patch_order(grid, "mass")
    assert order[:2].tolist() == [1, 4]
    assert sorted(order.tolist()) == list(range(8))
    assert order[2:].tolist() != [0, 2, 3, 5, 6, 7]
    assert order.tolist() == patch_order(grid, "mass").tolist()


def curves(deletion: float, insertion: float) -> OrderCurves:
    return OrderCurves(np.array([0.9, deletion, 0.1], np.float32), np.array([0.1, insertion, 0.9], np.float32))


@pytest.mark.parametrize(
    ("legrad", "rollout", "said"),
    [
        (
            curves(0.1, 0.8), curves(0.5, 0.5),
            "1 of 2 maps beat all 5 random orders in both tests. LeGrad loses mass fastest: area under deletion 0.30, "
            "random orders 0.50; area under insertion 0.65, random orders 0.50.",
        ),
        (curves(0.1, 0.8), curves(0.5, 0.5), "No better than chance: Attention rollout."),
        (curves(0.1, 0.7), curves(0.2, 0.8), "Insertion puts Attention rollout first (0.65): the two tests disagree."),
        (curves(0.6, 0.3), curves(0.5, 0.5), "No map beats all 5 random orders in both tests (mean area under"),
    ],
)  # fmt: skip
def test_the_words_about_curves_follow_the_numbers(legrad: OrderCurves, rollout: OrderCurves, said: str) -> None:
    shares = np.array([0, 0.5, 1], np.float32)
    found = Faithfulness("mass", shares, {"legrad": legrad, "rollout": rollout}, (curves(0.5, 0.5),) * 5, {})
    assert said in found.words()
    flat = OrderCurves(np.full(3, 0.3, np.float32), np.full(3, 0.3, np.float32))
    assert "nothing to take away" in Faithfulness("mass", shares, {"legrad": flat}, (flat,) * 5, {}).words()


@pytest.mark.parametrize(
    ("begun", "bare", "telling", "said"),
    [
        (0.88, 0.1, ("deletion",), "Insertion says nothing: the blurred picture gets 88%, the whole one 90%."),
        (0.1, 0.88, ("insertion",), "Deletion says nothing: the whole picture gets 90%, an even grey 88%."),
        (0.1, 0.1, ("deletion", "insertion"), "in both tests"),
    ],
)
def test_a_test_without_room_says_nothing(begun: float, bare: float, telling: tuple[str, ...], said: str) -> None:
    def order(deletion: float, insertion: float) -> OrderCurves:
        return OrderCurves(np.array([0.9, deletion, bare], np.float32), np.array([begun, insertion, 0.9], np.float32))

    shares = np.array([0, 0.5, 1], np.float32)
    found = Faithfulness("mass", shares, {"legrad": order(0.2, 0.85)}, (order(0.5, 0.5),) * 5, {})
    assert found.telling == telling
    assert found.better == ("legrad",)
    assert said in found.words()
    assert ("insertion 0" in found.words()) == ("insertion" in telling)


def test_what_changed_is_where_the_finding_is(gallery_scene: LabScene) -> None:
    scene = gallery_scene
    changed = np.abs(difference_of(scene.image, scene.others["twin"])) > LEAST
    x0, y0, x1, y1 = (value * 256 / scene.size_wh[0] for value in scene.region.box.xyxy)
    rows, columns = np.nonzero(changed)
    inside = (columns >= x0 - 2) & (columns < x1 + 2) & (rows >= y0 - 2) & (rows < y1 + 2)
    assert inside.mean() > 0.99
    assert changed.sum() > 0.2 * (x1 - x0) * (y1 - y0)


def test_maps_against_what_changed_are_scored_as_scikit_learn_does(gallery_scene: LabScene) -> None:
    scene, model = gallery_scene, load_model("simclip")
    found: Truth = lab.get("truth").run(scene, model, methods=QUICK)
    for name in QUICK:
        values = spread_patches(found.maps.grids[name][0], model.view(scene.size_wh), scene.size_wh)
        auc = roc_auc_score(found.changed[found.counted], values[found.counted])
        assert found.scores[name].auc == pytest.approx(auc, abs=1e-6)
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        assert found.scores[name].hit is bool(found.changed[row, column])
    assert found.scores["legrad"].auc > 0.8
    assert found.scores[FIXED].empty
    assert not found.scores["last-layer"].empty  # attention adds up to 1 on any picture
    assert found.words().startswith(f"{round(100 * found.chance_hit)}% of the pixels changed with lung mass.")


def test_other_findings_count_for_neither_side(scene: LabScene, models: dict[str, VisionLanguageModel]) -> None:
    several = replace(scene, avoid=(scene.region.box, scene.region.box.shifted(70, 30)))
    found: Truth = lab.get("truth").run(several, models["native"], methods=["last-layer"])
    everywhere = np.abs(difference_of(scene.image, scene.others["twin"])) > LEAST
    rows, columns = np.nonzero(found.changed)
    x0, y0, x1, y1 = scene.region.box.scaled(256 / 220, 256 / 180).xyxy
    assert (columns.min() >= int(x0), columns.max() <= x1, rows.min() >= int(y0), rows.max() <= y1) == (True,) * 4
    np.testing.assert_array_equal(found.counted & everywhere, found.changed)
    for others in ({}, {"twin": scene.image}):
        with pytest.raises(LabError, match="twin"):
            lab.get("truth").run(replace(scene, others=others), models["native"], methods=["last-layer"])


@pytest.mark.parametrize(
    ("left", "fixed_left", "said"),
    [
        (0.9, 0.1, "Fixed scale is empty; LeGrad peaks there at 0.9 times what it does here."),
        (0.9, 0.9, "no map is empty."),
        (0.1, 0.1, "all maps are empty."),
    ],
)
def test_the_words_about_the_truth_follow_the_numbers(left: float, fixed_left: float, said: str) -> None:
    scores = {
        "legrad": MapTruth(0.9, True, left, left < 0.25), FIXED: MapTruth(0.8, False, fixed_left, fixed_left < 0.25)
    }  # fmt: skip
    changed = np.zeros((2, 2), bool)
    changed[0, 0] = True
    found = Truth("mass", np.zeros((2, 2), np.float32), changed, np.ones((2, 2), bool), scores, PictureMaps({}, {}))
    assert "25% of the pixels changed with mass. LeGrad ranks them best (AUC 0.90), Fixed scale worst" in found.words()
    assert "in 1 of 2 maps" in found.words()
    assert said in found.words()


def test_random_weights_from_the_top_down(model: VisionLanguageModel, scene: LabScene) -> None:
    before = {name: values.clone() for name, values in model.visual.state_dict().items()}
    stages = stages_of(model.visual)
    names = [name for _, group in stages for name in group]
    assert sorted(names) == sorted(name for name, _ in model.visual.named_parameters())
    assert all(group for _, group in stages)
    for number, (_, twin) in enumerate(randomised(model.visual, seed=1), start=1):
        done = {name for _, group in stages[:number] for name in group}
        for name, values in twin.named_parameters():
            own = before[name]
            if name not in done:
                assert torch.equal(values, own)
            else:
                assert torch.equal(values.flatten().sort().values, own.flatten().sort().values)
    found: Sanity = lab.get("sanity").run(scene, model, methods=["last-layer", "patch-text"])
    assert found.stages == tuple(name for name, _ in stages)
    assert found.similarity["last-layer"][0] == pytest.approx(1)  # attention comes before the head
    assert found.similarity["patch-text"][0] < 0.99
    assert found.similarity["last-layer"][-1] < 0.99
    after = model.visual.state_dict()
    assert all(torch.equal(values, after[name]) for name, values in before.items())


@pytest.mark.parametrize(
    ("legrad", "rollout", "said"),
    [
        (0.1, -0.2, "the furthest from 0 is Attention rollout's, −0.20."),
        (0.001, -0.004, "Attention rollout's, 0.00."),
        (0.1, -0.2, "All 2 maps change when the weights become random"),
        (
            0.1,
            0.7,
            "1 of 2 maps look much the same with random weights, Attention rollout (0.70): it shows",
        ),
        (-0.6, 0.7, "LeGrad (−0.60) and Attention rollout (0.70): they show the picture"),
        (0.1, float("nan"), "LeGrad's, 0.10"),
    ],
)
def test_the_words_about_random_weights_follow_the_numbers(legrad: float, rollout: float, said: str) -> None:
    similarity = {name: np.array([1, last], np.float32) for name, last in (("legrad", legrad), ("rollout", rollout))}
    assert said in Sanity("mass", ("head", "patches"), similarity, {}).words()


def test_rank_correlation_is_scipys() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 5, (2, 6, 6)).astype(np.float32)
    assert rank_correlation(one.ravel(), other.ravel()) == pytest.approx(
        spearmanr(one.ravel(), other.ravel()).statistic
    )
    assert np.isnan(rank_correlation(one.ravel(), np.ones(one.size)))


def test_maps_of_another_class_and_of_a_marked_prompt(models: dict[str, VisionLanguageModel], scene: LabScene) -> None:
    model, named = models["native"], replace(scene, target="red", named=True)
    found: Maps = lab.get("maps").run(named, model, methods=["legrad"])
    marked = scene.present.on(Image.fromarray(np.asarray(scene.image)))
    said = " indicated by a red circle"
    alone = patch_relevance(model, [marked], "red", method="legrad", suffix=said)[0]
    np.testing.assert_allclose(found.grid("legrad", marked=True), alone, atol=EXACT)
