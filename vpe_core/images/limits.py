"""What is checked before anything is decoded; the limits are settings."""

from __future__ import annotations

from vpe_core.errors import ImageReadError
from vpe_core.settings import get_settings


def check_byte_count(n_bytes: int) -> None:
    """Refuse files that are empty or too large.

    Raises:
        ImageReadError: They are.
    """
    limit = get_settings().max_image_bytes
    if n_bytes == 0:
        raise ImageReadError("it is empty")
    if n_bytes > limit:
        raise ImageReadError(
            f"it has {n_bytes / 1e6:.1f} MB, and at most {limit / 1e6:.1f} MB are read. "
            "Save it smaller, or raise VPE_MAX_IMAGE_BYTES"
        )


def check_pixel_count(width: int, height: int) -> None:
    """Refuse images whose header declares no pixels, or too many.

    Raises:
        ImageReadError: It does.
    """
    limit = get_settings().max_image_pixels
    if width < 1 or height < 1:
        raise ImageReadError(f"it declares {width} x {height} pixels")
    if width * height > limit:
        raise ImageReadError(
            f"it declares {width} x {height} pixels, and at most {limit / 1e6:.1f} million are read. "
            "Save it smaller, or raise VPE_MAX_IMAGE_PIXELS"
        )
