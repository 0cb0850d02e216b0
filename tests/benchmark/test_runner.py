from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.benchmark.tiny_set import write_set
from vpe_core.attention import attention_inside, patch_relevance
from vpe_core.benchmark import pictures
from vpe_core.benchmark.job import annotated_images, partners, working_order
from vpe_core.benchmark.plan import Block, Plan, load_plan, make_plan
from vpe_core.benchmark.runner import RunSettings, run_folder, run_plan
from vpe_core.datasets import Dataset, Problem
from vpe_core.errors import BenchmarkError, ResultsError
from vpe_core.images import load_image
from vpe_core.images.blank import BLANK_GREY
from vpe_core.markers import render_variant
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Box
from vpe_core.variants import Variant

CONTROLS = make_plan(("crop", "circle", "spotlight"), protocols=("paper", "native"), controls=True)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_set(tmp_path_factory.mktemp("tiny"))


def shown(dataset: Dataset, variant: Variant) -> list[Image.Image]:
    """What each sample is shown as, one at a time."""
    by_id = {sample.image_id: sample for sample in dataset}
    others = partners([(s.image_path, s.patient_id) for s in by_id.values()], seed=0)
    partner_of = dict(zip(by_id, others, strict=True))
    found = []
    for sample in dataset:
        size_wh = load_image(sample.image_path).size
        source = {"image": sample.image_path, "twin": sample.twin_path, "other": partner_of[sample.image_id]}
        path = source[variant.picture]
        other_wh = load_image(path).size
        region = variant.region(sample.box, size_wh, sample.sample_id)
        region = region.scaled(other_wh[0] / size_wh[0], other_wh[1] / size_wh[1])
        style = {"protocol": variant.protocol, "color": variant.color, "width": variant.width}
        found.append(render_variant(path, region, variant.marker, **style))
    return found


def test_every_row_is_what_a_plain_loop_gives(tiny: Dataset, model: VisionLanguageModel, tmp_path: Path) -> None:
    run = run_plan(CONTROLS, tiny, model, tmp_path, RunSettings(batch_size=4, threads=3))
    assert set(run.variants) == set(CONTROLS.coverage())
    assert {v.picture for v in run.variants} == {"image", "twin", "blank", "other"}
    assert run.manifest.stored == "float32"
    for variant in run.variants:
        if variant.picture == "blank":
            continue
        expected = np.concatenate([model.encode_images([picture]) for picture in shown(tiny, variant)])
        np.testing.assert_allclose(run.embeddings(variant), expected, atol=1e-5)
        np.testing.assert_array_equal(run.rows(variant), np.arange(len(tiny)))


def test_attention_is_measured_where_the_marker_points(
    tiny: Dataset, model: VisionLanguageModel, tmp_path: Path
) -> None:
    run = run_plan(CONTROLS, tiny, model, tmp_path, RunSettings(batch_size=16))
    for key in ("none", "circle/red/1/paper", "circle/red/1/native@mirror", "circle/red/1/paper@random"):
        variant, expected = Variant.parse(key), []
        for sample, picture in zip(tiny, shown(tiny, Variant.parse(key)), strict=True):
            grid = patch_relevance(model, [picture], method="last-layer")[0]
            size_wh = load_image(sample.image_path).size
            place = variant.place_of(sample.box, size_wh, sample.sample_id)
            view = model.view(picture.size)
            seen = view.to_view(place.scaled(picture.width / size_wh[0], picture.height / size_wh[1]))
            scaled = seen.scaled(grid.shape[1] / view.size_wh[0], grid.shape[0] / view.size_wh[1])
            expected.append(attention_inside(grid, scaled).share)
        np.testing.assert_allclose(run.attention(variant), expected, atol=1e-5)
    assert run.attention("crop") is None


def test_a_blank_picture_is_an_even_grey_by_both_protocols(tiny: Dataset, models: dict) -> None:
    seen: dict[str, np.ndarray] = {}

    def prepare(picture: Image.Image) -> np.ndarray:
        return np.asarray(picture)

    maker = pictures.PictureMaker(prepare, models["native"].view, tiny.root)
    variants = tuple(Variant(protocol=protocol, picture="blank") for protocol in ("paper", "native"))
    for one in maker(annotated_images(tiny, seed=0)[0], variants).inputs:
        seen[one.key] = one.pixels[10:-10, 10:-10]
    for values in seen.values():
        np.testing.assert_array_equal(values, BLANK_GREY)


