"""A trained run becomes a model folder that open_clip, and anything else, reads: config, fp16 weights, tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save

from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.training import captions
from vpe_core.training.network import CONTEXT_LENGTH, MEAN, STD, model_config
from vpe_core.training.recipe import Recipe


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
    (folder / "open_clip_model.safetensors").write_bytes(weighed)
    tokenizer.save(folder)
    return folder
