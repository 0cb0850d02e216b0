"""From a folder to a network: build it with open_clip, load the checkpoint, know what was loaded."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpe_core.documents import read_bytes, read_json
from vpe_core.errors import ModelError
from vpe_core.models.allowed import get
from vpe_core.models.device import resolve_device, resolve_precision, torch_dtype
from vpe_core.models.hub import sha256_of
from vpe_core.models.specs import ModelRecord, ModelSpec
from vpe_core.models.store import CONFIG, TEXT_TOWER, read_manifest, require_ready
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    import torch

    from vpe_core.models.encoder import VisionLanguageModel

logger = logging.getLogger(__name__)

_UNLOADABLE = (RuntimeError, ValueError, LookupError, TypeError, AttributeError, OSError, pickle.UnpicklingError)
"""What open_clip and torch raise on folders that hold something else than they expect."""

Tokenizer = Callable[[list[str]], "torch.Tensor"]


def load_model(name: str, *, device: str | None = None, precision: str | None = None) -> VisionLanguageModel:
    """Load a model from this machine's disk; nothing is downloaded, and no setting of torch changes.

    Args:
        name: A listed model, or a hub id or folder that the settings allow (see `get`).
        device: "auto", "cpu", "mps", "cuda" or "cuda:N"; None takes the setting.
        precision: "auto", "fp32", "bf16" or "fp16" (see `resolve_precision`); None takes the setting.

    Raises:
        ModelNotAllowedError: The settings do not allow this model.
        ModelError: It is not on this machine, damaged, or does not run on this device.

    Example:
        >>> model = load_model("simclip")
        >>> model.classify(image, ["lung nodule", "pleural effusion"])
    """
    from vpe_core.models.encoder import VisionLanguageModel

    spec = get(name)
    folder = require_ready(spec)
    device = resolve_device(device or get_settings().device)
    checkpoint = _checkpoint(folder, spec)
    network, tokenizer = _build(folder, spec, checkpoint)
    precision = resolve_precision(precision or get_settings().precision, device, _count(network.visual))
    network.to(device)
    network.visual.to(torch_dtype(precision))
    network.eval().requires_grad_(False)
    manifest = read_manifest(folder)
    record = ModelRecord(
        name=spec.name,
        source=f"{spec.scheme}:{spec.location}",
        revision=manifest.revision if manifest else None,
        weights_file=checkpoint.path.name,
        weights_sha256=checkpoint.sha256,
        device=device,
        precision=precision,
        parameters=_count(network),
        versions=tuple((package, version(package)) for package in ("torch", "open_clip_torch", "timm")),
    )
    logger.info("Loaded %s on %s in %s.", spec.name, device, precision)
    return VisionLanguageModel(spec, record, network, tokenizer)


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    path: Path
    sha256: str


def _checkpoint(folder: Path, spec: ModelSpec) -> _Checkpoint:
    """The checkpoint of a model folder, hashed; the hash must be the recorded and the pinned one, if there are such."""
    if spec.weights:
        path = folder / spec.weights
    else:
        from open_clip.factory import _find_checkpoint_in_dir

        found = _find_checkpoint_in_dir(folder)
        if found is None:
            raise ModelError(f"There is no checkpoint (*.safetensors, *.bin, *.pth) in {folder}. Restore or fetch it.")
        path = Path(found)
    sha256 = sha256_of(path)
    manifest = read_manifest(folder)
    for expected in (spec.sha256, manifest.sha256_of(path.name) if manifest else None):
        if expected not in (None, sha256):
            raise ModelError(
                f"The checkpoint {path} has changed since it was fetched: expected the SHA-256 {expected}, but got "
                f"{sha256}. Delete the folder and fetch the model again."
            )
    return _Checkpoint(path, sha256)


def _build(folder: Path, spec: ModelSpec, checkpoint: _Checkpoint) -> tuple[Any, Tokenizer]:
    import open_clip
    import torch
    from safetensors import SafetensorError

    try:
        # open_clip draws first weights before it reads the real ones: not from the caller's random numbers.
        with torch.random.fork_rng(devices=[]):
            if spec.architecture:
                network = open_clip.create_model(spec.architecture, pretrained=str(checkpoint.path), weights_only=True)
                return network, open_clip.get_tokenizer(spec.architecture)
            location, text = f"local-dir:{folder}", _text_override(folder)
            network = open_clip.create_model(location, require_pretrained=True, weights_only=True, **text)
            return network, _tokenizer(folder, location)
    except (*_UNLOADABLE, SafetensorError) as error:
        reason = " ".join(str(error).split())[:400]
        raise ModelError(f"open_clip cannot load {spec.title} from {folder}: {reason}") from error


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


def _count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
