"""Training that starts from an embedded model instead of random weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import open_clip
from safetensors import SafetensorError
from safetensors.torch import load_file

from vpe_core.errors import ModelError, TrainingError
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.training.export import WEIGHTS
from vpe_core.training.network import resize_positions

RUNS = "run.json"


def take_weights(clip: open_clip.CLIP, tokenizer: WordTokenizer, folder: Path) -> None:
    """Gives a network the weights of the model in `folder`, whose words, context length and image size may differ.

    Words that both models know keep their embedding; what only `clip` has, words and places in a text, stays as it is.

    Args:
        clip: changed in place.
        tokenizer: of `clip`.
        folder: of an embedded model.

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
        clip.load_state_dict({**stored, "token_embedding.weight": embedding, "positional_embedding": places})
    except (OSError, SafetensorError, ModelError, KeyError, IndexError, RuntimeError) as error:
        raise _not_a_model(folder, error) from error


def earlier_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs that the model in `folder` comes from; the last one with the SHA-256 of the weights it ended with.

    Raises:
        TrainingError: there is no embedded model in `folder`.
    """
    try:
        runs: list[dict[str, Any]] = json.loads((folder / RUNS).read_text())["runs"]
        weights = (folder / WEIGHTS).read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise _not_a_model(folder, error) from error
    return [*runs[:-1], {**runs[-1], "weights_sha256": hashlib.sha256(weights).hexdigest()}]


def _not_a_model(folder: Path, error: Exception) -> TrainingError:
    return TrainingError(
        f"Expected an embedded model to start from in {folder}, with {WEIGHTS}, {RUNS} and its tokenizer, but: "
        f"{str(error).splitlines()[0][:200]}."
    )