def test_each_file_is_read_once_and_each_unmarked_image_encoded_once(
    tiny: Dataset, models: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[Path] = Counter()
    original, encoded = pictures.read_pixels, []

    def counted(path: Path):
        read[path] += 1
        return original(path)

    monkeypatch.setattr(pictures, "read_pixels", counted)
    run_plan(load_plan("paper"), tiny, models["native"], tmp_path / "paper")
    assert set(read.values()) == {1}
    assert len(read) == tiny.n_images
    read.clear()
    plan = make_plan(("circle", "crop"), controls=True)
    run_plan(
        plan, tiny, models["native"], tmp_path, RunSettings(batch_size=8), lambda done, total: encoded.append(done)
    )
    assert len(read) == 2 * tiny.n_images
    assert sum(read.values()) <= len(read) + 2  # the last image's partner is the first
    # circle, crop and five controls for every sample; the image and its twin once an image
    assert encoded[-1] == 7 * len(tiny) + 2 * tiny.n_images
    full = np.diff(encoded)
    n_chunks = -(-encoded[-1] // (4 * 8))
    assert (full == 8).sum() >= len(full) - n_chunks  # the last batch of a chunk may be smaller


def test_a_limit_is_lifted_by_the_next_run(tiny: Dataset, models: dict, tmp_path: Path) -> None:
    plan, done = load_plan("paper"), []
    first = run_plan(plan, tiny, models["native"], tmp_path, RunSettings(limit=3))
    part = first.embeddings("crop")
    assert len(part) == sum(int(sample.image_id) < 3 for sample in tiny)
    assert first.samples["image_width"].isna().sum() == len(tiny) - len(part)
    whole = run_plan(plan, tiny, models["native"], tmp_path, progress=lambda n, total: done.append(total))
    assert set(done) == {4 * (len(tiny) - len(part)) + 5}
    np.testing.assert_array_equal(whole.rows("crop"), np.arange(len(tiny)))
    np.testing.assert_array_equal(whole.embeddings("crop")[: len(part)], part)
    assert whole.samples["image_width"].notna().all()
    again = run_plan(plan, tiny, models["native"], tmp_path)
    assert again.fingerprint == whole.fingerprint  # nothing to do, nothing written
    fresh = run_plan(make_plan(("crop",)), tiny, models["native"], tmp_path, RunSettings(fresh=True))
    assert [variant.key for variant in fresh.variants] == ["none", "crop"]


def test_a_block_may_cover_a_part_of_the_images(tiny: Dataset, models: dict, tmp_path: Path) -> None:
    plan = Plan(name="p", blocks=(Block(markers=("none",)), Block(markers=("bbox",), widths=(1, 3), images=2)))
    run = run_plan(plan, tiny, models["native"], tmp_path)
    np.testing.assert_array_equal(run.rows("bbox/red/3/paper"), [0, 1, 2])
    np.testing.assert_array_equal(run.rows("none"), np.arange(len(tiny)))


def test_what_cannot_be_used_is_skipped_and_listed(models: dict, tmp_path: Path) -> None:
    dataset = write_set(tmp_path / "data")
    (dataset.root / "2.png").write_bytes(b"no picture")
    (dataset.root / "twin-4.png").write_bytes(b"nor this")
    outside = replace(dataset.samples[0], box=Box(500, 500, 510, 510))
    given = Problem("table.csv", 7, "There is no image 99.png.")
    dataset = replace(dataset, samples=(outside, *dataset.samples[1:]), problems=(given,))
    run = run_plan(make_plan(("circle",), controls=True), dataset, models["native"], tmp_path / "out")
    reasons = {problem.file: problem.reason for problem in run.manifest.problems}
    assert set(reasons) == {"table.csv", "0.png", "2.png", "twin-4.png"}
    assert "outside the image" in reasons["0.png"]
    unreadable = [row for row, sample in enumerate(dataset) if sample.image_id == "2"]
    without_twin = [row for row, sample in enumerate(dataset) if sample.image_id == "4"]
    assert set(range(len(dataset))) - set(run.rows("none")) == set(unreadable)
    assert set(range(len(dataset))) - set(run.rows("circle/red/1/paper")) == {0, *unreadable}
    assert set(run.rows("none")) - set(run.rows("none@twin")) == set(without_twin)
    assert run_plan(make_plan(("circle",), controls=True), dataset, models["native"], tmp_path / "out").fingerprint == (
        run.fingerprint
    )


def test_twins_are_left_out_where_there_are_none(models: dict, tmp_path: Path) -> None:
    dataset = write_set(tmp_path / "data", 4, twins=False)
    run = run_plan(make_plan(("circle",), controls=True), dataset, models["native"], tmp_path / "out")
    assert not [variant for variant in run.variants if variant.picture == "twin"]
    assert run.manifest.problems == ()


def test_prompts_need_no_model_afterwards(tiny: Dataset, models: dict, tmp_path: Path) -> None:
    from vpe_core.results.analysis.questions import Question
    from vpe_core.results.analysis.tables import paper_table

    run = run_plan(load_plan("paper"), tiny, models["native"], tmp_path)
    for question in (Question(), Question(scoring="pairs"), Question(template="reports")):
        table = paper_table([run], question, n_resamples=20)
        rows = table if question.template is None else table[table["suffix"] == ""]
        assert (rows["missing"] == "").all()
        assert rows["value"].notna().all()
    text = "A chest x-ray with signs of lung nodule indicated by a red circle."
    np.testing.assert_allclose(run.text_embedding([text]), models["native"].encode_texts([text]), atol=1e-6)


def test_the_manifest_says_what_was_measured(tiny: Dataset, models: dict, tmp_path: Path) -> None:
    model, manifest = models["native"], run_plan(load_plan("paper"), tiny, models["native"], tmp_path).manifest
    assert manifest.dataset.fingerprint == tiny.fingerprint
    assert (manifest.dataset.samples, manifest.dataset.images, manifest.dataset.patients) == (len(tiny), 8, 4)
    assert manifest.model.weights_sha256 == model.record.weights_sha256
    assert (manifest.precision, manifest.model.dimension) == ("fp32", 32)
    assert manifest.model.logit_scale == pytest.approx(model.logit_scale)
    assert {"torch", "pillow", "open_clip_torch"} <= set(manifest.versions)
    assert manifest.started < manifest.finished
    assert manifest.protocols == ("paper",)


def test_a_data_set_without_samples_is_refused(tiny: Dataset, models: dict, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="has no usable samples; see `datasets check`"):
        run_plan(load_plan("paper"), replace(tiny, samples=()), models["native"], tmp_path)


def test_what_cannot_be_stored_is_refused_before_a_picture_is_drawn(
    tiny: Dataset, models: dict, tmp_path: Path
) -> None:
    dataset = replace(tiny, samples=tuple(replace(one, attributes={"age": 10**30}) for one in tiny))
    with pytest.raises(ResultsError, match="The age of the samples cannot be stored"):
        run_plan(
            load_plan("paper"), dataset, models["native"], tmp_path / "out", progress=lambda *_: pytest.fail("ran")
        )
    assert not (tmp_path / "out").exists()


def test_sizes_that_a_table_tells_give_way_to_those_of_the_files(tiny: Dataset, models: dict, tmp_path: Path) -> None:
    told = [replace(one, attributes={"image_width": 1.0, "image_height": 2.0, "age": 3.0}) for one in tiny]
    run = run_plan(make_plan(("crop",)), replace(tiny, samples=tuple(told)), models["native"], tmp_path)
    assert set(run.samples["image_height"]) == {80}
    assert set(run.samples["age"]) == {3.0}


def test_where_results_go(tiny: Dataset, tmp_path: Path) -> None:
    assert run_folder(tmp_path, tiny, "simclip") == tmp_path / "tiny" / "simclip"
    train = replace(tiny, part="train")
    assert run_folder(tmp_path, train, "/models/mine") == tmp_path / "tiny-train" / "mine"
    assert run_folder(tmp_path, train, "hf-hub:lab/clip") == tmp_path / "tiny-train" / "lab--clip"


def test_partners_are_of_other_patients_and_random() -> None:
    images = [(Path(f"{n}.png"), f"p{n // 3}") for n in range(300)]
    order, found = working_order(len(images), seed=0), partners(images, seed=0)
    patient_of = dict(images)
    assert sorted(order) == list(range(300))
    assert all(patient_of[path] != patient for (_, patient), path in zip(images, found, strict=True))
    distance = [abs(int(path.stem) - n) for n, path in enumerate(found)]
    assert 70 < np.mean(distance) < 130  # 100 for a random order
    assert partners(images, seed=0) == found
    assert partners([(Path("a"), "p"), (Path("b"), "p")], seed=0) == [None, None]
