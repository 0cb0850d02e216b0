"""Settings from the environment: `VPE_CACHE_DIR`, `VPE_DEVICE` and so on. There is no other configuration.

Reading them is cheap and cached; a test that changes the environment calls `get_settings.cache_clear()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from vpe_core.errors import SettingsError
from vpe_core.folders import named_path

PROJECT_DIR = Path(__file__).resolve().parent.parent
"""The checkout, if the package lies in one: `precomputed/` is in it."""
IN_CHECKOUT = (PROJECT_DIR / "precomputed").is_dir()
_USER_DATA = Path(platformdirs.user_data_dir("visual-prompt-lab", appauthor=False))


class Settings(BaseSettings):
    """All settings, each read from the variable of its name in capitals after `VPE_`."""

    model_config = SettingsConfigDict(env_prefix="VPE_", frozen=True, env_ignore_empty=True)

    cache_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("visual-prompt-lab", appauthor=False)),
        description="Downloaded models and X-rays, stored embeddings.",
    )
    results_dir: Path = Field(
        default=(PROJECT_DIR if IN_CHECKOUT else _USER_DATA) / "results",
        description="Where benchmark runs are written.",
    )
    precomputed_dir: Path = Field(
        default=(PROJECT_DIR if IN_CHECKOUT else _USER_DATA) / "precomputed",
        description="What the project carries: models, samples, results. A package from pip holds the models alone.",
    )
    datasets_dir: Path | None = Field(
        default=None, description="Folder of the data sets, one sub-folder each, named as in `datasets list`."
    )
    ct_dir: Path | None = Field(default=None, description="Folder of the simulator's CT (cxr.nii.gz, mask.nii.gz).")
    sam2_dir: Path | None = Field(
        default=None, description="Folder of a SAM 2 for outlines, as transformers saves it; none is downloaded."
    )
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="auto, cpu, mps, cuda or cuda:N; auto takes the fastest there is.",
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        default="auto",
        description="auto, fp32, bf16 or fp16, the encoders' arithmetic; auto is the fastest safe one on the device.",
    )
    allowed_models: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hub ids (hf-hub:org/name) and folders, comma-separated, that may be loaded besides our own list.",
    )
    start_runs: Literal["local", "anyone", "nobody"] = Field(
        default="local",
        description="Who may start a benchmark in the app: local (a browser on its own machine), anyone or nobody.",
    )
    downloads: Literal["local", "anyone", "nobody"] = Field(
        default="anyone", description="Who may download models and X-rays in the app, as for `VPE_START_RUNS`."
    )
    uploads: Literal["local", "anyone", "nobody"] = Field(
        default="anyone", description="Who may give files of their own to the app, as for `VPE_START_RUNS`."
    )
    load_ahead: bool = Field(
        default=True, description="The app loads its first model as soon as it starts, before anybody asks."
    )
    admin: Literal["local", "anyone", "nobody"] = Field(
        default="nobody",
        description="Who may see how the server does (This server, under Data and models, and /metrics); the same.",
    )
    login: bool = Field(
        default=False, description="Nobody sees a page before logging in, as `[auth]` in Streamlit's secrets says."
    )
    offline: bool = Field(default=False, description="Never use the network, not even when asked to download.")
    xray_mirror: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="http(s)://…, a folder with copies of the public X-rays that the app fetches on demand.",
    )
    serving: str | None = Field(
        default=None,
        pattern=r"^ray://(auto|[^/\s]+:\d{1,5})$",
        description="ray://HOST:PORT, or ray://auto here: a server whose models the app asks (`vpe_core serve`).",
    )
    follow_limit_ms: int = Field(
        default=250,
        ge=0,
        description="How long an answer may take, in milliseconds, to follow a shape while it is dragged; 0 for never.",
    )
    max_image_bytes: int = Field(default=30_000_000, gt=0, description="Largest image file, in bytes.")
    max_image_pixels: int = Field(default=50_000_000, gt=0, description="Largest image, in pixels.")

    @field_validator("allowed_models", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cache_dir", "results_dir", "precomputed_dir", "datasets_dir", "ct_dir", "sam2_dir")
    @classmethod
    def _expand_home(cls, value: Path | None) -> Path | None:
        return None if value is None else named_path(value, ValueError)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: A variable has a value that it cannot have; the message names each one.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"VPE_{'_'.join(map(str, problem['loc'])).upper()}={problem['input']!r}: {_what_is_wrong(problem)}"
            for problem in error.errors()
        )
        raise SettingsError(f"The environment holds settings that are not valid. {problems}.") from None


def _what_is_wrong(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "string_pattern_mismatch":  # what a pattern means is what the setting's description says
        return f"expected {Settings.model_fields[str(problem['loc'][0])].description}".rstrip(".")
    return str(problem["msg"])
