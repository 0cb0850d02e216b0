"""A training run's recipe: a small TOML file, checked when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vpe_core.documents import DocumentError, read_bytes, read_toml
from vpe_core.errors import TrainingError

Share = Annotated[float, Field(ge=0, le=1)]


class LossWeights(BaseModel):
    """How much each auxiliary term counts beside the contrastive one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zero_shot: float = 1.0
    undecided: float = 0.3
    dense: float = 3.0
    pointed_at: float = 1.0
    attention: float = 0.2
    leak: float = 0.5


class Stage(BaseModel):
    """A stretch of training at one image size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image_size: int = Field(ge=32, multiple_of=16)
    steps: int = Field(ge=1)
    batch_size: int = Field(ge=4)
    learning_rate: float = Field(gt=0)
    warmup_steps: int = Field(ge=0)
    smallest_view: float = Field(default=0.86, gt=0.3, le=1, description="edge of the closest whole view")
    hidden_weight: int = Field(default=1, ge=1, description="weight of findings inside another's box, as aims")
    losses: LossWeights | None = Field(default=None, description="instead of the recipe's")


class Recipe(BaseModel):
    """Everything that decides the weights, besides the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    seed: int = Field(ge=0, lt=2**63)
    markers: Share = Field(description="share of the whole views that carry a marker")
    train_patients: tuple[int, int] = Field(description="the first, and the one after the last")
    cases: int = Field(ge=1)
    cases_seed: int | None = Field(default=None, ge=0, lt=2**63, description="of the rendered cases; None: as `seed`")
    start: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the weights of the model that a run goes on from; None: it starts from nothing",
    )
    stages: tuple[Stage, ...] = Field(min_length=1)
    losses: LossWeights = LossWeights()
    weight_decay: float = 0.05
    average_momentum: float = Field(default=0.998, ge=0, lt=1, description="of the moving average that is exported")
    checkpoint_steps: int = Field(default=200, ge=1)

    def losses_of(self, stage: Stage) -> LossWeights:
        """The weights that count in a stage: its own, or else the recipe's."""
        return stage.losses or self.losses

    @field_validator("train_patients")
    @classmethod
    def _check_order(cls, patients: tuple[int, int]) -> tuple[int, int]:
        first, end = patients
        if not 0 <= first < end:
            raise ValueError("expected the first patient, at least 0, and a larger number, the one after the last")
        return patients


def load_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Raises:
        TrainingError: the file is missing, no TOML, or a value is wrong; the message names it.
    """
    try:
        return Recipe.model_validate(read_toml(read_bytes(path)))
    except OSError as error:
        raise TrainingError(f"Expected a training recipe (TOML) at {path}: {error.strerror}.") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()
        )
        raise TrainingError(f"The training recipe {path.name} is not valid. {problems}.") from error
    except DocumentError as error:
        raise TrainingError(f"The training recipe {path.name} is not valid TOML in UTF-8: {error}.") from error
