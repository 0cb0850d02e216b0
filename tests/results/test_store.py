from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.results import runs
from vpe_core.errors import BenchmarkError, ResultsError
from vpe_core.results import find_runs, open_run
from vpe_core.results.exchange.importer import import_experiments
from vpe_core.results.store.schema import from_ranges, to_ranges
from vpe_core.results.store.writer import Identity, RunWriter
from vpe_core.settings import get_settings
from vpe_core.variants import Variant


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.write_run(tmp_path_factory.mktemp("results") / "tiny" / "tiny-model")


def test_what_was_written_is_read(folder: Path) -> None:
    run, table = open_run(folder), runs.samples()
    assert [variant.key for variant in run.variants] == list(runs.VARIANTS)
    assert (run.manifest.seconds, run.manifest.problems) == (4.5, ())
    for key in runs.VARIANTS:
        expected = np.stack([runs.embedding(key, sample, table) for sample in range(len(table))])
        np.testing.assert_allclose(run.embeddings(key), expected, atol=1e-6)
        np.testing.assert_array_equal(run.rows(Variant.parse(key)), np.arange(len(table)))
        np.testing.assert_allclose(run.attention(key), np.arange(len(table)) / 100, rtol=1e-6)


def test_samples_come_with_image_sizes_and_attributes(folder: Path) -> None:
    found = open_run(folder).samples
    assert list(found.columns) == [
        "sample_id", "image_id", "patient_id", "label", "group", "x0", "y0", "x1", "y1",
        "image_width", "image_height", "image_path", "severity",
    ]  # fmt: skip
    assert set(found.image_width) == {256}
    assert set(found.image_height) == {320}
    pd.testing.assert_frame_equal(found.drop(columns=["image_width", "image_height"]), runs.samples())


def test_an_unmarked_image_is_stored_once(folder: Path) -> None:
    import pyarrow.parquet as pq

    stored = pq.ParquetFile(folder / "embeddings.parquet").read_row_group(0)["embedding"]
    assert len(stored) - stored.null_count == runs.samples().image_id.nunique()


def test_half_precision_keeps_three_digits(tmp_path: Path, folder: Path) -> None:
    half = open_run(runs.write_run(tmp_path / "half", stored="float16"))
    assert (half.folder / "embeddings.parquet").stat().st_size < (folder / "embeddings.parquet").stat().st_size
    for key in runs.VARIANTS:
        np.testing.assert_allclose(half.embeddings(key), open_run(folder).embeddings(key), atol=5e-4)
        np.testing.assert_allclose(np.linalg.norm(half.embeddings(key), axis=1), 1, atol=1e-6)


def test_prompts_are_found_or_named(folder: Path) -> None:
    run = open_run(folder)
    texts, values = runs.prompts()
    np.testing.assert_array_equal(run.text_embedding(texts[::-1]), values[::-1])
    with pytest.raises(ResultsError, match=r"1 of 2 prompts are not stored .* 'A cat\.'"):
        run.text_embedding([texts[0], "A cat."])


def test_a_variant_may_cover_a_part(tmp_path: Path) -> None:
    table = runs.samples()
    content = runs.manifest(table, ("none", "bbox/green/5/native"))
    with RunWriter(tmp_path, Identity.of(content)) as writer:
        writer.write(runs.chunk(tuple(range(12)), ("none",), table))
        writer.write(runs.chunk((0, 1, 2), ("bbox/green/5/native",), table))
        writer.finish(content, table, runs.prompts())
    run = open_run(tmp_path)
    part = table.index[table.image_id.isin(["000", "001", "002"])]
    np.testing.assert_array_equal(run.rows("bbox/green/5/native"), part)
    assert len(run.embeddings("bbox/green/5/native")) == len(part)
    assert len(run.rows("none")) == len(table)


def test_no_chunk_is_asked_for_twice_and_an_end_can_be_repeated(tmp_path: Path) -> None:
    table = runs.samples()
    content = runs.manifest(table, ("none", "crop"))
    with RunWriter(tmp_path, Identity.of(content)) as writer:
        writer.write(runs.chunk((0, 1, 2, 3), ("none", "crop"), table))
        writer.write(runs.chunk((4, 5), ("none",), table))
    (tmp_path / "chunks" / "half.parquet.77.tmp").write_bytes(b"what a killed run leaves")
    with RunWriter(tmp_path, Identity.of(content)) as writer:
        assert writer.covered() == {"none": frozenset(range(6)), "crop": frozenset(range(4))}
        assert not list(tmp_path.rglob("*.tmp"))
        writer.write(runs.chunk((4, 5), ("none", "crop"), table))  # what is there wins
        writer.write(runs.chunk(tuple(range(6, 12)), ("none", "crop"), table))
        kept = shutil.copytree(tmp_path / "chunks", tmp_path.parent / f"{tmp_path.name}-chunks")
        writer.finish(content, table, runs.prompts())
    expected = (tmp_path / "embeddings.parquet").read_bytes()
    shutil.copytree(kept, tmp_path / "chunks")  # killed after the manifest, before the chunks were deleted
    with RunWriter(tmp_path, Identity.of(content)) as writer:
        writer.finish(content, table, runs.prompts())
    assert (tmp_path / "embeddings.parquet").read_bytes() == expected
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock") == [
        "embeddings.parquet", "manifest.json", "samples.parquet", "texts.parquet",
    ]  # fmt: skip


