"""SAM 2 through transformers, from a folder that VPE_SAM2_DIR names; nothing is downloaded."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vpe_core.errors import LabError, RegionError
from vpe_core.outlines.base import OutlineMethod
from vpe_core.outlines.window import Window
from vpe_core.settings import get_settings
from vpe_core.types import Box

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from vpe_core.types import Point, Polygon

HOW_TO_GET = (
    "SAM 2 needs its weights: save facebook/sam2.1-hiera-tiny (Apache-2.0) with its processor, as `save_pretrained` "
    "does, and name the folder in VPE_SAM2_DIR."
)


def outline(image: Image.Image, where: Box | Point, /) -> Polygon:
    """The mask of SAM 2 for a box or a click, as a polygon.

    Raises:
        LabError: The weights are not here, or are none.
        RegionError: It lies outside the image, or the mask is empty.
    """
    import torch

    folder = get_settings().sam2_dir
    if folder is None:
        raise LabError(HOW_TO_GET)
    model, processor = _loaded(folder)
    width, height = image.size
    if isinstance(where, Box):
        asked: dict[str, Any] = {"input_boxes": [[list(where.clipped(width, height).xyxy)]]}
    elif 0 <= where[0] <= width and 0 <= where[1] <= height:
        asked = {"input_points": [[[list(where)]]], "input_labels": [[[1]]]}
    else:
        raise RegionError(f"Expected a point inside the image of {width} x {height} pixels, but got {where}.")
    inputs = processor(images=image.convert("RGB"), return_tensors="pt", **asked)
    with torch.inference_mode():
        found = model(**inputs, multimask_output=False)
    mask = np.asarray(processor.post_process_masks(found.pred_masks, inputs["original_sizes"])[0][0, 0]) > 0
    if not mask.any():
        raise RegionError("SAM 2 finds nothing here. Mark the structure more closely.")
    return _largest(mask)


def _largest(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> Polygon:
    """The outline of the largest part of a mask of the image's own size."""
    from scipy import ndimage

    parts, _ = ndimage.label(mask)
    largest = parts == np.bincount(parts[parts > 0]).argmax()
    everywhere = np.zeros(mask.shape)
    whole = Window(everywhere, everywhere, np.ones(mask.shape, bool), 0, 0, 1.0)
    return whole.polygon(largest)


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> tuple[Any, Any]:
    from transformers import Sam2Model, Sam2Processor

    try:
        model: Any = Sam2Model.from_pretrained(folder, local_files_only=True)
        return model.eval(), Sam2Processor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise LabError(f"The folder {folder} holds no SAM 2: {error} {HOW_TO_GET}") from None


def _problem() -> str:
    folder = get_settings().sam2_dir
    return "" if folder is not None and (folder / "config.json").is_file() else HOW_TO_GET


SAM2 = OutlineMethod(
    title="SAM 2", outline=outline, problem=_problem,
    about="A network that was trained to outline whatever is pointed at, on photographs and videos, not on X-rays.",
    source="Ravi et al., SAM 2: Segment anything in images and videos, ICLR 2025",
)  # fmt: skip
