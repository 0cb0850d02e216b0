"""DICOM display windows: PS3.3 C.11.2.1.2 (linear, exact linear) and C.11.2.1.3 (sigmoid)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.images.pixels import PixelArray

FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def apply_window(values: PixelArray, center: float, width: float, invert: bool = False) -> NDArray[np.uint8]:
    """The grey levels of a window: black below it, white above it (PS3.3 C.11.2.1.2.1, LINEAR).

    With the standard's own words, for output from 0 to 255:
    x <= center - 0.5 - (width - 1) / 2 gives 0, x > center - 0.5 + (width - 1) / 2 gives 255, and all others
    ((x - (center - 0.5)) / (width - 1) + 0.5) * 255, here rounded half to even.

    Args:
        values: Pixels of any real type; the values that Window Center and Window Width speak of.
        center: Window Center (0028,1050).
        width: Window Width (0028,1051), above 0; for one below 1 see `windowed`.
        invert: Turn black and white over.

    Raises:
        ValueError: The width is not above 0.

    Example:
        >>> apply_window(np.array([0, 100, 128, 255]), center=128, width=256).tolist()
        [0, 100, 128, 255]
    """
    grey = np.rint(windowed(values, center, width) * 255).astype(np.uint8)
    return 255 - grey if invert else grey


def window_of_range(low: float, high: float) -> tuple[float, float]:
    """(center, width) of the LINEAR window that shows `low` as black, `high` as white and all between in proportion."""
    return (low + high + 1) / 2, high - low + 1


def windowed(values: PixelArray, center: float, width: float, function: str = "LINEAR") -> NDArray[np.float64]:
    """Map a window of the values to 0..1.

    Args:
        values: Pixels after the modality transformation.
        center: Window Center (0028,1050), in units of `values`.
        width: Window Width (0028,1051): above 0. The standard has no LINEAR window of less than 1; such a one, which
            programs write after a small rescale slope, is taken for LINEAR_EXACT.
        function: VOI LUT Function (0028,1056), one of `FUNCTIONS`.

    Raises:
        ValueError: The width or the function is not one of these.
    """
    if not width > 0 or function not in FUNCTIONS:
        raise ValueError(f"Expected a width above 0 and one of {FUNCTIONS}, but got {width} and {function[:40]!r}.")
    levels = values.astype(np.float64)
    if function == "SIGMOID":
        exponent = np.clip(-4 * (levels - center) / width, -700, 700)
        return np.asarray(1 / (1 + np.exp(exponent)))
    if function == "LINEAR" and width >= 1:  # the standard's window ends half a value early on either side
        center, width = center - 0.5, width - 1
    if width == 0:
        return (levels > center).astype(np.float64)
    return np.asarray(((levels - center) / width + 0.5).clip(0, 1))
