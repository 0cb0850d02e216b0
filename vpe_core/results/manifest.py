"""What a run folder says about itself: `manifest.json`, written last, so that a folder with one is complete."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vpe_core.errors import ResultsError

MANIFEST = "manifest.json"
SCHEMA_VERSION: Final = 1

Source = Literal["measured here", "official code", "loaded table"]
Stored = Literal["float16", "float32"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetInfo(_Frozen):
    """Which samples: enough to tell whether two runs saw the same.

    Attributes:
        fingerprint: SHA-256 over samples, boxes, labels and file sizes; None in results of the official code.
        classes: The labels in the order of all scores, sorted.
        template: The data set's own prompt, with `{class}`.
        class_words: What stands in the prompt for a label, where it is not the label itself.
        note: What else must be known to compare results.
    """

    name: str
    title: str
    part: str
    fingerprint: str | None
    simulated: bool
    classes: tuple[str, ...]
    template: str
    class_words: dict[str, str] = Field(default_factory=dict)
    note: str = ""
    samples: int
    images: int
    patients: int


class ModelInfo(_Frozen):
    """Which model: enough to tell whether two runs come from the same weights.

    Attributes:
        source: Scheme and location, such as `hf-hub:organisation/name`.
        revision: Commit of the hub repository.
        weights_sha256: Hash of the checkpoint; None in results of the official code, which does not record it.
        dimension: Length of an embedding.
        logit_scale: What cosines are multiplied with before the softmax.
        embedded: Whether the project carries the model.
        simulated_only: Whether anything but simulated X-rays is out of its domain.
    """

    name: str
    title: str
    source: str
    revision: str | None = None
    weights_file: str | None = None
    weights_sha256: str | None = None
    dimension: int | None = None
    logit_scale: float | None = None
    parameters: int | None = None
    embedded: bool = False
    simulated_only: bool = False


class Skipped(_Frozen):
    """A row of the source, or an image, that could not be used, and why."""

    file: str
    row: int | None
    reason: str


class Manifest(_Frozen):
    """The whole manifest.

    Attributes:
        variants: Keys of `vpe_core.benchmark.Variant`, in the order of the row groups.
        protocols: The protocols that the variants follow.
        precision: Arithmetic of the image tower.
        stored: How embeddings are stored.
        seed: Of everything random: which other patient's image a control shows.
        versions: Of the packages that computed the numbers.
        seconds: Time spent on rendering and encoding, over all interrupted starts.
        problems: What was skipped.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    source: Source
    dataset: DatasetInfo
    model: ModelInfo
    variants: tuple[str, ...]
    protocols: tuple[str, ...] = ()
    precision: str | None = None
    stored: Stored | None = None
    device: str | None = None
    seed: int | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    started: datetime | None = None
    finished: datetime
    seconds: float | None = None
    problems: tuple[Skipped, ...] = ()

    def to_json(self) -> bytes:
        """The content of manifest.json."""
        return (self.model_dump_json(indent=1) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder.

    Raises:
        ResultsError: It is missing, damaged, or of a newer version.
    """
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        started = " A run began here and has not finished: start it again, it goes on." if _began(folder) else ""
        raise ResultsError(f"Expected results with a {MANIFEST} in {folder}, but there is none.{started}") from None
    except OSError as error:
        raise ResultsError(f"The results in {folder} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ResultsError(
            f"{path} is not a manifest of this version ({SCHEMA_VERSION}): {where}: {first['msg']}. "
            "Run the benchmark again, or use the version of vpe_core that wrote it."
        ) from None


def _began(folder: Path) -> bool:
    return (folder / "chunks").is_dir()
