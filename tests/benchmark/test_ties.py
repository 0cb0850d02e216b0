"""Pictures that are the same are encoded once and tie, so that areas under curves are those of exact ties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.results import runs
from vpe_core import scoring
from vpe_core.benchmark.plan import make_plan
from vpe_core.benchmark.runner import RunSettings, run_plan
from vpe_core.datasets import Dataset
from vpe_core.markers import render_variant
from vpe_core.metrics import get
from vpe_core.models import VisionLanguageModel
from vpe_core.results import Run, open_run
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import score_variant
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.store.writer import Identity, RunWriter
from vpe_core.types import Box, Sample
from vpe_core.variants import Variant

LABELS = ("lung nodule", "pleural effusion")
PLAN = make_plan(("circle", "crop"), controls=True)


@pytest.fixture(scope="module")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Five images with two boxes: one has both labels, the other one; the sixth file is a copy of the first."""
    root = tmp_path_factory.mktemp("repeated")
    samples = []
    for number in range(6):
        rng = np.random.default_rng(number % 5)
        Image.fromarray(rng.integers(0, 255, (80, 90), dtype=np.uint8)).save(root / f"{number}.png")
        twice, once = Box(10, 12, 40, 50), Box(45 + number % 5, 20, 80, 60)
        for finding, (box, label) in enumerate([(twice, 0), (once, number % 2), (twice, 1)]):
            samples.append(
                Sample(f"{number}#{finding}", f"{number}", root / f"{number}.png", f"p{number}", LABELS[label], box)
            )
    return Dataset("repeated", "Repeated boxes", "test", root, tuple(samples), LABELS, simulated=True)


@pytest.fixture(scope="module")
def run(repeated: Dataset, models: dict[str, VisionLanguageModel], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_plan(PLAN, repeated, models["native"], tmp_path_factory.mktemp("out"), RunSettings(batch_size=4))


def groups_of(dataset: Dataset, variant: Variant) -> list[object]:
    """What tells the pictures of a variant apart: the file, the box, and at random places the sample."""
    place = [sample.sample_id if variant.place == "random" else sample.box for sample in dataset]
    source = [0 if variant.picture == "blank" else int(sample.image_id) % 5 for sample in dataset]
    return list(zip(source, place if variant.marked else source, strict=True))


@pytest.mark.parametrize("key", ["none", "crop", "circle/red/1/paper", "circle/red/1/paper@blank",
                                 "circle/red/1/paper@mirror", "circle/red/1/paper@random"])  # fmt: skip
def test_equal_pictures_have_equal_embeddings_and_other_ones_do_not(repeated: Dataset, run: Run, key: str) -> None:
    expected = groups_of(repeated, Variant.parse(key))
    found = [row.tobytes() for row in run.embeddings(key)]
    assert len(set(found)) == len(set(expected)) == len(set(zip(expected, found, strict=True)))
    scores = score_variant(run, Variant.parse(key), Question()).scores
    assert len(set(zip(expected, map(bytes, scores), strict=True))) == len(set(expected))


def test_each_region_is_encoded_and_stored_once(
    repeated: Dataset, models: dict[str, VisionLanguageModel], tmp_path: Path
) -> None:
    totals = []
    run = run_plan(
        make_plan(("circle",)),
        repeated,
        models["native"],
        tmp_path,
        progress=lambda n, total: totals.append((n, total)),
    )
    assert totals[-1] == (6 + 2 * 6, 6 + 2 * 6)  # an image, and each of its two boxes
    stored = pq.ParquetFile(run.folder / "embeddings.parquet").read_row_group(1)["embedding"]
    assert (len(stored), stored.null_count) == (18, 6)
    np.testing.assert_array_equal(run.rows("circle/red/1/paper"), np.arange(18))


@pytest.mark.parametrize("metric", ["auroc", "auprc", "accuracy"])
def test_values_are_those_of_a_plain_computation_with_exact_ties(
    repeated: Dataset, run: Run, models: dict[str, VisionLanguageModel], metric: str
) -> None:
    model = models["native"]
    texts = model.encode_texts([f"A chest x-ray with signs of {label}." for label in LABELS])
    truth = np.array([LABELS.index(sample.label) for sample in repeated])
    table = paper_table([run], Question(metric=metric), n_resamples=0).set_index("row")
    for row, key in (("none", "none"), ("crop", "crop"), ("circle", "circle/red/1/paper")):
        variant = Variant.parse(key)
        by_picture: dict[object, np.ndarray] = {}
        for sample, group in zip(repeated, groups_of(repeated, variant), strict=True):
            if group not in by_picture:
                picture = render_variant(
                    sample.image_path, sample.box, variant.marker, protocol="paper", color="red", width=1
                )
                logits = model.logit_scale * texts.astype(float) @ model.encode_images([picture])[0].astype(float)
                by_picture[group] = np.exp(logits) / np.exp(logits).sum()
        scores = np.array([by_picture[group] for group in groups_of(repeated, variant)])
        score = {"auroc": roc_auc_score, "auprc": average_precision_score}.get(metric)
        if score is None:
            expected = (scores.argmax(axis=1) == truth).mean()
        else:
            expected = np.mean([score(truth == number, scores[:, number]) for number in range(2)])
        assert table.loc[row, "value"] == pytest.approx(expected, abs=1e-12)


def test_a_run_that_was_interrupted_ties_what_it_encoded_apart(
    repeated: Dataset, models: dict[str, VisionLanguageModel], tmp_path: Path
) -> None:
    for limit in (2, None):  # the copy of the first image comes with the second start
        run = run_plan(PLAN, repeated, models["native"], tmp_path, RunSettings(batch_size=3, limit=limit))
    embeddings = run.embeddings("circle/red/1/paper")
    np.testing.assert_array_equal(embeddings[0], embeddings[15])
    np.testing.assert_array_equal(embeddings[0], embeddings[2])


def test_results_that_were_encoded_twice_and_noted_nothing_tie_as_well(tmp_path: Path) -> None:
    table = runs.samples()
    table.loc[table["image_id"] == "002", ["x0", "y0", "x1", "y1"]] = (5.0, 6.0, 50.0, 60.0)
    keys = ("none", "circle/red/1/paper", "circle/red/1/paper@random")
    content = runs.manifest(table, keys)
    with RunWriter(tmp_path, Identity.of(content)) as writer:
        chunk = runs.chunk(tuple(range(12)), keys, table)
        same = np.flatnonzero(table["image_id"] == "002")
        for rows in chunk.rows.values():  # as if encoded in other batches
            rows.embeddings[same] = rows.embeddings[same[0]] + np.float32(1e-5) * np.arange(len(same))[:, None]
        chunk.rows["circle/red/1/paper"].embeddings[same[2]] *= -1  # and one that cannot be of the same picture
        writer.write(chunk)
        writer.finish(content, table, runs.prompts())
    path = tmp_path / "embeddings.parquet"
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(number).drop_columns(["picture"]) for number in range(file.num_row_groups)]
    with pq.ParquetWriter(path, groups[0].schema) as older:
        for group in groups:
            older.write_table(group)
    run, (first, *others) = open_run(tmp_path), table.index[table["image_id"] == "002"]
    for key, n_different in (("none", 1), ("circle/red/1/paper", 2), ("circle/red/1/paper@random", 3)):
        assert len(np.unique(run.embeddings(key)[[first, *others]], axis=0)) == n_different
    np.testing.assert_allclose(
        run.embeddings("circle/red/1/paper")[first], runs.embedding("circle/red/1/paper", first, table), atol=1e-6
    )


