"""A trained run becomes a model folder that open_clip, and anything else, reads: config, fp16 weights, tokenizer.

And back: another run can start from the weights of such a folder.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from vpe_core.errors import ModelError, TrainingError
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.training import captions
from vpe_core.training.network import CONTEXT_LENGTH, MEAN, STD, model_config
from vpe_core.training.recipe import Recipe

WEIGHTS = "open_clip_model.safetensors"


def export(recipe: Recipe, weights: Path, folder: Path) -> Path:
    """Writes `open_clip_config.json`, `open_clip_model.safetensors` and the tokenizer files; returns `folder`.

    Args:
        recipe: of the run.
        folder: written to.
        weights: the averaged weights that `train` left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = captions.vocabulary()
    untrained = set(words) - set(captions.vocabulary(markers=recipe.markers > 0))
    tokenizer = WordTokenizer.from_words(words, CONTEXT_LENGTH, untrained)
    size = recipe.stages[-1].image_size
    config = model_config(size, tokenizer.vocabulary_size)
    config["text_cfg"]["hf_tokenizer_name"] = recipe.name  # makes open_clip read the tokenizer beside the config
    preprocessing = {
        "size": size,
        "mean": [MEAN] * 3,
        "std": [STD] * 3,
        "interpolation": "bicubic",
        "resize_mode": "squash",
    }
    written = {"model_cfg": config, "preprocess_cfg": preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps(written, indent=2) + "\n")
    state = torch.load(weights, weights_only=True)
    halves = {name: value.half().contiguous() if value.is_floating_point() else value for name, value in state.items()}
    # Not `save_file`: that one makes files that only their owner can read.
    weighed = save(halves, {"format": "pt", "name": recipe.name})
    (folder / WEIGHTS).write_bytes(weighed)
    tokenizer.save(folder)
    return folder


def load_weights(folder: Path | None, sha256: str, tokenizer: WordTokenizer) -> dict[str, Tensor]:
    """The weights in a model folder, in fp32.

    Raises:
        TrainingError: no folder is given, it holds no such weights or other ones than `sha256`, or its tokenizer
            numbers the words in another way than `tokenizer`.
    """
    if folder is None:
        raise TrainingError(
            "This recipe goes on from the weights of another model. Name that model's folder (--start); the recipe's "
            "comment says where to get it."
        )
    try:
        content = (folder / WEIGHTS).read_bytes()
        words = WordTokenizer.from_folder(folder).vocabulary
    except (OSError, ModelError) as error:
        raise TrainingError(f"Expected a model folder with weights to start from in {folder}: {error}.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise TrainingError(
            f"{folder / WEIGHTS} holds other weights (SHA-256 {found[:12]}…) than the recipe goes on from "
            f"({sha256[:12]}…)."
        )
    if words != tokenizer.vocabulary:
        raise TrainingError(f"The model in {folder} reads other words than this version trains.")
    return {name: value.float() for name, value in load(content).items()}
