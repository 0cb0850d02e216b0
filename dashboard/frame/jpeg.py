"""Pictures as the page embeds them."""

from __future__ import annotations

import io

from PIL import Image


def jpeg(image: Image.Image, quality: int = 88) -> bytes:
    """The picture as a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
