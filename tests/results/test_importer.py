from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from vpe_core.errors import ResultsError
from vpe_core.results import find_runs, open_run
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import score_variant
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange.importer import import_experiments

CLASSES = ["Atelectasis", "Effusion", "None of these"]
IMAGES = [f"000000{n // 3:02d}_00{n % 3}.png" for n in range(30)]
LABELS = [CLASSES[n % 3] for n in range(30)]
SUFFIX = " indicated by a red bounding box"


def write_experiment(root: Path, *parts: str, suffix: str = "", seed: int = 0, n: int = 30) -> np.ndarray:
    """The three files that the official code writes, in its own way."""
    folder = root.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    logits = np.random.default_rng([seed, *"/".join(parts).encode()]).normal(size=(n, 3))
    logits[np.arange(n), np.arange(n) % 3] += 0.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    rows = [
        {
            "image_id": IMAGES[k],
            "true_label": LABELS[k],
            "predicted_label": CLASSES[int(probabilities[k].argmax())],
            **dict(zip(CLASSES, probabilities[k], strict=True)),
        }
        for k in range(n)
    ]
    pd.DataFrame(rows).to_csv(folder / "results.csv", index=False)
    one_hot = np.eye(3)[np.arange(n) % 3]
    auroc = roc_auc_score(one_hot, probabilities, average="macro", multi_class="ovr")
    (folder / "metrics.json").write_text(json.dumps({"accuracy": 0.5, "auroc": auroc, "class_report": {}}, indent=4))
    flat = {"dataset": parts[0], "model": parts[1], "annotation_type": parts[2], "text_suffix": suffix or "None"}
    pd.DataFrame([flat | {"auroc": auroc}]).to_csv(folder / "metrics.csv", index=False)
    return probabilities


