"""Colours of 16 bits, which Pillow cuts to 8: decoded twice, once for the upper bytes and once for the lower ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile


def both_bytes(
    open_picture: Callable[[], ImageFile], upper: Callable[[str], str], lower: Callable[[str], str]
) -> NDArray[np.uint16]:
    """The values of a picture of 16-bit colours.

    Args:
        open_picture: Opens the picture anew; its tiles are not yet decoded.
        upper: From Pillow's raw mode of a tile to the one that takes the upper bytes.
        lower: The same for the lower bytes.
    """
    values = decoded_as(open_picture, upper).astype(np.uint16)
    values <<= 8
    values |= decoded_as(open_picture, lower)
    return values


def decoded_as(open_picture: Callable[[], ImageFile], raw_mode: Callable[[str], str]) -> NDArray[np.uint8]:
    """The values of a picture whose tiles are decoded in another raw mode than Pillow has chosen."""
    with open_picture() as picture:
        for index, tile in enumerate(picture.tile):
            if isinstance(tile.args, str):
                picture.tile[index] = tile._replace(args=raw_mode(tile.args))
            elif tile.args:
                picture.tile[index] = tile._replace(args=(raw_mode(str(tile.args[0])), *tile.args[1:]))
        return np.array(picture)
