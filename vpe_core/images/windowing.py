"""DICOM display windows: PS3.3 C.11.2.1.2 (linear, exact linear) and C.11.2.1.3 (sigmoid)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.images.pixels import PixelArray


def apply_window(values: PixelArray, center: float, width: float, function: str = "LINEAR") -> NDArray[np.float64]:
    """Map a window of the values to 0..1.

    Args:
        values: Pixels after the modality transformation.
        center: Window Center (0028,1050), in units of `values`.
        width: Window Width (0028,1051): at least 1 for LINEAR, above 0 otherwise.
        function: VOI LUT Function (0028,1056): LINEAR, LINEAR_EXACT or SIGMOID.

    Raises:
        ValueError: The width or the function is not one that the standard allows.
    """
    if width < 1 if function == "LINEAR" else width <= 0:
        raise ValueError(f"a {function} window of width {width} is not allowed")
    if function == "SIGMOID":
        exponent = np.clip(-4 * (values.astype(np.float64) - center) / width, -700, 700)
        return np.asarray(1 / (1 + np.exp(exponent)))
    if function == "LINEAR":  # the standard's window ends half a value early on either side
        center, width = center - 0.5, width - 1
    elif function != "LINEAR_EXACT":
        raise ValueError(f"the window function {function[:40]!r} is unknown")
    if width == 0:
        return (values > center).astype(np.float64)
    return np.asarray(((values.astype(np.float64) - center) / width + 0.5).clip(0, 1))
