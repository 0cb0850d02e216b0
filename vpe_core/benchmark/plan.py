"""Which variants are measured, on which data sets, with which models: a small TOML file, or options of the command.

A plan is made of blocks; each stands for all combinations of its lists, so that a grid is a few lines:

    [[blocks]]
    markers = ["arrow", "bbox", "circle"]
    colors = ["red", "green"]
    widths = [1, 3]
    images = 100            # only the first 100 images; all, if left out
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vpe_core.documents import DocumentError, read_bytes, read_toml
from vpe_core.errors import BenchmarkError, MarkerError
from vpe_core.markers import Protocol, get
from vpe_core.markers.catalog import paper_markers
from vpe_core.variants import Picture, Place, Variant

if TYPE_CHECKING:
    from vpe_core.datasets import Dataset

PLANS_DIR = Path(str(files("vpe_core.benchmark") / "plans"))
_MAX_PLAN_BYTES, _SHOWN_CHARS = 1_000_000, 200
PAPER_MARKERS = paper_markers()

NotEmpty = Field(min_length=1)


class Block(BaseModel):
    """All combinations of some lists.

    Attributes:
        markers: See `Variant` for this and the following.
        images: How many images of each data set, from the first; None for all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    markers: Annotated[tuple[str, ...], NotEmpty]
    colors: Annotated[tuple[str, ...], NotEmpty] = ("red",)
    widths: Annotated[tuple[float, ...], NotEmpty] = (1.0,)
    protocols: Annotated[tuple[Protocol, ...], NotEmpty] = ("paper",)
    size_factors: Annotated[tuple[float, ...], NotEmpty] = (1.0,)
    pictures: Annotated[tuple[Picture, ...], NotEmpty] = ("image",)
    places: Annotated[tuple[Place, ...], NotEmpty] = ("finding",)
    images: int | None = Field(default=None, ge=1)

    def variants(self) -> tuple[Variant, ...]:
        """The combinations, each once; what a marker does not use does not multiply it.

        Raises:
            MarkerError: A marker, colour, width or size factor is not valid.
        """
        lists = (
            self.markers, self.colors, self.widths, self.protocols, self.size_factors, self.pictures, self.places,
        )  # fmt: skip
        return tuple(dict.fromkeys(Variant(*choice) for choice in product(*lists)))


class Plan(BaseModel):
    """A plan.

    Attributes:
        name: For people and file names.
        blocks: What is measured.
        datasets: Names of data sets; the command's options go before.
        models: Names of models; the same.
        stored: How embeddings are stored; "auto" keeps what the arithmetic gives: float32 for fp32, else float16.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    blocks: Annotated[tuple[Block, ...], NotEmpty]
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    stored: Literal["auto", "float16", "float32"] = "auto"

    def coverage(self) -> Mapping[Variant, int | None]:
        """Each variant and on how many images it is measured, None for all; in the order of the blocks.

        Raises:
            BenchmarkError: A marker, colour, width or size factor is not valid.
        """
        covered: dict[Variant, int | None] = {}
        for block in self.blocks:
            try:
                variants = block.variants()
            except MarkerError as error:
                raise BenchmarkError(f"The plan {self.name} is not valid. {error}") from None
            for variant in variants:
                before = covered.get(variant, 0)
                covered[variant] = None if block.images is None or before is None else max(before, block.images)
        return covered


def load_plan(name_or_path: str | Path) -> Plan:
    """A plan that comes with the package ("paper", "embedded"), or one in a TOML file.

    Raises:
        BenchmarkError: There is no such plan, or it is not valid.
    """
    packaged = {file.stem: file for file in sorted(PLANS_DIR.glob("*.toml"))}
    path, names = packaged.get(str(name_or_path), Path(name_or_path)), ", ".join(packaged)
    try:
        data = read_bytes(path, _MAX_PLAN_BYTES)
    except (OSError, DocumentError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BenchmarkError(
            f"Expected a plan out of {names}, or a TOML file, but {_shortened(path)} cannot be read: {reason}."
        ) from None
    try:
        plan = Plan.model_validate(read_toml(data))
    except DocumentError as error:
        raise BenchmarkError(f"The plan {path} is not TOML: {error}.") from None
    except ValidationError as error:
        raise BenchmarkError(f"The plan {path} is not valid. {_problems(error)}") from None
    plan.coverage()
    return plan


def make_plan(
    markers: tuple[str, ...] = PAPER_MARKERS,
    colors: tuple[str, ...] = ("red",),
    widths: tuple[float, ...] = (1.0,),
    protocols: tuple[str, ...] = ("paper",),
    size_factors: tuple[float, ...] = (1.0,),
    controls: bool = False,
) -> Plan:
    """A plan from lists; without arguments the paper's five image variants.

    Args:
        markers: The unmarked image is always measured, too.
        colors: See `Block` for this and the following.
        widths: The same.
        protocols: The same.
        size_factors: The same.
        controls: Also measure every drawn marker on an even grey, on another patient's image and on the X-ray without
            the finding, at a random place and at the mirrored place.

    Raises:
        BenchmarkError: A value is not valid.
    """
    grid = {"colors": colors, "widths": widths, "protocols": protocols, "size_factors": size_factors}
    blocks: list[dict[str, object]] = [{"markers": ("none", *markers), **grid}]
    try:
        drawn = tuple(name for name in markers if get(name).uses and not get(name).crops)
        if controls and drawn:
            blocks += [
                {"markers": drawn, **grid, "pictures": ("blank", "other", "twin")},
                {"markers": drawn, **grid, "places": ("random", "mirror")},
                {"markers": ("none",), "protocols": protocols, "pictures": ("twin",)},
            ]
        plan = Plan.model_validate({"name": "options", "blocks": blocks})
    except MarkerError as error:
        raise BenchmarkError(str(error)) from None
    except ValidationError as error:
        raise BenchmarkError(f"The options do not make a plan. {_problems(error)}") from None
    plan.coverage()
    return plan


def check_measurable(dataset: Dataset) -> None:
    """Refuse a data set of which no report can be made, whatever is measured.

    Raises:
        BenchmarkError: It has no usable samples, or its classes make no choice of prompts.
    """
    title = f"{dataset.title} ({dataset.part})"
    if not dataset.samples:
        raise BenchmarkError(f"{title} has no usable samples; see `datasets check`.")
    if dataset.class_problem:
        raise BenchmarkError(f"{title} cannot be measured with its classes. {dataset.class_problem}")


def _shortened(path: Path) -> str:
    shown = str(path).encode("unicode_escape").decode() if "\0" in str(path) else str(path)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}…"


def _problems(error: ValidationError) -> str:
    return " ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}." for problem in error.errors())
