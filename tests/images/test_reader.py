"""What is read, what is refused, and that nothing but `ImageReadError` ever comes out."""

from __future__ import annotations

import io
import random
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.images.conftest import PYDICOM_FILES, encoded
from vpe_core.errors import ImageReadError, SettingsError
from vpe_core.images import as_pixels, load_image, read_pixels
from vpe_core.settings import get_settings


def png_declaring(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be of any size."""
    small = bytearray(encoded(Image.new("L", (8, 8)), "PNG"))
    header = small[12:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + small[24:29]
    return bytes(small[:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:])


@pytest.mark.parametrize("bad", [None, 3, 2.5, ["a.png"], object()])
def test_only_paths_and_bytes_are_taken(bad: object) -> None:
    with pytest.raises(ImageReadError, match="expected a path or bytes"):
        load_image(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"The patient was seen on Monday.", "no format that is read here"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no format that is read here"),
        (b"GIF89a" + bytes(50), "no format that is read here"),
        (b"%PDF-1.7 ...", "no format that is read here"),
        (bytes(128) + b"DICM", "without an image"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_other_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ImageReadError, match=message):
        load_image(data)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path, "", "\0", "a" * 5000):
        with pytest.raises(ImageReadError):
            load_image(path)


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="it is a folder, not a file"):
        load_image(tmp_path)


def test_a_wrong_setting_is_not_taken_for_a_damaged_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_DEVICE", "foo")
    get_settings.cache_clear()
    with pytest.raises(SettingsError, match="VPE_DEVICE='foo'"):
        load_image(encoded(Image.new("L", (8, 8)), "PNG"))


def test_the_message_names_the_file_but_not_its_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no image")
    with pytest.raises(ImageReadError, match=r"^Cannot read 'notes\.png': it is in no format") as caught:
        load_image(tmp_path / "notes.png")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 1), (9000, 9000)])
def test_huge_declared_sizes_are_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(ImageReadError):
        load_image(png_declaring(*size))


def test_the_limits_are_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = encoded(Image.new("L", (100, 100)), "PNG")
    (tmp_path / "a.png").write_bytes(data)
    monkeypatch.setenv("VPE_MAX_IMAGE_PIXELS", "9999")
    get_settings.cache_clear()
    with pytest.raises(ImageReadError, match=r"100 x 100 pixels.*VPE_MAX_IMAGE_PIXELS"):
        load_image(data)
    monkeypatch.setenv("VPE_MAX_IMAGE_BYTES", "50")
    get_settings.cache_clear()
    for source in (data, tmp_path / "a.png"):
        with pytest.raises(ImageReadError, match="VPE_MAX_IMAGE_BYTES"):
            load_image(source)


def test_several_pictures_in_one_file_are_refused() -> None:
    pages = [Image.new("L", (8, 8), level) for level in (10, 200)]
    for file_format in ("TIFF", "PNG", "WebP"):
        data = encoded(pages[0], file_format, save_all=True, append_images=pages[1:])
        with pytest.raises(ImageReadError, match="several pictures"):
            load_image(data)


def test_values_that_are_not_finite_are_refused() -> None:
    values = np.ones((8, 8), np.float32)
    values[3, 3] = np.nan
    with pytest.raises(ImageReadError, match="not finite"):
        load_image(encoded(Image.fromarray(values), "TIFF"))
    with pytest.raises(ImageReadError, match="finite"):
        as_pixels(values)


@pytest.mark.parametrize("array", [np.zeros((4, 4), bool), np.zeros(16), np.zeros((0, 4)), np.zeros((4, 4, 3), float)])
def test_arrays_that_are_no_images_are_refused(array: np.ndarray) -> None:
    with pytest.raises(ImageReadError, match="Expected an array of shape"):
        as_pixels(array)


def test_constant_pictures_are_read() -> None:
    for values in (np.full((9, 9), 77, np.uint8), np.full((9, 9), 7777, np.uint16)):
        pixels = as_pixels(values)
        assert pixels.grey().size == (9, 9)
        assert pixels.min_max().getextrema() == (0, 0)


def test_jsrt_is_told_by_its_exact_size() -> None:
    generator = np.random.default_rng(3)
    raw = generator.integers(0, 4096, (2048, 2048)).astype(">i2")
    pixels = read_pixels(raw.tobytes())
    assert pixels.source_format == "JSRT"
    # The official window 0..4096, turned over: white is 0 in the file.
    expected = 255 - (raw.astype(float) / 4096 * 255).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(pixels.grey()), expected)
    with pytest.raises(ImageReadError, match="no format"):
        read_pixels(raw.tobytes()[:-2])


def test_other_data_of_the_size_of_jsrt_is_refused() -> None:
    with pytest.raises(ImageReadError, match="not 12-bit"):
        read_pixels(b"some text " * (2048 * 2048 * 2 // 10) + b"12345678")


def _seed_files() -> dict[str, bytes]:
    values = (np.random.default_rng(0).random((40, 50)) * 65535).astype(np.uint16)
    deep, flat = Image.fromarray(values), Image.fromarray((values >> 8).astype(np.uint8))
    files = {
        "png16": encoded(deep, "PNG"),
        "tiff16": encoded(deep, "TIFF"),
        "tiff-lzw": encoded(deep, "TIFF", compression="tiff_lzw"),
        "jpeg": encoded(flat, "JPEG"),
        "webp": encoded(flat, "WebP"),
    }
    for name in ("JPEG2000", "JPGExtended", "JPEGLSNearLossless_16", "MR_small_RLE", "MR_small"):
        files[name] = (PYDICOM_FILES / f"{name}.dcm").read_bytes()
    return files


@pytest.mark.parametrize(("name", "data"), _seed_files().items(), ids=_seed_files())
def test_damaged_files_raise_nothing_else(name: str, data: bytes) -> None:
    chance = random.Random(name)
    refused = 0
    for _ in range(60):
        damaged = bytearray(data)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(data)) :]
        else:
            reach = chance.choice([len(damaged), min(len(damaged), 1500)])
            for _ in range(chance.choice([1, 3, 30])):
                damaged[chance.randrange(reach)] = chance.randrange(256)
        try:
            assert load_image(bytes(damaged)).mode == "L"
        except ImageReadError:
            refused += 1
    assert refused >= 5, "the damage must be real"


def test_an_open_file_is_left_alone() -> None:
    with pytest.raises(ImageReadError, match="expected a path or bytes, but got BytesIO"):
        load_image(io.BytesIO(b""))  # type: ignore[arg-type]


def test_real_radiographs(shared_data: Path) -> None:
    paths = sorted((shared_data / "nih14" / "images_001" / "images").glob("*.png"))[:5]
    assert paths
    for path in paths:
        with Image.open(path) as stored:
            expected = stored.convert("L")
        assert load_image(path).tobytes() == expected.tobytes()
