"""From a name to a model: find its folder and loader, know what is loaded, bring it to its device."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from vpe_core.errors import ModelError
from vpe_core.models.allowed import get
from vpe_core.models.device import resolve_device, resolve_precision, torch_dtype
from vpe_core.models.hub import sha256_of
from vpe_core.models.loaders import LOADERS, Loader
from vpe_core.models.specs import ModelRecord, ModelSpec
from vpe_core.models.store import read_manifest, require_ready
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from vpe_core.models.protocols import Model

logger = logging.getLogger(__name__)


def load_model(name: str, *, device: str | None = None, precision: str | None = None) -> Model:
    """Load a model from this machine's disk; nothing is downloaded, and no setting of torch changes.

    Args:
        name: A listed model, or a hub id or folder that the settings allow (see `get`).
        device: "auto", "cpu", "mps", "cuda" or "cuda:N"; None takes the setting.
        precision: "auto", "fp32", "bf16" or "fp16" (see `resolve_precision`); None takes the setting.

    Returns:
        A `VisionLanguageModel`, of whatever family the network is.

    Raises:
        ModelNotAllowedError: The settings do not allow this model.
        ModelError: It is not on this machine, damaged, or does not run on this device.

    Example:
        >>> model = load_model("simclip")
        >>> model.classify(image, ["lung nodule", "pleural effusion"])
    """
    import torch

    from vpe_core.models.encoder import VisionLanguageModel
    from vpe_core.models.failures import told_in_words

    spec = get(name)
    folder = require_ready(spec)
    loader = LOADERS.get(spec.loader)
    device = resolve_device(device or get_settings().device)
    weights, sha256 = _checkpoint(folder, spec, loader)
    network: Any
    with told_in_words(f"loading {spec.title}", device):
        with torch.random.fork_rng(devices=[]):  # first weights are drawn before the real ones are read
            network, tokenizer = loader.build(spec, folder, weights)
        precision = resolve_precision(precision or get_settings().precision, device, _count(network.visual))
        network.to(device)
        network.visual.to(torch_dtype(precision))
    network.eval().requires_grad_(False)
    manifest = read_manifest(folder)
    record = ModelRecord(
        name=spec.name,
        source=f"{spec.scheme}:{spec.location}",
        revision=manifest.revision if manifest else None,
        weights_file=weights.name,
        weights_sha256=sha256,
        device=device,
        precision=precision,
        parameters=_count(network),
        versions=tuple((package, version(package)) for package in loader.packages),
    )
    logger.info("Loaded %s on %s in %s.", spec.name, device, precision)
    return VisionLanguageModel(spec, record, network, tokenizer)


def _checkpoint(folder: Path, spec: ModelSpec, loader: Loader) -> tuple[Path, str]:
    """The checkpoint of a model folder and its SHA-256, which must be the recorded and the pinned one, if there are."""
    path = folder / spec.weights if spec.weights else loader.weights_in(folder)
    if path is None:
        raise ModelError(f"There is no checkpoint (*.safetensors, *.bin, *.pth) in {folder}. Restore or fetch it.")
    sha256 = sha256_of(path)
    manifest = read_manifest(folder)
    for expected in (spec.sha256, manifest.sha256_of(path.name) if manifest else None):
        if expected not in (None, sha256):
            raise ModelError(
                f"The checkpoint {path} has changed since it was fetched: expected the SHA-256 {expected}, but got "
                f"{sha256}. Delete the folder and fetch the model again."
            )
    return path, sha256


def _count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
