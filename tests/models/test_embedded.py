"""The models that the project carries: plain open_clip folders that follow markers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from vpe_core.benchmark.plan import Block, Plan
from vpe_core.benchmark.runner import RunSettings, run_plan
from vpe_core.datasets import open_dataset
from vpe_core.models import load_model
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import score_variant
from vpe_core.settings import PROJECT_DIR
from vpe_core.training.recipe import Recipe, load_recipe

FOLDERS = sorted(path.parent for path in (PROJECT_DIR / "precomputed" / "models").glob("*/open_clip_config.json"))
TEXTS = ["A chest x-ray with signs of lung nodule indicated by a red circle.", "pneumothorax", "Zebra, no effusion!"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_plain_open_clip_loads_the_folder(folder) -> None:
    import open_clip
    from PIL import Image

    network, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(TEXTS)
    assert torch.equal(tokens, WordTokenizer.from_folder(folder)(TEXTS))
    picture = Image.effect_noise((300, 300), 60).convert("RGB")
    with torch.no_grad():
        theirs = torch.nn.functional.normalize(network.eval().encode_image(preprocess(picture)[None]), dim=-1).numpy()
    ours = load_model(folder.name, precision="fp32").encode_images([picture])
    assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_is_small_and_has_its_papers(folder) -> None:
    assert (folder / "open_clip_model.safetensors").stat().st_size <= 15e6
    assert "simulated chest X-rays only" in (folder / "README.md").read_text()
    assert json.loads((folder / "run.json").read_text())["recipe"]["name"] == folder.name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_recorded_run_is_that_of_the_recipe(folder) -> None:
    recipe = load_recipe(PROJECT_DIR / "vpe_core" / "training" / "recipes" / f"{folder.name}.toml")
    assert Recipe.model_validate(json.loads((folder / "run.json").read_text())["recipe"]) == recipe


def test_words_that_the_model_has_never_read_are_reported() -> None:
    model = load_model("simclip")
    assert model.unknown_words(["A chest x-ray with signs of hamartoma.", "lung nodule"]) == ("hamartoma",)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_words_called_untrained_are_those_that_training_never_moved(folder) -> None:
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    untrained = json.loads((folder / "tokenizer_config.json").read_text())["untrained_words"]
    embedding = load_file(folder / "open_clip_model.safetensors")["token_embedding.weight"].float()
    still = embedding.norm(dim=-1) < 1.25 * 0.02 * embedding.shape[1] ** 0.5  # open_clip starts with that deviation
    assert sorted(word for word, number in vocabulary.items() if still[number] and word[0] != "<") == untrained


def test_a_circle_steers_simclip_to_what_it_marks(tmp_path) -> None:
    blocks = Block(markers=("none", "circle")), Block(markers=("circle",), pictures=("twin",))
    model, samples = load_model("simclip", precision="fp32"), open_dataset("sim-multi")
    run = run_plan(Plan(name="steering", blocks=blocks), samples, model, tmp_path / "run", RunSettings(limit=40))
    unmarked, circle, twin = run.variants
    scored = {variant: score_variant(run, variant, Question()) for variant in run.variants}
    right = {variant: np.mean(one.scores.argmax(1) == one.labels) for variant, one in scored.items()}
    assert right[circle] > right[unmarked] + 0.25
    assert right[twin] < right[circle] - 0.25
    assert np.median(run.attention(circle)) > 2 * np.median(run.attention(unmarked))
