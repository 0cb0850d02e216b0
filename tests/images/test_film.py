"""Windows that a reader chooses, and the size of a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.pixels.processing import apply_windowing

from tests.images.conftest import dicom_bytes, dicom_dataset, encoded
from vpe_core.images import PixelSpacing, apply_window, load_image, read_film


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image, int)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize(("center", "width"), [(2048, 4096), (1800.5, 700), (300, 1), (40, 1.5), (9000, 20000)])
def test_a_window_is_the_standards_to_the_digit(
    values_16: np.ndarray, center: float, width: float, invert: bool
) -> None:
    dataset = dicom_dataset(values_16, WindowCenter=center, WindowWidth=width)
    expected = np.rint(apply_windowing(values_16, dataset) / (2**16 - 1) * 255)
    shown = apply_window(values_16, center, width, invert)
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(255 - shown if invert else shown, expected)


def test_a_width_of_zero_is_refused(values_16: np.ndarray) -> None:
    with pytest.raises(ValueError, match="width above 0"):
        apply_window(values_16, 10, 0)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("rescale", [{}, {"RescaleSlope": "0.5", "RescaleIntercept": "-1024"}])
def test_a_film_begins_as_the_file_says_and_a_wider_window_shows_more(
    values_16: np.ndarray, photometric: str, rescale: dict[str, str]
) -> None:
    center, width = (400, 200) if rescale else (2048, 400)
    data = dicom_bytes(
        dicom_dataset(
            values_16, WindowCenter=center, WindowWidth=width, PhotometricInterpretation=photometric, **rescale
        )
    )
    film = read_film(data)
    np.testing.assert_array_equal(grey(film.picture), grey(load_image(data)))
    assert film.grey.window == (center, width)
    np.testing.assert_allclose(grey(film.grey.windowed(center, width)), grey(film.picture), atol=1)
    low, high = film.grey.value_range
    values = values_16 * 0.5 - 1024 if rescale else values_16
    assert (low, high) == (values.min(), values.max())
    is_clipped = np.isin(grey(film.picture), (0, 255)).mean()
    wide = grey(film.grey.windowed((low + high) / 2, high - low))
    assert is_clipped > 0.5
    assert np.isin(wide, (0, 255)).mean() < 0.01
    np.testing.assert_array_equal(
        grey(film.grey.windowed(center, width, invert=True)), 255 - grey(film.grey.windowed(center, width))
    )


def test_a_picture_of_eight_bits_is_its_own_full_range(values_8: np.ndarray) -> None:
    film = read_film(encoded(Image.fromarray(values_8), "PNG"))
    assert film.grey.window == (128, 256)
    np.testing.assert_array_equal(grey(film.grey.windowed(128, 256)), values_8)
    assert film.spacing is None


def test_deep_pictures_begin_with_their_own_range(values_16: np.ndarray) -> None:
    film = read_film(encoded(Image.fromarray(values_16), "PNG"))
    np.testing.assert_allclose(grey(film.grey.windowed(*film.grey.window)), grey(film.picture), atol=1)  # halves
    fractions = Image.fromarray((values_16 / 4096).astype(np.float32))
    film = read_film(encoded(fractions, "TIFF"))
    assert film.grey.value_range == (0, 65535)
    np.testing.assert_allclose(grey(film.grey.windowed(*film.grey.window)), grey(film.picture), atol=1)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, None),
        ({"PixelSpacing": ["0.2", "0.1"]}, PixelSpacing(0.2, 0.1, "PixelSpacing", "")),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, PixelSpacing(0.2, 0.1, "ImagerPixelSpacing", "at the detector")),
        (
            {"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]},
            PixelSpacing(0.2, 0.2, "ImagerPixelSpacing", "at the detector"),
        ),
        (
            {"PixelSpacing": [0.18, 0.18], "ImagerPixelSpacing": [0.2, 0.2]},
            PixelSpacing(0.18, 0.18, "PixelSpacing", "calibrated"),
        ),
        (
            {"PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"},
            PixelSpacing(0.2, 0.2, "PixelSpacing", "calibrated"),
        ),
        (
            {"NominalScannedPixelSpacing": [0.175, 0.175]},
            PixelSpacing(0.175, 0.175, "NominalScannedPixelSpacing", "on the film"),
        ),
        ({"PixelSpacing": [0, 0]}, None),
        ({"PixelSpacing": [0.2, -0.2], "ImagerPixelSpacing": [1e9, 1]}, None),
    ],
)
def test_the_size_of_a_pixel_is_what_the_file_says_of_it(
    values_8: np.ndarray, elements: dict[str, Any], expected: PixelSpacing | None
) -> None:
    assert read_film(dicom_bytes(dicom_dataset(values_8, **elements))).spacing == expected


def test_lengths_follow_rows_and_columns() -> None:
    assert PixelSpacing(0.2, 0.1, "PixelSpacing", "").length_mm((10, 10), (40, 30)) == pytest.approx(5)
