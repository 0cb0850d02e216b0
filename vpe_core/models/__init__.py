"""Vision-language models: what there is, how to get it, how to ask it.

    names()                      the listed models; list_models("*clip*") those of a pattern
    get("biomedclip")            its spec: origin, revision, licence, domain
    fetch("biomedclip")          download it once, with progress
    load_model("simclip")        a `Model`: encode_images, encode_texts, classify

Importing this package does not import torch; `load_model` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.lazy import names_on_demand
from vpe_core.models.allowed import get, list_models, selectable_names
from vpe_core.models.catalog import MODELS
from vpe_core.models.loaders import LOADERS, Loader
from vpe_core.models.protocols import Model, Network
from vpe_core.models.specs import ModelRecord, ModelSpec
from vpe_core.models.store import folder_of, is_ready

if TYPE_CHECKING:
    from vpe_core.models.download import DownloadProgress, fetch
    from vpe_core.models.encoder import VisionLanguageModel
    from vpe_core.models.loading import load_model
    from vpe_core.models.reading import Reading

__all__ = [
    "LOADERS",
    "MODELS",
    "DownloadProgress",
    "Loader",
    "Model",
    "ModelRecord",
    "ModelSpec",
    "Network",
    "Reading",
    "VisionLanguageModel",
    "fetch",
    "folder_of",
    "get",
    "is_ready",
    "list_models",
    "load_model",
    "names",
    "selectable_names",
]

names = MODELS.names

__getattr__ = names_on_demand(
    __name__,
    {
        "DownloadProgress": "download",
        "Reading": "reading",
        "VisionLanguageModel": "encoder",
        "fetch": "download",
        "load_model": "loading",
    },
)