@pytest.mark.parametrize("name", scoring.names())
@pytest.mark.parametrize(("n", "d", "k"), [(13, 32, 7), (301, 512, 14), (7, 512, 3)])
def test_equal_embeddings_score_the_same_to_the_last_bit(name: str, n: int, d: int, k: int) -> None:
    rng = np.random.default_rng(0)
    which = rng.permutation(np.repeat(np.arange(n), 3))
    close = rng.normal(size=(n, d)).astype(np.float32)
    close[0] = np.nextafter(close[1], np.float32(9))  # merely close: another picture
    of_class = np.tile(np.arange(k), 2)
    texts = [rng.normal(size=(k, d))[of_class] for _ in range(2)]
    both = scoring.ClassTexts(texts[0], 5.0, texts[1])
    scores = scoring.get(name)(close[which], both)
    assert len(np.unique(np.column_stack([which, scores]), axis=0)) == n
    assert len(np.unique(scores, axis=0)) == n
    np.testing.assert_array_equal(scores[:, :k], scores[:, k:])
    mean = scoring.score_ensemble([close[which], close[::-1][which]], both, name)
    assert len(np.unique(np.column_stack([which, mean]), axis=0)) == n


def test_an_even_picture_tells_no_class_from_another(run: Run) -> None:
    """All unmarked grey pictures of one size are one picture: a half, not a half and a little."""
    blank = score_variant(run, Variant.parse("circle/red/1/paper@blank"), Question())
    alike = [row for row, sample in enumerate(run.samples["sample_id"]) if not sample.endswith("#1")]
    assert get("auroc").statistic(blank.labels[alike], blank.scores[alike])(np.ones((len(alike), 1))).tolist() == [
        [0.5],
        [0.5],
    ]
