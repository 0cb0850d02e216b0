"""open_clip's family: folders with open_clip_config.json, and bare checkpoints of architectures it knows."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpe_core.documents import read_bytes, read_json
from vpe_core.errors import ModelError
from vpe_core.models.specs import CONFIG, TEXT_TOWER, ModelSpec

if TYPE_CHECKING:
    from vpe_core.models.protocols import Network
    from vpe_core.models.reading import Tokenizer

_UNLOADABLE = (RuntimeError, ValueError, LookupError, TypeError, AttributeError, OSError, pickle.UnpicklingError)
"""What open_clip and torch raise on folders that hold something else than they expect."""


class OpenClipLoader:
    """Loads what open_clip can load; see `vpe_core.models.loaders.Loader`."""

    config = CONFIG
    packages = ("torch", "open_clip_torch", "timm")

    def weights_in(self, folder: Path) -> Path | None:
        """The checkpoint that open_clip takes, safetensors first."""
        from open_clip.factory import _find_checkpoint_in_dir

        found = _find_checkpoint_in_dir(folder)
        return None if found is None else Path(found)

    def build(self, spec: ModelSpec, folder: Path, weights: Path) -> tuple[Network, Tokenizer]:
        """The network and its tokenizer.

        Raises:
            ModelError: open_clip cannot load it.
        """
        from safetensors import SafetensorError

        try:
            return _build(spec, folder, weights)
        except (*_UNLOADABLE, SafetensorError) as error:
            reason = " ".join(str(error).split())[:400]
            raise ModelError(f"open_clip cannot load {spec.title} from {folder}: {reason}") from error


def _build(spec: ModelSpec, folder: Path, weights: Path) -> tuple[Network, Tokenizer]:
    import open_clip

    network: Network
    tokenizer: Tokenizer
    if spec.architecture:
        network = open_clip.create_model(spec.architecture, pretrained=str(weights), weights_only=True)
        tokenizer = open_clip.get_tokenizer(spec.architecture)
        return network, tokenizer
    location, text = f"local-dir:{folder}", _text_override(folder)
    network = open_clip.create_model(location, require_pretrained=True, weights_only=True, **text)
    return network, _tokenizer(folder, location)


def _text_override(folder: Path) -> dict[str, Any]:
    """Point a Hugging Face text tower to its configuration on this disk, so that building it needs no network."""
    text_config = read_json(read_bytes(folder / CONFIG), dict)["model_cfg"]["text_cfg"]
    tower = text_config.get("hf_model_name")
    if not tower:
        return {}
    for candidate in (folder / TEXT_TOWER, folder / tower, folder):
        if (candidate / "config.json").is_file():
            return {"text_cfg": {**text_config, "hf_model_name": str(candidate), "hf_model_pretrained": False}}
    raise ModelError(
        f"The text tower of {folder} is a Hugging Face model ({tower}), but its config.json is not in the folder. "
        f"Put it into {folder / TEXT_TOWER}."
    )


def _tokenizer(folder: Path, location: str) -> Tokenizer:
    """Our own tokenizer where the folder has it, because it knows which words it does not know; else open_clip's."""
    import open_clip

    from vpe_core.models.word_tokenizer import WordTokenizer

    file = folder / "tokenizer.json"
    if file.is_file() and read_json(read_bytes(file), dict)["model"]["type"] == "WordLevel":
        return WordTokenizer.from_folder(folder)
    tokenizer: Tokenizer = open_clip.get_tokenizer(location)
    return tokenizer
