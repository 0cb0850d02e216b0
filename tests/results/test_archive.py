"""Whole results go out as a ZIP file and come back the same; a ZIP file that is up to something is refused in words."""

from __future__ import annotations

import gc
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.results.runs import write_run
from tests.results.test_importer import write_experiment
from vpe_core.errors import ResultsError
from vpe_core.results import open_run
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange import archive
from vpe_core.results.exchange.archive import pack_run, read_archive


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "results" / "tiny" / "model")


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return content.getvalue()


def zipped_folder(root: Path, inside: str = "") -> bytes:
    return zipped(
        {inside + path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    )


def test_a_run_comes_back_with_the_same_numbers_and_its_prompts_can_be_changed(run_folder: Path) -> None:
    run = open_run(run_folder)
    (loaded,) = read_archive(pack_run(run), "mine.zip")
    assert loaded.folder.parts[-2:] == ("tiny", "tiny-model")
    assert loaded.manifest == run.manifest
    assert loaded.has_embeddings
    for variant in run.variants:
        np.testing.assert_array_equal(loaded.embeddings(variant), run.embeddings(variant))
        np.testing.assert_array_equal(loaded.attention(variant), run.attention(variant))
    ours, theirs = (paper_table([one], Question(), n_resamples=20) for one in (run, loaded))
    np.testing.assert_array_equal(ours["value"], theirs["value"])


@pytest.mark.parametrize("inside", ["", "model/", "a/b/c/"])
def test_the_folder_may_lie_anywhere_in_the_file_and_other_files_are_left_out(run_folder: Path, inside: str) -> None:
    (run_folder / "note.txt").write_text("mine")
    (loaded,) = read_archive(zipped_folder(run_folder, inside), "x.zip")
    assert not list(loaded.folder.glob("*.txt"))
    assert not (loaded.folder / ".lock").exists()


def test_several_runs_and_the_official_codes_experiments(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, run_folder.parent / "again")
    assert len(read_archive(zipped_folder(run_folder.parent), "two.zip")) == 2
    for look in (("None",), ("crop",), ("bbox", "red", "1")):
        write_experiment(tmp_path / "experiments", "NIH14", "BIOMEDCLIPMODEL", *look)
    (official,) = read_archive(zipped_folder(tmp_path / "experiments", "out/experiments/"), "official.zip")
    assert official.manifest.dataset.name == "nih14"
    assert official.manifest.source == "official code"
    assert len(official.variants) == 3


def test_the_fingerprint_is_the_contents_and_not_the_manifests(run_folder: Path, tmp_path: Path) -> None:
    run = open_run(run_folder)
    first, second = (read_archive(pack_run(run), "a.zip")[0] for _ in range(2))
    (other,) = read_archive(zipped_folder(run_folder, "elsewhere/"), "a.zip")
    assert first.fingerprint == second.fingerprint
    assert len({run.fingerprint, first.fingerprint, other.fingerprint}) == 3


def test_the_files_go_with_the_results(run_folder: Path) -> None:
    (loaded,) = read_archive(pack_run(open_run(run_folder)), "a.zip")
    home = loaded.folder.parents[2]
    assert home.parent.name.startswith("visual-prompt-lab-")
    del loaded
    gc.collect()
    assert not home.exists()


def edited(**changes: object) -> Callable[[Path], None]:
    """The manifest with other entries; those of its data set and model by their own names."""

    def spoil(folder: Path) -> None:
        content = json.loads((folder / "manifest.json").read_text())
        for name, value in changes.items():
            holder = next(
                part
                for part in (content, content["dataset"], content["model"])
                if name in part or part is content["model"]
            )
            holder[name] = value
        (folder / "manifest.json").write_text(json.dumps(content))

    return spoil


def samples_with(**columns: object) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        table = pq.read_table(folder / "samples.parquet").to_pandas()
        for name, value in columns.items():
            table[name] = [value] * len(table)
        pq.write_table(pa.Table.from_pandas(table), folder / "samples.parquet")

    return spoil


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def fewer_samples(folder: Path) -> None:
    table = pq.read_table(folder / "samples.parquet")
    pq.write_table(table.slice(0, 3), folder / "samples.parquet")


def no_numbers(folder: Path) -> None:
    table = pq.read_table(folder / "samples.parquet").to_pandas().assign(x0="left")
    pq.write_table(pa.Table.from_pandas(table), folder / "samples.parquet")


def enormous(folder: Path) -> None:
    """Two million equal values in a few kilobytes."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2_000_000, np.int8)), pa.array(["a"]))
    pq.write_table(pa.table({"text": column}), folder / "texts.parquet")


def repeated_text(folder: Path) -> None:
    """One long text for every row: a dictionary holds it once."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000, np.int32)), pa.array(["x" * 10_000]))
    pq.write_table(pa.table({"text": column}), folder / "texts.parquet")


def long_text(folder: Path) -> None:
    column = pa.array(["x" * 800_000] * 4)
    pq.write_table(pa.table({"text": column}), folder / "texts.parquet", compression="zstd", use_dictionary=False)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without("manifest.json"), "Expected a run folder with a manifest.json in x.zip"),
        (without("embeddings.parquet"), "embeddings.parquet is missing"),
        (without("texts.parquet"), "texts.parquet is missing"),
        (fewer_samples, "other samples or labels than the manifest says"),
        (no_numbers, "could not convert"),
        (lambda folder: (folder / "embeddings.parquet").write_bytes(b"PAR1"), "does not hold results"),
        (
            lambda folder: (folder / "manifest.json").write_text("{}"),
            r"^x\.zip/manifest\.json is not a manifest",
        ),
        (
            lambda folder: (folder / "manifest.json").write_text("[" * 100_000),
            r"^x\.zip/manifest\.json is not a manifest",
        ),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe{"), "looks like UTF-16"),
        (edited(versions={str(n): "1" for n in range(1001)}), "versions: expected at most 1,000 entries"),
        (edited(variants=[]), "variants: Tuple should have at least 1 item"),
        (edited(variants=["none", "none"]), "variants: expected different variants, but 'none' is there twice"),
        (edited(variants=["none", "circle/red/1"]), "variants: expected 'circle/red/1/paper', but it is written"),
        (edited(variants=["spiral"]), "variants: There is no marker called 'spiral'"),
        (edited(classes=[]), "dataset.classes: Tuple should have at least 2 items"),
        (edited(classes=["a", "a"]), "dataset.classes: expected different classes"),
        (edited(samples=0), "dataset.samples: Input should be greater than or equal to 1"),
        (edited(patients=-1), "dataset.patients: Input should be greater"),
        (edited(template="no class"), "needs {class}"),
        (edited(logit_scale=None), "expected the model's dimension and logit_scale"),
        (samples_with(sample_id="a"), "samples.parquet has the sample 'a' twice"),
        (samples_with(patient_id=b"a"), "samples.parquet has a patient_id that is no text"),
        (samples_with(image_id=None), "samples.parquet has a image_id that is no text"),
    ],
)
def test_results_that_are_not_sound_are_refused(
    run_folder: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(run_folder)
    with pytest.raises(ResultsError, match=message) as caught:
        read_archive(zipped_folder(run_folder), "x.zip")
    assert "visual-prompt-lab-" not in str(caught.value)


@pytest.mark.parametrize("spoil", [repeated_text, long_text, enormous])
def test_results_that_would_become_too_large_are_refused(
    run_folder: Path, spoil: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vpe_core.results.exchange.archive.MAX_UNPACKED_BYTES", 3_000_000)
    spoil(run_folder)
    with pytest.raises(ResultsError, match="Expected at most 3 MB"):
        read_archive(zipped_folder(run_folder), "x.zip")


def test_no_message_shows_where_a_file_was_unpacked(run_folder: Path, tmp_path: Path) -> None:
    manifest = run_folder / "manifest.json"
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    (loaded,) = read_archive(zipped_folder(run_folder, "a/"), "x.zip")
    with pytest.raises(ResultsError, match=r"^x\.zip/a has no results of 'blur'"):
        loaded.embeddings("blur")
    write_experiment(tmp_path / "experiments", "NIH14", "OWN", "spiral")
    with pytest.raises(ResultsError, match=r"^None of the experiments in x\.zip/NIH14/OWN can be used"):
        read_archive(zipped_folder(tmp_path / "experiments"), "x.zip")


@pytest.mark.parametrize(
    "folder",
    ["simclip\\", "results\\sim-multi\\simclip\\", "a/b\\c/", "./run/", ".\\run\\", "run 12:30/",
     "today: 2\\run 12:30:05\\",
     "what?*<>|/", "Ergebnisse für Röntgen/", "結果/", "run./", "a..b/", "..x/"],
)  # fmt: skip
@pytest.mark.parametrize("system", [0, 3])
def test_foreign_names_of_folders_are_read(run_folder: Path, folder: str, system: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name in (folder, "__MACOSX/" + folder + "._manifest.json", folder + "Thumbs.db"):
            made.writestr(entry(name, system), b"")
        for path in run_folder.glob("*.*"):
            made.writestr(entry(folder + path.name, system), path.read_bytes())
    (loaded,) = read_archive(content.getvalue(), "x.zip")
    np.testing.assert_array_equal(loaded.embeddings("none"), open_run(run_folder).embeddings("none"))
    assert loaded.folder.is_relative_to(loaded._home.folder)


def entry(name: str, system: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system = system  # 0 is MS-DOS, 3 is Unix
    return made


def test_folders_that_differ_in_a_foreign_sign_stay_apart(run_folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in run_folder.glob("*.*")}
    names = ("run 1:2", "run 1%3A2", "run 1?2")
    two = zipped({f"{folder}/{name}": data for folder in names for name, data in files.items()})
    assert len(read_archive(two, "x.zip")) == 3


def test_names_without_the_flag_for_unicode_are_read(run_folder: Path) -> None:
    data = zipped_folder(run_folder, "R\N{LATIN SMALL LETTER O WITH DIAERESIS}ntgen/")
    plain = data.replace(
        "Röntgen".encode(), b"R\x95\\ntgen"
    )  # in Shift-JIS the second byte of a sign may be a backslash
    flags = [place for place in range(len(plain)) if plain[place : place + 4] in (b"PK\x03\x04", b"PK\x01\x02")]
    unflagged = bytearray(plain)
    for place in flags:
        unflagged[place + (7 if plain[place + 2] == 3 else 9)] &= ~8
    assert len(read_archive(bytes(unflagged), "x.zip")) == 1


@pytest.mark.parametrize(
    "name",
    ["../manifest.json", "/tmp/manifest.json", "a/../../manifest.json", "C:\\x\\manifest.json", "C:/x/manifest.json",
     "c:manifest.json", "./C:/manifest.json", "..\\manifest.json", "a\\..\\..\\manifest.json", "a/..\\manifest.json",
     "\\x\\manifest.json", "\\\\server\\share\\manifest.json", ".\\..\\manifest.json", ".. /manifest.json", "..."],
)  # fmt: skip
def test_a_path_that_leads_out_is_refused_and_nothing_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ResultsError, match="leads out of its folder"):
        read_archive(zipped({"fine/manifest.json": b"{}", name: b"{}"}), "evil.zip")
    gc.collect()
    assert not list(tmp_path.rglob("*.json"))


def test_a_link_is_refused() -> None:
    link = zipfile.ZipInfo("run/manifest.json")
    link.external_attr = 0o120777 << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr(link, "/etc/passwd")
    with pytest.raises(ResultsError, match="leads out of its folder"):
        read_archive(content.getvalue(), "link.zip")


def test_a_bomb_is_refused_by_what_it_says_and_by_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped({"run/embeddings.parquet": bytes(5_000_000)})
    assert len(bomb) < 50_000
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(ResultsError, match="Expected at most 1 MB in bomb"):
        read_archive(bomb, "bomb.zip")
    size = (5_000_000).to_bytes(4, "little")
    assert bomb.count(size) == 2  # in the file's own header and in the archive's list
    with pytest.raises(ResultsError, match="no ZIP file that can be read"):
        read_archive(bomb.replace(size, (10).to_bytes(4, "little")), "liar.zip")


def test_a_manifest_that_would_take_gigabytes_once_it_is_read_is_refused() -> None:
    with pytest.raises(ResultsError, match="at most 12 MB, but it is larger"):
        read_archive(zipped({"run/manifest.json": b"[" + b"{}," * 10_000_000 + b"{}]"}), "bomb.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_content_is_no_want_of_room(method: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as made:
        made.writestr("run/manifest.json", np.random.default_rng(0).bytes(3000))
    data = bytearray(content.getvalue())
    for place in range(60, len(data) - 400, 5):
        data[place] ^= 0xFF
    with pytest.raises(ResultsError, match=r"x\.zip is no ZIP file that can be read"):
        read_archive(bytes(data), "x.zip")


def test_a_file_in_the_place_of_a_folder_and_endless_folders_are_refused() -> None:
    with pytest.raises(ResultsError, match="holds a file twice"):
        read_archive(zipped({"a/manifest.json": b"{}", "a/manifest.json/manifest.json": b"{}"}), "x.zip")
    with pytest.raises(ResultsError, match="holds a file twice"):
        read_archive(zipped({"a/manifest.json": b"{}", "a\\manifest.json": b"{}"}), "x.zip")
    with pytest.raises(ResultsError, match="Expected at most 50 folders"):
        read_archive(zipped({"a/" * 900 + "manifest.json": b"{}"}), "x.zip")
    with pytest.raises(ResultsError, match="cannot be unpacked here"):
        read_archive(zipped({"a" * 400 + "/manifest.json": b"{}"}), "x.zip")


def test_too_many_files_a_file_twice_and_no_zip_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResultsError, match=r"x\.zip is no ZIP file that can be read"):
        read_archive(b"PK nonsense", "x.zip")
    with pytest.raises(ResultsError, match="but it holds neither"):
        read_archive(zipped({"a.txt": b""}), "x.zip")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("manifest.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("manifest.json", "{}")
    with pytest.raises(ResultsError, match="holds a file twice"):
        read_archive(content.getvalue(), "x.zip")
    monkeypatch.setattr(archive, "MAX_FILES", 1)
    with pytest.raises(ResultsError, match="at most 1 files"):
        read_archive(content.getvalue(), "x.zip")


@pytest.mark.parametrize("name", ["samples.parquet", "embeddings.parquet"])
def test_a_damaged_table_is_named(run_folder: Path, name: str) -> None:
    whole = (run_folder / name).read_bytes()
    (run_folder / name).write_bytes(whole[: len(whole) // 3] + whole[-8:])
    with pytest.raises(ResultsError, match=f"{name} is damaged, it cannot be read as Parquet"):
        read_archive(zipped_folder(run_folder, "run/"), "x.zip")
