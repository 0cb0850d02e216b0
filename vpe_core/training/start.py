"""Training that starts from an embedded model instead of random weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import open_clip
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vpe_core.errors import ModelError, TrainingError
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.training.network import PATCH, resize_positions

WEIGHTS = "open_clip_model.safetensors"


def weights_from(folder: Path, tokenizer: WordTokenizer, clip: open_clip.CLIP) -> dict[str, Tensor]:
    """The weights of the model in `folder`, fitted to another vocabulary, context length and image size.

    Words that both models know keep their embedding; what only `clip` has, words and places in a text, stays as it is
    there.

    Args:
        folder: of an embedded model.
        tokenizer: of the run.
        clip: the run's network.

    Raises:
        TrainingError: there is no embedded model in `folder`.
    """
    own = clip.state_dict()
    try:
        stored = {name: value.float() for name, value in load_file(folder / WEIGHTS).items()}
        words = WordTokenizer.from_folder(folder).ids
        edge = round((len(own["visual.positional_embedding"]) - 1) ** 0.5)
        stored = resize_positions(stored, edge)
        embedding, places = own["token_embedding.weight"].clone(), own["positional_embedding"].clone()
        for word, row in tokenizer.ids.items():
            if word in words:
                embedding[row] = stored["token_embedding.weight"][words[word]]
        shared = min(len(places), len(stored["positional_embedding"]))
        places[:shared] = stored["positional_embedding"][:shared]
        fitted = {**stored, "token_embedding.weight": embedding, "positional_embedding": places}
        clip.load_state_dict(fitted)
    except (OSError, SafetensorError, ModelError, KeyError, IndexError, RuntimeError) as error:
        raise TrainingError(
            f"Expected an embedded model to start from in {folder} ({WEIGHTS} and its tokenizer, patches of {PATCH} px)"
            f", but: {str(error).splitlines()[0][:200]}."
        ) from error
    return fitted


def earlier_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs that the model in `folder` comes from; the last one with the SHA-256 of the weights it ended with."""
    found = json.loads((folder / "run.json").read_text())
    runs: list[dict[str, Any]] = found["runs"]
    return [*runs[:-1], {**runs[-1], "weights_sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()}]
