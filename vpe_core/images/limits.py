"""What is checked before anything is decoded; the limits are settings."""

from __future__ import annotations

from vpe_core.errors import ImageReadError
from vpe_core.settings import get_settings

SHORTEST_PX = 32
"""A film's shorter side has at least so many pixels, or there is nothing to draw on."""
MOST_ELONGATED = 8
"""A film's longer side is at most so many times its shorter one."""


def check_byte_count(n_bytes: int) -> None:
    """Refuse files that are empty or too large.

    Raises:
        ImageReadError: They are.
    """
    limit = get_settings().max_image_bytes
    if n_bytes == 0:
        raise ImageReadError("it is empty")
    if n_bytes > limit:
        raise _too_large(f"it has {n_bytes / 1e6:.1f} MB", limit, "MB", "VPE_MAX_IMAGE_BYTES")


def check_pixel_count(width: int, height: int) -> None:
    """Refuse images whose header declares no pixels, or too many.

    Raises:
        ImageReadError: It does.
    """
    limit = get_settings().max_image_pixels
    if width < 1 or height < 1:
        raise ImageReadError(f"it declares {width} x {height} pixels")
    if width * height > limit:
        declared = f"it declares {width} x {height} pixels ({width * height / 1e6:.1f} megapixels)"
        raise _too_large(declared, limit, "megapixels", "VPE_MAX_IMAGE_PIXELS")


def check_drawable(width: int, height: int) -> None:
    """Refuse pictures of which nothing can be seen on a page: a strip, or a few pixels.

    Raises:
        ImageReadError: It is one.
    """
    shorter, longer = sorted((width, height))
    if shorter < SHORTEST_PX:
        raise ImageReadError(
            f"The picture is {width} x {height} pixels. At least {SHORTEST_PX} are needed each way to draw on it."
        )
    if longer > MOST_ELONGATED * shorter:
        raise ImageReadError(
            f"The picture is {width} x {height} pixels, a strip. One side may be at most {MOST_ELONGATED} times as "
            "long as the other."
        )


def _too_large(found: str, limit: int, unit: str, setting: str) -> ImageReadError:
    """The error that says what was found, in millions, and which setting allows more."""
    return ImageReadError(
        f"{found}, and at most {limit / 1e6:.1f} {unit} are read. Make it smaller. Whoever runs the app can raise the "
        f"limit, {setting}"
    )
