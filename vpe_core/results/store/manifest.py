"""What a run folder says about itself: `manifest.json`, written last, so that a folder with one is complete."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from vpe_core.documents import DocumentError, as_text, read_bytes
from vpe_core.errors import ResultsError, VPEError
from vpe_core.variants import Variant

MANIFEST = "manifest.json"
SCHEMA_VERSION: Final = 1

Source = Literal["measured here", "official code", "loaded table"]
Stored = Literal["float16", "float32"]


T = TypeVar("T")
_MOST_WORDS = 1000
Many: TypeAlias = Annotated[tuple[T, ...], FailFast()]
"""Whose first flaw is told alone: a list of a million flaws would take gigabytes."""


def _few(words: object) -> object:
    if isinstance(words, dict) and len(words) > _MOST_WORDS:
        raise ValueError(f"expected at most {_MOST_WORDS:,} entries, but got {len(words):,}")
    return words


Words: TypeAlias = Annotated[dict[str, str], BeforeValidator(_few)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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
    classes: Many[str] = Field(min_length=2)
    template: str
    class_words: Words = Field(default_factory=dict)
    note: str = ""
    samples: int = Field(ge=1)
    images: int = Field(ge=1)
    patients: int = Field(ge=1)

    @field_validator("classes")
    @classmethod
    def _each_once(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if twice := _repeated(classes):
            raise ValueError(f"expected different classes, but {twice[:80]!r} is there twice")
        return classes


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
    dimension: int | None = Field(default=None, ge=1)
    logit_scale: float | None = Field(default=None, gt=0)
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
    variants: Many[str] = Field(min_length=1)
    protocols: Many[str] = ()
    precision: str | None = None
    stored: Stored | None = None
    device: str | None = None
    seed: int | None = None
    versions: Words = Field(default_factory=dict)
    started: datetime | None = None
    finished: datetime
    seconds: float | None = None
    problems: Many[Skipped] = ()

    @field_validator("variants")
    @classmethod
    def _each_a_key(cls, variants: tuple[str, ...]) -> tuple[str, ...]:
        if twice := _repeated(variants):
            raise ValueError(f"expected different variants, but {twice[:80]!r} is there twice")
        for key in variants:
            try:
                written = Variant.parse(key).key
            except VPEError as error:
                raise ValueError(str(error)) from None
            if key != written:
                raise ValueError(f"expected {written!r}, but it is written {key[:80]!r}")
        return variants

    @model_validator(mode="after")
    def _can_be_asked(self) -> Manifest:
        """Refuse results with embeddings that no prompts could be made for."""
        if self.source != "measured here":
            return self
        from vpe_core.results.store.texts import class_prompts

        if self.model.dimension is None or self.model.logit_scale is None:
            raise ValueError("expected the model's dimension and logit_scale beside embeddings")
        try:
            class_prompts(self.dataset)
        except VPEError as error:
            raise ValueError(str(error)) from None
        return self

    def to_json(self) -> bytes:
        """The content of manifest.json."""
        return (self.model_dump_json(indent=1) + "\n").encode()


def parse_manifest(data: bytes) -> Manifest:
    """The manifest that a file holds.

    Raises:
        DocumentError: It is none of this version, or describes results of which nothing can be shown.
    """
    try:
        return Manifest.model_validate_json(as_text(data))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DocumentError(f"{where}: {first['msg'].removeprefix('Value error, ').removesuffix('.')}") from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder.

    Raises:
        ResultsError: It is missing, damaged, or of a newer version.
    """
    path = folder / MANIFEST
    try:
        return parse_manifest(read_bytes(path))
    except FileNotFoundError:
        started = " A run began here and has not finished: start it again, it goes on." if _began(folder) else ""
        raise ResultsError(f"Expected results with a {MANIFEST} in {folder}, but there is none.{started}") from None
    except OSError as error:
        raise ResultsError(f"The results in {folder} cannot be read: {error.strerror}.") from None
    except DocumentError as error:
        raise ResultsError(
            f"{path} is not a manifest of this version ({SCHEMA_VERSION}): {error}. "
            "Run the benchmark again, or use the version of vpe_core that wrote it."
        ) from None


def _repeated(names: tuple[str, ...]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _began(folder: Path) -> bool:
    return (folder / "chunks").is_dir()
