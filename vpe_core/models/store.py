"""Where models lie on disk. A fetched model is a plain open_clip folder plus a manifest.

    <cache>/models/biomedclip/
        open_clip_config.json, the checkpoint, tokenizer files
        text_tower/config.json      configuration of a Hugging Face text tower, so that loading needs no network
        fetched.json                written last: repository, commit, size and SHA-256 of every file

The folder can be copied to a machine without a network, and open_clip loads it with `local-dir:`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from vpe_core.documents import read_bytes, read_json
from vpe_core.errors import ModelError
from vpe_core.models.loaders import LOADERS
from vpe_core.models.specs import ModelSpec
from vpe_core.settings import get_settings

MANIFEST = "fetched.json"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a fetched model: its path in the folder, size in bytes and SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class WeightsManifest:
    """What was fetched: the hub repository, the commit it resolved to, and every file."""

    repository: str
    revision: str
    files: tuple[StoredFile, ...]

    def write(self, folder: Path) -> None:
        """Write it into `folder`; the model counts as fetched from then on."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def sha256_of(self, path: str) -> str | None:
        """The hash of the file at `path`, or None if it was not fetched."""
        return next((file.sha256 for file in self.files if file.path == path), None)


def folder_of(spec: ModelSpec) -> Path:
    """The folder of a model, whether it is there yet or not."""
    if spec.scheme == "embedded":
        carried = get_settings().precomputed_dir / "models" / spec.location
        return carried if carried.is_dir() else Path(str(files("vpe_core.models") / "embedded" / spec.location))
    if spec.scheme == "local-dir":
        return Path(spec.location)
    return get_settings().cache_dir / "models" / spec.name.split(":")[-1].replace("/", "--")


def read_manifest(folder: Path) -> WeightsManifest | None:
    """The manifest of a fetched model, or None if the folder holds none.

    Raises:
        ModelError: The manifest is there but cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        content = read_json(read_bytes(path), dict)
        stored = tuple(StoredFile(**file) for file in content["files"])
        return WeightsManifest(content["repository"], content["revision"], stored)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The manifest {path} cannot be read ({error}). Delete the folder and fetch again.") from None


def is_ready(spec: ModelSpec) -> bool:
    """Whether the model can be loaded without a network."""
    folder = folder_of(spec)
    if spec.scheme != "hf-hub":
        return (folder / LOADERS.get(spec.loader).config).is_file()
    try:
        manifest = read_manifest(folder)
    except ModelError:
        return False
    return (
        manifest is not None
        and spec.revision in (None, manifest.revision)
        and all((folder / file.path).is_file() for file in manifest.files)
    )


def require_ready(spec: ModelSpec) -> Path:
    """The folder of a model that can be loaded.

    Raises:
        ModelError: It is not there yet; the message says how to get it.
    """
    folder = folder_of(spec)
    if is_ready(spec):
        return folder
    if spec.scheme == "hf-hub":
        size = f" ({spec.size_bytes / 1e6:,.0f} MB)" if spec.size_bytes else ""
        raise ModelError(
            f"{spec.title} has not been downloaded yet. Run `python -m vpe_core models fetch {spec.name}`{size}."
        )
    remedy = (
        "Restore it from the repository, or train it with `python -m vpe_core train`."
        if spec.scheme == "embedded"
        else "Point to a folder with a configuration and a checkpoint."
    )
    config = LOADERS.get(spec.loader).config
    raise ModelError(f"Expected a model of the family {spec.loader} in {folder}, but it holds no {config}. {remedy}")
