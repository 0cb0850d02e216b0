"""What a way to point without ink is, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vpe_core.errors import LabError
from vpe_core.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.models.predictor import Want


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a model's predictor is asked.

    Attributes:
        picture: As `model.prepare` makes it, (height, width, 3).
        want: Its first row is an embedding; the second, if there is one, the last block's attention.
        beside: What stands beside the picture, a flat row; None for nothing.
    """

    picture: NDArray[np.uint8]
    want: Want
    beside: NDArray[np.float32] | None = None


Ask: TypeAlias = "Callable[[LabScene, Model], Asked]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """A way to tell a model of a region without drawing on it.

    Attributes:
        title: For people: "FALIP".
        about: What is done, as a sentence.
        source: The paper.
        ask: Makes of a scene what is asked; raises a `VPEError` that says why where the model cannot be asked so.
        changes_pixels: Whether the model sees other pixels than those of the X-ray.
        reads_region: Whether it is told of the region at all.
    """

    title: str
    about: str
    source: str
    ask: Ask
    changes_pixels: bool = False
    reads_region: bool = True


POINTINGS: Registry[Pointing] = Registry("way to point without ink", LabError)