def test_complete_results_can_be_extended(tmp_path: Path) -> None:
    runs.write_run(tmp_path)
    before = open_run(tmp_path)
    table, key = runs.samples(), "bbox/red/1/paper"
    with RunWriter(tmp_path, Identity.of(before.manifest)) as writer:
        writer.write(runs.chunk(tuple(range(12)), (key,), table))
        assert len(open_run(tmp_path).variants) == len(runs.VARIANTS)  # readable meanwhile
        writer.finish(runs.manifest(table, (key,)), table, (["More."], runs.text("more")[None]))
    after = open_run(tmp_path)
    assert after.manifest.variants == (*runs.VARIANTS, key)
    assert after.manifest.seconds == 6.0
    assert after.texts == ("More.", *runs.prompts()[0])
    assert after.fingerprint != before.fingerprint
    np.testing.assert_array_equal(after.embeddings("none"), before.embeddings("none"))
    assert set(after.samples.image_width) == {256}


@pytest.mark.parametrize(
    ("change", "message"),
    [({"precision": "bf16"}, "its precision is fp32, but this run's is bf16"), ({"seed": 1}, "its seed is 0")],
)
def test_results_of_something_else_are_not_mixed(tmp_path: Path, change: dict[str, object], message: str) -> None:
    table = runs.samples()
    with RunWriter(tmp_path, Identity.of(runs.manifest(table))) as writer:
        writer.write(runs.chunk((0,), ("none",), table))
    for _ in ("begun", "complete"):
        with (
            pytest.raises(BenchmarkError, match=message),
            RunWriter(tmp_path, Identity.of(runs.manifest(table, **change))),
        ):
            pass
        with RunWriter(tmp_path, Identity.of(runs.manifest(table))) as writer:
            writer.finish(runs.manifest(table, ("none",)), table, runs.prompts())


def test_two_processes_cannot_write_at_once(tmp_path: Path) -> None:
    program = (
        "import sys, tests.results.runs as r\nfrom pathlib import Path\n"
        "from vpe_core.results.store.writer import Identity, RunWriter\n"
        "with RunWriter(Path(sys.argv[1]), Identity.of(r.manifest(r.samples()))): print('ready', flush=True); input()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        identity = Identity.of(runs.manifest(runs.samples()))
        with pytest.raises(BenchmarkError, match=r"Another run is writing into .*Wait until it has finished"):
            RunWriter(tmp_path, identity).__enter__()
        other.kill()
    with RunWriter(tmp_path, identity):
        pass  # the lock of a killed process is gone


def test_runs_are_found_and_broken_ones_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path / "mine"))
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path / "carried"))
    get_settings.cache_clear()
    assert find_runs() == ()
    mine = runs.write_run(tmp_path / "mine" / "tiny" / "a")
    carried = runs.write_run(tmp_path / "carried" / "results" / "benchmark" / "tiny" / "a")
    broken = tmp_path / "mine" / "tiny" / "b"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    assert {run.folder for run in find_runs()} == {mine, carried}
    assert [run.folder for run in find_runs(tmp_path / "mine")] == [mine]
    assert "is not a manifest of this version" in caplog.text


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"Expected results with a manifest\.json"):
        open_run(tmp_path)
    (tmp_path / "chunks").mkdir()
    with pytest.raises(ResultsError, match="A run began here and has not finished: start it again"):
        open_run(tmp_path)
    run = open_run(runs.write_run(tmp_path / "run"))
    with pytest.raises(ResultsError, match=r"no results of 'blur'\. There are: none, crop"):
        run.embeddings("blur")
    with pytest.raises(ResultsError, match="holds embeddings"):
        run.probabilities("none")
    whole = (run.folder / "embeddings.parquet").read_bytes()
    (run.folder / "embeddings.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ResultsError, match=r"embeddings\.parquet cannot be read"):
        run.embeddings("none")
    (run.folder / "texts.parquet").unlink()
    with pytest.raises(ResultsError, match=r"texts\.parquet cannot be read: it is missing"):
        _ = run.texts
    newer = json.loads((run.folder / "manifest.json").read_text()) | {"schema_version": 2}
    (run.folder / "manifest.json").write_text(json.dumps(newer))
    with pytest.raises(ResultsError, match="schema_version"):
        open_run(run.folder)


def test_ranges_are_numbers() -> None:
    numbers = {3, 4, 5, 9, 11, 12}
    assert to_ranges(numbers) == [[3, 6], [9, 10], [11, 13]]
    assert from_ranges(to_ranges(numbers)) == numbers
    assert to_ranges(()) == []


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_folder_that_cannot_be_called_so_is_refused(name: str, tmp_path: Path) -> None:
    for look in (open_run, find_runs, lambda folder: import_experiments(Path(folder), tmp_path)):
        with pytest.raises(ResultsError, match="names no folder or file"):
            look(name)
