"""`fetch`: bring a model of the hub onto this machine, once, with progress, resumable and verified."""

from __future__ import annotations

import fnmatch
import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from vpe_core.documents import read_bytes, read_json
from vpe_core.errors import ModelDownloadError
from vpe_core.models.allowed import get
from vpe_core.models.download_errors import explained, hub_address, no_space
from vpe_core.models.hub import RemoteFile, list_files, transfer
from vpe_core.models.specs import CONFIG, TEXT_TOWER, ModelSpec
from vpe_core.models.store import StoredFile, WeightsManifest, folder_of, is_ready
from vpe_core.settings import get_settings

logger = logging.getLogger(__name__)

_CHECKPOINTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
_TOKENIZER = ("tokenizer*.json", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "*.model")


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download has come: `done` of `total` bytes, at present in `file`."""

    file: str
    done: int
    total: int

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 1.0


ProgressCallback: TypeAlias = Callable[[DownloadProgress], None]


def fetch(name: str, progress: ProgressCallback | None = None, *, endpoint: str | None = None) -> Path:
    """Download the model `name` and return its folder; return at once if it is already there.

    An interrupted download goes on where it stopped, also after the process ended. Every file is checked against the
    hash that the hub publishes, the checkpoint also against the pinned one.

    Args:
        name: A listed model or an allowed hub id.
        progress: Called with every piece that arrives; an exception raised in it stops the download.
        endpoint: Address of the hub; None takes `HF_ENDPOINT`, else the public hub.

    Raises:
        ModelNotAllowedError: The settings do not allow this model.
        ModelDownloadError: It could not be downloaded; the message says what failed and what to do.
    """
    from filelock import FileLock

    spec = get(name)
    folder = folder_of(spec)
    if spec.scheme != "hf-hub" or is_ready(spec):
        return folder
    if get_settings().offline:
        raise ModelDownloadError(
            f"Cannot download {spec.title}, because VPE_OFFLINE is set. Unset it, or copy the folder {folder} from a "
            "machine that has the model."
        )
    hub = hub_address(endpoint)
    with explained(spec, folder, hub):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not is_ready(spec):
                _fetch_into(folder, spec, progress or _ignore, hub)
    return folder


def _ignore(_: DownloadProgress) -> None:
    """The callback of those who do not watch."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A remote file and the place in the model's folder where it goes."""

    file: RemoteFile
    target: str


class _Meter:
    """Adds up what has arrived over all files and tells the caller."""

    def __init__(self, items: Iterable[_Item], progress: ProgressCallback) -> None:
        self._progress = progress
        self._total = sum(item.file.size for item in items)
        self._done = 0
        self._file = ""

    def begin(self, file: str) -> None:
        self._file = file

    def add(self, count: int) -> None:
        self._done += count
        self._progress(DownloadProgress(self._file, self._done, self._total))


def _fetch_into(folder: Path, spec: ModelSpec, progress: ProgressCallback, hub: str) -> None:
    items = _plan(folder, spec, hub)
    _require_space(folder, spec, sum(item.file.size for item in items))
    meter = _Meter(items, progress)
    stored = []
    for item in items:
        meter.begin(item.target)
        sha256 = transfer(item.file, folder / item.target, hub, meter.add)
        stored.append(StoredFile(item.target, item.file.size, sha256))
    manifest = WeightsManifest(spec.location, items[0].file.revision, tuple(stored))
    manifest.write(folder)
    for stale in folder.rglob("*.part"):
        stale.unlink()
    logger.info("Fetched %s at commit %s into %s.", spec.location, manifest.revision, folder)


def _plan(folder: Path, spec: ModelSpec, hub: str) -> list[_Item]:
    """What has to be fetched: the small files first, so that mistakes show before the checkpoint is transferred."""
    files = list_files(spec.location, spec.revision, hub)
    checkpoint = _choose(files, *((spec.weights,) if spec.weights else _CHECKPOINTS))
    _require_pinned_hash(spec, checkpoint)
    if spec.architecture:
        return [_Item(checkpoint, checkpoint.path)]
    config = _choose(files, CONFIG)
    transfer(config, folder / CONFIG, hub, lambda _: None)
    tokenizer = _tokenizer_files(files)
    companions = _text_tower_items(_text_config(folder), spec, hub, with_tokenizer=not tokenizer)
    return [*(_Item(file, file.path) for file in (config, *tokenizer)), *companions, _Item(checkpoint, checkpoint.path)]


def _text_config(folder: Path) -> dict[str, Any]:
    try:
        text_config = read_json(read_bytes(folder / CONFIG), dict)["model_cfg"]["text_cfg"]
    except (ValueError, KeyError, TypeError):
        text_config = None
    if not isinstance(text_config, dict):
        raise ModelDownloadError(f"The {CONFIG} of this repository is not open_clip's; choose another model.")
    return text_config


def _text_tower_items(text_config: dict[str, Any], spec: ModelSpec, hub: str, *, with_tokenizer: bool) -> list[_Item]:
    """The files that a Hugging Face text tower needs from its own repository: configuration, perhaps tokenizer."""
    items = []
    pinned = dict(spec.companions)
    if tower := text_config.get("hf_model_name"):
        files = list_files(tower, pinned.get(tower), hub)
        items.append(_Item(_choose(files, "config.json"), f"{TEXT_TOWER}/config.json"))
    tokenizer = text_config.get("hf_tokenizer_name")
    if tokenizer and with_tokenizer:
        files = list_files(tokenizer, pinned.get(tokenizer), hub)
        items += [_Item(file, file.path) for file in _tokenizer_files(files)]
    return items


def _tokenizer_files(files: Iterable[RemoteFile]) -> list[RemoteFile]:
    """Those in the top folder only: a name with a path in it could lead out of the model's folder."""
    top = [file for file in files if Path(file.path).name == file.path]
    return [file for file in top if any(fnmatch.fnmatchcase(file.path, pattern) for pattern in _TOKENIZER)]


def _choose(files: tuple[RemoteFile, ...], *paths: str) -> RemoteFile:
    """The first of `paths` that the repository has."""
    by_path = {file.path: file for file in files}
    for path in paths:
        if path in by_path:
            return by_path[path]
    where = f"{files[0].repository} at commit {files[0].revision[:12]}" if files else "The repository"
    raise ModelDownloadError(
        f"Expected {' or '.join(paths)} on the hub, but {where} does not have it (404). The repository may "
        "have changed, or it is not an open_clip model."
    )


def _require_space(folder: Path, spec: ModelSpec, needed: int) -> None:
    present = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if shutil.disk_usage(folder).free < needed - present:
        raise ModelDownloadError(no_space(spec, folder, needed))


def _require_pinned_hash(spec: ModelSpec, checkpoint: RemoteFile) -> None:
    if spec.sha256 not in (None, checkpoint.sha256):
        raise ModelDownloadError(
            f"The hub offers another checkpoint of {spec.title} than the pinned one: expected the SHA-256 "
            f"{spec.sha256}, but got {checkpoint.sha256}. Nothing was downloaded. Check HF_ENDPOINT, or report it."
        )
