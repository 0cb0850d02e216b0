"""Coordinates between canvas, image and model: round trips, and agreement with what really resizes the pixels."""

import numpy as np
import pytest
from PIL import Image

from vpe_core.errors import RegionError
from vpe_core.geometry import View
from vpe_core.types import Arrow, Box, Polygon

SIZES = [(1024, 1024), (2991, 2423), (640, 2048), (333, 334), (7, 5)]
REGIONS = [
    Box(1.25, 2.5, 5.75, 4.125),
    Polygon(((0.5, 0.25), (6.0, 1.0), (3.0, 4.75))),
    Arrow((0.0, 0.0), (6.5, 4.5)),
]


def views(image_wh: tuple[int, int]) -> list[View]:
    return [View.contain(image_wh, (704, 480)), View.squash(image_wh, (256, 256)), View.center_crop(image_wh, 224)]


def coordinates(region: Box | Polygon | Arrow) -> list[float]:
    match region:
        case Box():
            return list(region.xyxy)
        case Polygon(points):
            return [value for point in points for value in point]
        case Arrow(tail, tip):
            return [*tail, *tip]


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: type(region).__name__)
@pytest.mark.parametrize("image_wh", SIZES, ids=str)
def test_there_and_back_again(image_wh: tuple[int, int], region: Box | Polygon | Arrow) -> None:
    for view in views(image_wh):
        there_and_back = view.to_image(view.to_view(region))
        np.testing.assert_allclose(coordinates(there_and_back), coordinates(region), rtol=0, atol=1e-9)


def test_powers_of_two_are_exact() -> None:
    view = View.squash((1024, 512), (256, 256))
    assert view.to_view(Box(512, 128, 1024, 512)) == Box(128, 64, 256, 256)
    assert view.to_image(Box(128, 64, 256, 256)) == Box(512, 128, 1024, 512)


def test_contain_centres_the_image() -> None:
    wide = View.contain((1000, 500), (600, 600))
    assert wide.to_view(Box(0, 0, 1000, 500)) == Box(0, 150, 600, 450)
    high = View.contain((500, 1000), (600, 600))
    assert high.to_view(Box(0, 0, 500, 1000)) == Box(150, 0, 450, 600)


def test_a_centre_crop_shows_the_middle_square() -> None:
    assert View.center_crop((1000, 500), 224).visible((1000, 500)) == Box(250, 0, 750, 500)
    assert View.squash((1000, 500), (224, 224)).visible((1000, 500)) == Box(0, 0, 1000, 500)
    np.testing.assert_allclose(View.contain((1000, 500), (600, 600)).visible((1000, 500)).xyxy, (0, 0, 1000, 500))


@pytest.mark.parametrize("image_wh", [(1024, 1024), (640, 2048), (1501, 1000), (333, 334), (227, 225)])
def test_the_model_sees_a_spot_where_the_view_says(image_wh: tuple[int, int]) -> None:
    from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

    width, height = image_wh
    x, y = int(width * 0.45), int(height * 0.55)
    spot = Box(x, y, x + max(width // 60, 3), y + max(height // 60, 3))
    image = Image.new("L", image_wh)
    image.paste(255, tuple(map(int, spot.xyxy)))
    shown = np.asarray(Compose([Resize(224, InterpolationMode.BICUBIC), CenterCrop(224)])(image), float)
    view = View.center_crop(image_wh, 224)
    expected = view.to_view(spot).center
    weights = shown / shown.sum()
    found = (weights.sum(axis=0) @ (np.arange(224) + 0.5), weights.sum(axis=1) @ (np.arange(224) + 0.5))
    np.testing.assert_allclose(found, expected, atol=0.35)


def test_the_squashed_picture_shows_a_spot_where_the_view_says() -> None:
    image = Image.new("L", (700, 430))
    image.paste(255, (300, 100, 340, 130))
    shown = np.asarray(image.resize((256, 256)), float)
    view = View.squash((700, 430), (256, 256))
    weights = shown / shown.sum()
    found = (weights.sum(axis=0) @ (np.arange(256) + 0.5), weights.sum(axis=1) @ (np.arange(256) + 0.5))
    np.testing.assert_allclose(found, view.to_view(Box(300, 100, 340, 130)).center, atol=0.05)


def test_sizes_are_checked() -> None:
    with pytest.raises(RegionError, match="at least 1 x 1"):
        View.contain((0, 10), (600, 600))
    with pytest.raises(RegionError, match="at least 1 x 1"):
        View.center_crop((10, 10), 0)


def test_a_view_beside_the_image_shows_nothing() -> None:
    with pytest.raises(RegionError, match="outside the image"):
        View(1.0, 1.0, 5000.0, 0.0, (100, 100)).visible((10, 10))
