"""Reading X-rays: PNG, JPEG, TIFF, WebP, DICOM and JSRT .IMG, from paths or bytes."""

from vpe_core.images.film import Film, GreyLevels, PixelSpacing
from vpe_core.images.pixels import XrayPixels, min_max_8bit
from vpe_core.images.reader import READABLE, PathOrBytes, load_image, read_film, read_pixels
from vpe_core.images.sources import ImageSource, ImageSources, as_image, as_images, as_pixels
from vpe_core.images.windowing import apply_window

__all__ = [
    "READABLE",
    "Film",
    "GreyLevels",
    "ImageSource",
    "ImageSources",
    "PathOrBytes",
    "PixelSpacing",
    "XrayPixels",
    "apply_window",
    "as_image",
    "as_images",
    "as_pixels",
    "load_image",
    "min_max_8bit",
    "read_film",
    "read_pixels",
]
