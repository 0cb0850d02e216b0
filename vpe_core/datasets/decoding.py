"""Decoding every image of a data set: the check that finds files whose header is right and whose pixels are not."""

from __future__ import annotations

from collections.abc import Callable

from vpe_core.datasets.base import Dataset, Problem
from vpe_core.errors import ImageReadError
from vpe_core.images import read_pixels


def undecodable_images(dataset: Dataset, progress: Callable[[int, int], None] = lambda *_: None) -> tuple[Problem, ...]:
    """The images, and twins, that cannot be decoded.

    Args:
        dataset: As read.
        progress: Called with the number of images that are done, and of all.
    """
    paths = dataset.image_files()
    problems: list[Problem] = []
    for done, path in enumerate(paths, 1):
        try:
            read_pixels(path)
        except ImageReadError as error:
            problems.append(Problem(path.relative_to(dataset.root).as_posix(), None, str(error), "unreadable image"))
        progress(done, len(paths))
    return tuple(problems)
