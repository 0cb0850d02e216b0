from __future__ import annotations

import csv
import io
import os
import re
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

from tests.cli.conftest import error_of, run
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from tests.results.runs import write_run
from tests.results.test_importer import write_experiment
from vpe_core.results import open_run


def call(*arguments: object) -> Result:
    return run("benchmark", *arguments)


def test_run_measures_and_goes_on(allow_models: Path, tmp_path: Path) -> None:
    model = allow_models / "native"
    options = ("--dataset", "sim-multi", "--model", model, "--out", tmp_path, "--limit", 2)
    first = call("run", *options, "--markers", "circle", "--markers", "crop,bbox", "--colors", "lime")
    assert first.exit_code == 0, first.output
    assert "4 variants in" in first.output
    (folder,) = {path.parent for path in tmp_path.rglob("manifest.json")}
    assert {variant.key for variant in open_run(folder).variants} == {
        "none", "crop", "circle/lime/1/paper", "bbox/lime/1/paper",
    }  # fmt: skip
    assert call("run", *options, "--plan", "paper").exit_code == 0
    assert len(open_run(folder).variants) == 7
    assert call("run", *options, "--fresh", "--markers", "crop").exit_code == 0
    assert len(open_run(folder).variants) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_what_is_kept_and_how_it_goes_on(
    number: signal.Signals, allow_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = str(allow_models / "native")
    words = ["run", "--dataset", "sim-multi", "--model", model, "--out", str(tmp_path), "--limit", "6", "--fresh"]
    words += ["--markers", "circle", "--batch-size", "1"]
    totals: list[int] = []

    def stop_at_nine(_bar: object, _task: object, done: int, total: int) -> None:
        totals.append(total)
        if done == 9:
            os.kill(os.getpid(), number)

    before = signal.getsignal(signal.SIGTERM)
    # A shell's job in the background, as these tests may be, ignores Ctrl-C.
    here = signal.signal(signal.SIGINT, signal.default_int_handler)
    with ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGINT, here)
        patched = stack.enter_context(monkeypatch.context())
        patched.setattr("vpe_core.cli.benchmark._show", stop_at_nine)
        patched.setattr(sys, "argv", ["vpe_core", "benchmark", *words])
        stopped = call(*words)
        assert stopped.exit_code == 128 + number
        n_kept = int(re.search(r"Stopped at 9 of \d+ pictures; (\d+) are kept in ", stopped.output)[1])  # type: ignore[index]
        assert 4 <= n_kept <= 9
        go_on = [word for word in words if word != "--fresh"]
        assert f"To go on: python -m vpe_core benchmark {' '.join(go_on)}\n" in stopped.output
        patched.setattr("vpe_core.cli.benchmark._show", lambda _bar, _task, _done, total: totals.append(total))
        assert call(*go_on).exit_code == 0
    assert totals[-1] == totals[0] - n_kept
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "Expected --dataset and --model"),
        (("run", "--plan", "paper", "--markers", "crop"), "but got both"),
        (("run", "--widths", "thin"), "Expected numbers in --widths"),
        (("run", "--dataset", "sim-multi,sim-shift", "--model", "simclip", "--root", "."), "one data set with --root"),
        (("run", "--dataset", "sim-multy", "--model", "simclip"), "Did you mean 'sim-multi'"),
        (("run", "--dataset", "sim-multi", "--model", "simclip", "--address", "auto"), "works on this machine alone"),
        (("run", "--dataset", "sim-multi", "--model", "simclip", "--engine", "rai"), "Did you mean 'ray'"),
        (("report", "no-such-folder"), "There are no such results"),
        (("report", "--resamples", "1"), "Expected --resamples 0 or at least 100"),
        (("import", "."), "Expected experiments of the official code"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    assert message in error_of(call(*(tmp_path if argument == "." else argument for argument in arguments)))


def test_report_prints_the_papers_table(tmp_path: Path) -> None:
    write_run(tmp_path / "tiny" / "tiny-model", n_images=30)
    arguments = ("report", tmp_path, "--resamples", 100)
    shown = call(*arguments)
    assert shown.exit_code == 0, shown.output
    assert "Tiny model, AUROC" in shown.output
    assert "tiny (simulated, n = 60)" in shown.output
    markdown = call(*arguments, "--format", "markdown").output
    assert "## Tiny model, AUROC" in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 8
    assert call(*arguments, "--format", "csv", "--out", tmp_path / "table.csv").exit_code == 0
    table = pd.read_csv(tmp_path / "table.csv")
    circle = table[(table.marker == "circle") & table.suffix.isna()].iloc[0]
    assert f"{circle['value']:.3f}" in shown.output
    assert call(*arguments, "--model", "another").exit_code == 2


@pytest.mark.parametrize("columns", [24, 80, 120, 400])
def test_report_cuts_no_number_and_no_name_however_narrow_the_terminal(tmp_path: Path, columns: int) -> None:
    names = [f"sim-set-number-{number}" for number in range(6)]
    for number, name in enumerate(names):
        store(MemoryRun(PAPER_STRENGTHS, name=name, seed=number), tmp_path / name / "tiny")
    arguments = ("benchmark", "report", tmp_path, "--resamples", 0)
    shown = run(*arguments, columns=columns).output
    tables = run(*arguments, "--format", "csv").output
    values = pd.read_csv(io.StringIO(tables))
    for _, line in values[values["row"] == "circle"].iterrows():
        assert f"{line['value']:.3f} (+{line['gain']:.3f})" in shown
    assert "…" not in shown
    assert all(name in shown for name in names)
    assert shown.count("┏") == {24: 6, 80: 2, 120: 2, 400: 1}[columns]
    assert columns == 24 or max(map(len, shown.splitlines())) <= columns


def written_with_labels(folder: Path, change: dict[str, str], part: str = "test") -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    store(run, folder)
    samples = pd.read_parquet(folder / "samples.parquet")
    samples.assign(label=samples["label"].replace(change)).to_parquet(folder / "samples.parquet", index=False)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"part": "test"', f'"part": "{part}"'))


@pytest.mark.parametrize("style", ["terminal", "markdown"])
def test_report_says_what_is_undefined(tmp_path: Path, style: str) -> None:
    written_with_labels(tmp_path / "made-up" / "tiny", {"nodule": "mass"})
    arguments = ("report", tmp_path, "--resamples", 0, "--format", style)
    shown = call(*arguments)
    assert shown.exit_code == 0, shown.output
    words = " ".join(shown.output.split())
    assert "‡ without a value and not in the mean, made-up (simulated, n = 120): nodule" in words
    assert words.count("‡") == 9  # eight rows and the note
    assert "‡" not in call(*arguments, "--metric", "accuracy").output


@pytest.mark.parametrize("style", ["terminal", "markdown"])
def test_report_says_of_a_set_with_one_class_that_it_is_one(tmp_path: Path, style: str) -> None:
    written_with_labels(tmp_path / "made-up" / "tiny", {"nodule": "mass", "effusion": "mass"})
    words = " ".join(call("report", tmp_path, "--resamples", 0, "--format", style).output.split())
    assert "– made-up (simulated, n = 120): All samples are of one class, mass" in words
    assert words.count("All samples") == 1


def test_report_as_csv_tells_parts_apart(tmp_path: Path) -> None:
    for part in ("test", "train"):
        written_with_labels(tmp_path / part / "tiny", {"nodule": "mass"}, part)
    assert call("report", tmp_path, "--resamples", 0, "--format", "csv", "--out", tmp_path / "table.csv").exit_code == 0
    table = pd.read_csv(tmp_path / "table.csv")
    assert table.groupby("part").size().to_dict() == {"test": 8, "train": 8}
    assert set(table["undefined"]) == {"nodule"}


def test_results_of_the_official_code_are_reported_beside_ours(tmp_path: Path) -> None:
    write_experiment(tmp_path / "experiments", "VinDrCXRTest", "BIOMEDCLIPMODEL", "None")
    write_experiment(tmp_path / "experiments", "VinDrCXRTest", "BIOMEDCLIPMODEL", "crop")
    imported = call("import", tmp_path / "experiments", "--out", tmp_path / "results")
    assert imported.exit_code == 0, imported.output
    assert "BiomedCLIP on VinDr-CXR: 30 samples, 2 variants" in " ".join(imported.output.split())
    shown = call("report", tmp_path / "results", "--resamples", 100).output
    assert "vindr-cxr (official code, n = 30)" in shown
    assert "crop as published" in shown


def test_report_adds_ensembles_by_what_is_averaged(tmp_path: Path) -> None:
    store(MemoryRun(PAPER_STRENGTHS), tmp_path / "made-up" / "tiny")
    values = {}
    for average in ("embedding", "score"):
        arguments = ("report", tmp_path, "--resamples", 100, "--ensembles", average)
        shown = call(*arguments)
        assert shown.exit_code == 0, shown.output
        assert f"marker ensemble: mean {average} of arrow, box and circle" in " ".join(shown.output.split())
        assert call(*arguments, "--format", "csv", "--out", tmp_path / "table.csv").exit_code == 0
        table = pd.read_csv(tmp_path / "table.csv").set_index("row")
        assert list(table.index[8:]) == ["marker ensemble", "marker ensemble + suffix", "crop + full image"]
        values[average] = table.loc["marker ensemble", "value"]
        assert f"{values[average]:.3f}" in shown.output
    assert values["embedding"] != values["score"]
    assert call("report", tmp_path, "--ensembles", "vote").exit_code == 2


def test_report_says_what_markers_give_away(tmp_path: Path) -> None:
    store(MemoryRun(PAPER_STRENGTHS, name="made-up"), tmp_path / "made-up" / "tiny")
    arguments = ("report", tmp_path, "--resamples", 100, "--leak", "--format")
    printed, table = (call(*arguments, style).output for style in ("terminal", "csv"))
    assert "tiny on made-up" in printed.lower()
    assert "Size and place alone" in printed
    (marked,) = [
        line
        for line in csv.DictReader(io.StringIO(table))
        if (line["marker"], line["class"], line["shown"], line["quantity"])
        == ("circle", "", "marker on the finding", "auroc")
    ]
    assert f"{float(marked['value']):.3f} [" in printed
