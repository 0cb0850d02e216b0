"""All families of models, each with its loader: a new one is a new file and a line here. Nothing here imports torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vpe_core.errors import ModelError
from vpe_core.models.open_clip_loader import OpenClipLoader
from vpe_core.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from vpe_core.models.protocols import Network
    from vpe_core.models.reading import Tokenizer
    from vpe_core.models.specs import ModelSpec


class Loader(Protocol):
    """Builds the networks of one family from their folders. Hashes, devices and precisions are not its concern."""

    @property
    def config(self) -> str:
        """The file by which a folder is known to hold a model of this family."""
        ...

    @property
    def packages(self) -> tuple[str, ...]:
        """The distributions that compute the embeddings; results record their versions."""
        ...

    def weights_in(self, folder: Path) -> Path | None:
        """The checkpoint in a folder, where the spec names none; None if there is none."""
        ...

    def build(self, spec: ModelSpec, folder: Path, weights: Path) -> tuple[Network, Tokenizer]:
        """The network with its weights, on the CPU, and its tokenizer.

        Raises:
            ModelError: The folder holds something else.
        """
        ...


LOADERS: Registry[Loader] = Registry("model family", ModelError)
LOADERS.add("open_clip", OpenClipLoader())


def family_in(folder: Path) -> str | None:
    """The family whose configuration lies in a folder; None if there is none."""
    return next((name for name, loader in LOADERS.items() if (folder / loader.config).is_file()), None)
