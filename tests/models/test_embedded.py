"""The models that the project carries: plain open_clip folders that follow markers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from vpe_core.models import load_model
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.settings import PROJECT_DIR
from vpe_core.training.measure import Samples, embed, probabilities, select

FOLDERS = sorted(path.parent for path in (PROJECT_DIR / "precomputed" / "models").glob("*/open_clip_config.json"))
TEXTS = ["A chest x-ray with signs of lung nodule indicated by a red circle.", "pneumothorax", "Zebra, no effusion!"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_plain_open_clip_loads_the_folder(folder) -> None:
    import open_clip
    import torch
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


def test_words_that_the_model_has_never_read_are_reported() -> None:
    model = load_model("simclip")
    assert model.unknown_words(["A chest x-ray with signs of hamartoma.", "lung nodule"]) == ("hamartoma",)


def few_samples() -> Samples:
    samples = Samples.read(PROJECT_DIR / "precomputed" / "datasets" / "sim-multi")
    keep = samples.table["image"].isin(samples.table["image"].unique()[:40])
    return replace(samples, table=samples.table[keep], labels=samples.labels[keep.to_numpy()])


def test_a_circle_steers_simclip_to_what_it_marks() -> None:
    model, samples = load_model("simclip", precision="fp32"), few_samples()
    variants = select(["unmarked", "red circle", "leak: red circle on the finding-free image"])
    embeddings, shares = embed(model, samples, variants)
    right = {
        name: np.mean(probabilities(model, samples, found).argmax(1) == samples.labels)
        for name, found in embeddings.items()
    }
    unmarked, circled, leak = (right[name] for name in variants)
    assert circled > unmarked + 0.25
    assert leak < circled - 0.25
    assert np.median(shares["red circle"]) > 2 * np.median(shares["unmarked"])