@pytest.fixture
def experiments(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    root = tmp_path / "experiments"
    head = ("NIH14", "BIOMEDCLIPMODEL")
    written = {
        "none": write_experiment(root, *head, "None"),
        "crop": write_experiment(root, *head, "crop"),
        "bbox": write_experiment(root, *head, "bbox", "red", "1"),
        "bbox + suffix": write_experiment(
            root, *head, "bbox", "red", "1", SUFFIX.strip().replace(" ", "_"), suffix=SUFFIX
        ),
        "circle": write_experiment(root, *head, "circle", "yellow", "3"),
    }
    return root, written


def test_probabilities_come_in_as_they_were_written(experiments, tmp_path: Path) -> None:
    root, written = experiments
    (run,) = import_experiments(root, tmp_path / "out")
    assert run.folder == tmp_path / "out" / "official-code" / "nih14" / "biomedclip"
    assert run.manifest.source == "official code"
    assert run.manifest.model.title == "BiomedCLIP"
    assert run.manifest.dataset.classes == tuple(CLASSES)
    assert set(run.manifest.variants) == {"none", "crop", "bbox/red/1/paper", "circle/yellow/3/paper"}
    assert run.manifest.problems == ()
    assert run.suffixes("bbox/red/1/paper") == ("", SUFFIX)
    np.testing.assert_allclose(run.probabilities("none"), written["none"], rtol=1e-12)
    np.testing.assert_allclose(run.probabilities("bbox/red/1/paper", SUFFIX), written["bbox + suffix"], rtol=1e-12)
    np.testing.assert_array_equal(run.rows("bbox/red/1/paper"), np.arange(30))
    assert run.samples["label"].tolist() == LABELS
    assert run.samples["patient_id"].nunique() == 10
    assert [found.folder for found in find_runs(tmp_path / "out")] == [run.folder]


def test_a_table_can_be_made_of_them(experiments, tmp_path: Path) -> None:
    root, written = experiments
    (run,) = import_experiments(root, tmp_path / "out")
    table = paper_table([run], n_resamples=50).set_index("row")
    one_hot = np.eye(3)[np.arange(30) % 3]
    for row, key in (("none", "none"), ("box", "bbox"), ("box + suffix", "bbox + suffix")):
        assert table.loc[row, "value"] == pytest.approx(roc_auc_score(one_hot, written[key], average="macro"))
    assert table.loc["arrow", "missing"]
    np.testing.assert_allclose(score_variant(run, run.variants[0], Question()).scores, written[run.variants[0].marker])


def test_what_embeddings_allow_is_refused(experiments, tmp_path: Path) -> None:
    (run,) = import_experiments(experiments[0], tmp_path / "out")
    with pytest.raises(ResultsError, match="holds probabilities of the official code, no embeddings"):
        run.embeddings("none")
    with pytest.raises(ResultsError, match="no results with the suffix ' indicated by a cat'"):
        run.probabilities("bbox/red/1/paper", " indicated by a cat")


def test_a_folder_name_tells_the_suffix_where_metrics_csv_is_gone(experiments, tmp_path: Path) -> None:
    root, _ = experiments
    next(root.rglob("indicated*/metrics.csv")).unlink()
    (run,) = import_experiments(root, tmp_path / "out")
    assert run.suffixes("bbox/red/1/paper") == ("", SUFFIX)


def test_what_does_not_fit_is_left_out_and_listed(experiments, tmp_path: Path) -> None:
    root, _ = experiments
    head = root / "NIH14" / "BIOMEDCLIPMODEL"
    write_experiment(root, "NIH14", "BIOMEDCLIPMODEL", "arrow", "red", "1", n=20)  # stopped on the way
    write_experiment(root, "NIH14", "BIOMEDCLIPMODEL", "scribble", "red", "1")
    (head / "crop" / "results.csv").write_text("image_id,label\na,b\n")
    said = json.loads((head / "None" / "metrics.json").read_text())
    (head / "None" / "metrics.json").write_text(json.dumps(said | {"auroc": 0.123}))
    (run,) = import_experiments(root, tmp_path / "out")
    assert set(run.manifest.variants) == {"none", "bbox/red/1/paper", "circle/yellow/3/paper"}
    reasons = {problem.file.removeprefix("NIH14/BIOMEDCLIPMODEL/"): problem.reason for problem in run.manifest.problems}
    assert set(reasons) == {"arrow/red/1", "scribble/red/1", "crop", "None/metrics.json"}
    assert reasons["arrow/red/1"] == "It has 20 samples other than the 30 of most experiments beside it."
    assert "no marker called 'scribble'" in reasons["scribble/red/1"]
    assert "Expected rows with the columns image_id, true_label, predicted_label" in reasons["crop"]
    assert reasons["None/metrics.json"].startswith("It says auroc 0.123000, but results.csv gives 0.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 100_000, "it is nested too deeply"),
        (b"{}", "expected a number called auroc, but it has nothing"),
        (b"[1, 2]", "expected an object, but got a list"),
        (b'{"auroc": {"a": 1}}', "expected a number called auroc, but got"),
        (b'{"auroc": ' + b"9" * 5000 + b"}", "no JSON that can be read"),
        (b"\xff\xfe{", "looks like UTF-16. Save it as text in UTF-8"),
        (b'\xef\xbb\xbf{"auroc": null}', ""),
    ],
)
def test_what_metrics_json_may_hold(experiments, tmp_path: Path, content: bytes, message: str) -> None:
    root, _ = experiments
    (root / "NIH14" / "BIOMEDCLIPMODEL" / "None" / "metrics.json").write_bytes(content)
    (run,) = import_experiments(root, tmp_path / "out")
    reasons = [problem.reason for problem in run.manifest.problems]
    assert len(reasons) == bool(message)
    assert all(message in reason and "The probabilities of results.csv are used" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ('"a,x,x,0.4,0.6', "line 4 opens a quotation mark that is never closed"),
        ("a,x,x,40%,60%", "line 4 has '40%' in the column x, which is no number"),
        ("a,x,x,0.4,0.4", "row 4 has others"),
    ],
)
def test_a_row_that_cannot_be_used_has_the_number_of_a_spreadsheet(tmp_path: Path, cells: str, message: str) -> None:
    folder = tmp_path / "DATA" / "MODEL" / "None"
    folder.mkdir(parents=True)
    (folder / "results.csv").write_text(f"image_id,true_label,predicted_label,x,y\na,x,x,0.4,0.6\n\n{cells}\n")
    with pytest.raises(ResultsError, match=message):
        import_experiments(tmp_path, tmp_path / "out")


def test_a_marker_without_colour_and_width_is_not_taken_for_red(experiments, tmp_path: Path) -> None:
    root, written = experiments
    head = ("NIH14", "BIOMEDCLIPMODEL")
    for folder in (("circle",), ("arrow",), ("bbox", "red"), ("bbox", "indicated_by_a_box"), ("circle", "lime")):
        write_experiment(root, *head, *folder)
    (run,) = import_experiments(root, tmp_path / "out")
    assert set(run.manifest.variants) == {"none", "crop", "bbox/red/1/paper", "circle/yellow/3/paper"}
    reasons = {problem.file.removeprefix("NIH14/BIOMEDCLIPMODEL/"): problem.reason for problem in run.manifest.problems}
    assert set(reasons) == {"circle", "arrow", "bbox/red", "bbox/indicated_by_a_box", "circle/lime"}
    assert "names no colour and width of the circle" in reasons["circle"]
    assert "white" in reasons["circle"]
    np.testing.assert_allclose(run.probabilities("bbox/red/1/paper"), written["bbox"], rtol=1e-12)


