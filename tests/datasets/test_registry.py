from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from vpe_core import datasets
from vpe_core.datasets import Dataset, DatasetSpec, open_dataset
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import DatasetError
from vpe_core.prompts import check_classes
from vpe_core.settings import get_settings
from vpe_core.simulation import SETS
from vpe_core.types import Box, Sample

SIMULATED = ("sim-multi", "sim-nodule", "sim-shift")


def test_the_names() -> None:
    expected = {"padchest-gr", "vindr-cxr", "nih14", "jsrt", *SIMULATED, "table"}
    assert set(datasets.names()) == expected


@pytest.mark.parametrize("name", datasets.names())
def test_every_entry_says_what_it_is_and_how_to_get_it(name: str) -> None:
    spec = datasets.get(name)
    assert isinstance(spec, DatasetSpec)
    assert spec.name == name
    assert spec.default_part in spec.parts
    assert spec.simulated == (name in SIMULATED)
    assert spec.title
    assert len(spec.how_to_get) > 60
    assert spec.terms.endswith(".")


@pytest.mark.parametrize("name", [name for name in datasets.names() if name != "table"])
def test_the_classes_are_sorted_and_can_be_used(name: str) -> None:
    classes = datasets.get(name).classes
    assert check_classes(classes) == classes == tuple(sorted(classes))


def test_the_boxed_findings_of_nih_are_those_of_its_table(shared_data: Path) -> None:
    rows = (shared_data / "nih14" / "BBox_List_2017.csv").read_text().splitlines()[1:]
    found = {row.split(",")[1] for row in rows}
    assert found
    assert found <= set(datasets.get("nih14").classes)


def test_unknown_names_and_parts_are_answered_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no data set called 'nih'\. Did you mean 'nih14'\? .*vindr-cxr"):
        open_dataset("nih", tmp_path)
    with pytest.raises(DatasetError, match="part of vindr-cxr out of test, train, but got 'val'"):
        open_dataset("vindr-cxr", tmp_path, part="val")


@pytest.mark.parametrize("name", [name for name in datasets.names() if name != "table"])
def test_a_file_in_place_of_a_folder(name: str, tmp_path: Path) -> None:
    file = tmp_path / "samples.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match=r"Expected a (folder|table).*samples\.csv"):
        open_dataset(name, file)


@pytest.mark.parametrize("name", ["padchest-gr", "vindr-cxr", "nih14", "jsrt", "table"])
def test_without_a_folder_the_setting_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match=f"folder of {name}.*VPE_DATASETS_DIR"):
        open_dataset(name)
    monkeypatch.setenv("VPE_DATASETS_DIR", str(tmp_path))
    get_settings.cache_clear()
    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path / name}, which does not exist.")):
        open_dataset(name)


def test_the_setting_gives_the_folder(
    nih: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = tmp_path_factory.mktemp("sets")
    (parent / "nih14").symlink_to(nih)
    monkeypatch.setenv("VPE_DATASETS_DIR", str(parent))
    get_settings.cache_clear()
    assert len(open_dataset("nih14")) == 3


@pytest.mark.parametrize("name", SIMULATED)
def test_the_simulated_sets_that_the_project_carries(name: str) -> None:
    dataset = open_dataset(name)
    simulated = SETS.get(name)
    patients, n_images = simulated.part("test")
    assert dataset.title == simulated.title
    assert dataset.simulated
    assert dataset.problems == ()
    assert dataset.n_images == n_images
    assert {int(sample.patient_id[2:]) for sample in dataset} <= set(patients)
    assert min(dataset.class_counts().values()) > 20
    with_twin = [sample.twin_path is not None for sample in dataset if sample.label != HEALTHY]
    assert all(there == (name == "sim-multi") for there in with_twin)
    with pytest.raises(DatasetError, match=f"simulate --set {name} --part train --out DIR"):
        open_dataset(name, part="train")


def test_sim_nodule_asks_the_papers_question_about_nodules() -> None:
    dataset = open_dataset("sim-nodule")
    assert dataset.class_words == {"benign lung nodule": "benign", "malignant lung nodule": "malignant"}
    assert dataset.template == "A chest X-ray with a {class} lung nodule{suffix}."


def _small_set(folder: Path) -> Path:
    heading = "image,twin,patient,finding,x0,y0,x1,y1,side"
    rows = [
        "images/0.webp,healthy/0.webp,pa1,lung mass,1,2,3,4,left",
        "images/0.webp,healthy/0.webp,pa1,lung nodule,5,6,9,9,",
        "images/1.webp,,pa2,no abnormality,,,,,",
        "images/1.webp,healthy/9.webp,pa2,lung mass,5,6,9,9,",
        "images/1.webp,,pa2,lung mas,5,6,9,9,",
        "images/1.webp,,pa2,no abnormality,5,6,9,9,",
    ]
    for name in ("images/0", "images/1", "healthy/0"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16), 90).save(folder / f"{name}.webp")
    (folder / "samples.csv").write_text("\n".join([heading, *rows]))
    return folder


def test_a_simulated_set_that_one_wrote_oneself(tmp_path: Path) -> None:
    dataset = open_dataset("sim-multi", _small_set(tmp_path), part="train")
    assert dataset.part == "train"
    assert [(s.sample_id, s.box, s.attributes) for s in dataset] == [
        ("0#1", Box(1, 2, 3, 4), {"side": "left"}),
        ("0#2", Box(5, 6, 9, 9), {"side": None}),
        ("1#4", Box(5, 6, 9, 9), {"side": None}),
    ]
    assert [(problem.row, problem.kind) for problem in dataset.problems] == [(5, "missing image"), (6, "label")]
    assert dataset.classes == ("lung mass", "lung nodule", "no abnormality")


def test_the_fingerprint_tells_data_apart_and_not_folders(tmp_path: Path) -> None:
    first = _small_set(tmp_path / "first")
    shutil.copytree(first, tmp_path / "second")
    second = tmp_path / "second"
    fingerprint = open_dataset("sim-multi", first).fingerprint
    assert len(fingerprint) == 64
    assert open_dataset("sim-multi", second).fingerprint == fingerprint
    table = second / "samples.csv"
    original = table.read_text()
    for old, new in ((",1,2,3,4,", ",1,2,3,5,"), ("lung nodule", "lung mass"), ("pa1", "pa9")):
        table.write_text(original.replace(old, new))
        assert open_dataset("sim-multi", second).fingerprint != fingerprint
    table.write_text(original)
    Image.new("L", (16, 16), 12).resize((40, 40)).save(second / "images" / "0.webp")
    assert open_dataset("sim-multi", second).fingerprint != fingerprint


def test_a_dataset_is_iterable_and_gives_every_class_its_words(tmp_path: Path) -> None:
    sample = Sample("a#1", "a", tmp_path / "a.png", "p", "b")
    dataset = Dataset("d", "D", "all", tmp_path, (sample,), ("b", "c"), class_words={"c": "see"})
    assert list(dataset) == [sample]
    assert dataset.class_words == {"b": "b", "c": "see"}
    assert dataset.frame().loc[0, ["label", "image_path", "x0"]].tolist() == ["b", "a.png", None]
