"""What is known about a model before it is loaded. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scheme: TypeAlias = Literal["embedded", "hf-hub", "local-dir"]
"""Where the weights come from: carried by the project, fetched from the Hugging Face hub, or a folder of one's own."""

HUB_PREFIX = "hf-hub:"
FOLDER_PREFIX = "local-dir:"

CONFIG = "open_clip_config.json"
"""By which open_clip, and whoever reads its folders, knows them."""
TEXT_TOWER = "text_tower"
"""Sub-folder with the configuration of a Hugging Face text tower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A vision-language model: where it comes from, what it is for, and what of it is pinned.

    Attributes:
        name: The name under which it is loaded.
        title: The name that people read.
        scheme: Where the weights come from.
        location: Embedded: folder under `precomputed/models`, or in the installed package. Hub:
            `organisation/repository`. Folder: its path.
        domain: What the model was trained on, in one sentence.
        simulated_only: True if anything but simulated X-rays is out of the model's domain.
        loader: Name of its family in `vpe_core.models.loaders.LOADERS`.
        architecture: Name of open_clip's own configuration, for checkpoints that come without one.
        weights: The checkpoint's file name; None takes the one that is there, safetensors first.
        revision: Commit of the hub repository; None takes the newest and records which one that was.
        sha256: Hash of the checkpoint; None where it could not be verified beforehand.
        companions: Further (repository, commit) pairs, for a text tower's configuration.
        size_bytes: Size of the checkpoint; None if not known beforehand.
        image_size: Side of the square that the image tower sees, in pixels.
        context_length: Most tokens that the text tower reads.
        licence: Licence of the weights, as their publisher states it.
        paper: Where the model is described.
    """

    name: str
    title: str
    scheme: Scheme
    location: str
    domain: str
    simulated_only: bool = False
    loader: str = "open_clip"
    architecture: str | None = None
    weights: str | None = None
    revision: str | None = None
    sha256: str | None = None
    companions: tuple[tuple[str, str], ...] = ()
    size_bytes: int | None = None
    image_size: int | None = None
    context_length: int | None = None
    licence: str = "not stated"
    paper: str | None = None

    @property
    def short_title(self) -> str:
        """The title as a sentence takes it, without what it adds in brackets or after a colon: "SimCLIP-plain"."""
        return self.title.partition(": ")[0].partition(" (")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """What was really loaded: enough to tell whether two results come from the same model.

    Attributes:
        name: Name of the model.
        source: The spec's scheme and location, such as `hf-hub:microsoft/…`.
        revision: Commit of the hub repository; None for folders.
        weights_file: File name of the checkpoint.
        weights_sha256: Hash of the checkpoint, computed when it was loaded.
        device: Where the model runs, such as "cpu" or "cuda:0".
        precision: Arithmetic of the image tower: "fp32", "bf16" or "fp16".
        parameters: Number of parameters of both towers.
        versions: (package, version) of what computes the embeddings.
    """

    name: str
    source: str
    revision: str | None
    weights_file: str
    weights_sha256: str
    device: str
    precision: str
    parameters: int
    versions: tuple[tuple[str, str], ...]