@pytest.mark.parametrize("other", [("circle", "Yellow", "3"), ("circle", "yellow", "3.0"), ("circle", "yellow", "03")])
def test_two_folders_of_one_variant_are_both_refused(experiments, tmp_path: Path, other: tuple[str, ...]) -> None:
    root, _ = experiments
    write_experiment(root, "NIH14", "BIOMEDCLIPMODEL", *other)
    (run,) = import_experiments(root, tmp_path / "out")
    assert set(run.manifest.variants) == {"none", "crop", "bbox/red/1/paper"}
    assert sorted(problem.file for problem in run.manifest.problems) == sorted(
        f"NIH14/BIOMEDCLIPMODEL/{'/'.join(names)}" for names in (other, ("circle", "yellow", "3"))
    )
    assert "Keep the one that is meant" in run.manifest.problems[0].reason


def test_folders_that_would_replace_each_other_are_refused(experiments, tmp_path: Path) -> None:
    root, _ = experiments
    write_experiment(root, "nih14", "BiomedCLIP", "None")
    with pytest.raises(
        ResultsError, match=r"NIH14/BIOMEDCLIPMODEL and nih14/BiomedCLIP are results of nih14/biomedclip"
    ):
        import_experiments(root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_class_that_is_never_predicted_is_noted(tmp_path: Path) -> None:
    root = tmp_path / "experiments"
    write_experiment(root, "NIH14", "BIOMEDCLIPMODEL", "None")
    path = root / "NIH14" / "BIOMEDCLIPMODEL" / "None" / "results.csv"
    (run,) = import_experiments(root, tmp_path / "out")
    assert run.manifest.dataset.note == ""
    table = pd.read_csv(path)
    table[CLASSES] = [0.7, 0.2, 0.1]
    table.to_csv(path, index=False)
    (run,) = import_experiments(root, tmp_path / "out")
    assert "Where Effusion or None of these is never predicted, the official code counts precision" in (
        run.manifest.dataset.note
    )
    for metric, expected in (("mcc", np.nan), ("precision", 1 / 3), ("accuracy", 1 / 3)):
        value = paper_table([run], Question(metric=metric), n_resamples=0).set_index("row").loc["none", "value"]
        assert value == pytest.approx(expected, nan_ok=True)


def test_labels_and_images_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    root = tmp_path / "experiments"
    write_experiment(root, "Mine", "OWN", "None")
    path = root / "Mine" / "OWN" / "None" / "results.csv"
    names = dict(zip(CLASSES, ("01", "1", "true"), strict=True))
    table = pd.read_csv(path).rename(columns=names).replace({"true_label": names})
    table["image_id"] = np.resize(["007", "7", "2.10", "2.1", "NA", "1e5"], len(table))
    table.to_csv(path, index=False)
    (run,) = import_experiments(root, tmp_path / "out")
    assert run.manifest.dataset.classes == ("01", "1", "true")
    assert run.manifest.dataset.images == 6
    assert set(run.samples["label"]) == {"01", "1", "true"}


def test_data_sets_and_parts_get_our_names(tmp_path: Path) -> None:
    root = tmp_path / "experiments"
    write_experiment(root, "VinDrCXRTrain", "BMC_CLIP_CF_MODEL", "crop")
    write_experiment(root, "Mine", "OWN", "None")
    mine, vindr = sorted(import_experiments(root, tmp_path / "out"), key=lambda run: run.manifest.dataset.name)
    assert (vindr.manifest.dataset.name, vindr.manifest.dataset.part) == ("vindr-cxr", "train")
    assert vindr.folder.parts[-2:] == ("vindr-cxr-train", "bmc-clip-cf")
    assert vindr.manifest.variants == ("crop_as_published",)  # the official crop of VinDr cuts another region
    assert "intervals resample images" in vindr.manifest.dataset.note
    assert (mine.manifest.dataset.name, mine.manifest.model.title) == ("mine", "OWN")


def test_importing_again_replaces(experiments, tmp_path: Path) -> None:
    root, _ = experiments
    import_experiments(root, tmp_path / "out")
    write_experiment(root, "NIH14", "BIOMEDCLIPMODEL", "arrow", "red", "1")
    (run,) = import_experiments(root, tmp_path / "out")
    assert len(open_run(run.folder).variants) == 5


def test_a_folder_without_experiments_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("a\n1\n")
    with pytest.raises(ResultsError, match=r"as DATASET/MODEL/ANNOTATION/…/results\.csv, but there are none"):
        import_experiments(tmp_path, tmp_path / "out")
