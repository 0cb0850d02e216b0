"""Frames and files whose end is not marked are shown if they are all there, and refused if they are cut."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from tests.images.conftest import PYDICOM_FILES, dicom_bytes, dicom_dataset, encoded
from vpe_core.errors import ImageReadError
from vpe_core.images import read_pixels
from vpe_core.images.rle import without_excess

END = b"\xff\xd9"
ENDINGS = {"none": b"", "half": b"\xff", "zeros": b"\0\0", "padded half": b"\xff\0\0"}
JPEG_KINDS = {"baseline": {}, "progressive": {"progressive": True}, "restarts": {"restart_marker_blocks": 4}}


def picture(mode: str = "L", *, is_flat: bool = False) -> Image.Image:
    """Something to look at, with a plain lower part or without."""
    y, x = np.mgrid[:96, :128]
    values = (x + y + np.random.default_rng(2).integers(0, 9, (96, 128))).astype(np.uint8)
    if is_flat:
        values[20:] = 7
    return Image.fromarray(values).convert(mode)


def in_dicom(frame: bytes, picture: Image.Image) -> bytes:
    dataset = dicom_dataset(np.asarray(picture))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    return dicom_bytes(dataset)


def in_tiff(frame: bytes, picture: Image.Image, compression: int = 7) -> bytes:
    """A TIFF file of one strip, which stands behind the directory."""
    tags = {256: picture.width, 257: picture.height, 258: 8, 259: compression, 262: 1, 277: 1, 278: picture.height}
    tags |= {273: 10 + 12 * 9 + 4, 279: len(frame)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + frame


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("kind", JPEG_KINDS.values(), ids=JPEG_KINDS)
@pytest.mark.parametrize("is_flat", [False, True])
def test_a_whole_jpeg_without_its_end_is_shown(kind: dict[str, bool], is_flat: bool, ending: bytes) -> None:
    shown = picture(is_flat=is_flat)
    whole = encoded(shown, "JPEG", **kind)
    assert whole.endswith(END)
    for wrap in (bytes, lambda frame: in_dicom(frame, shown)):
        np.testing.assert_array_equal(read_pixels(wrap(whole[:-2] + ending)).values, read_pixels(wrap(whole)).values)


@pytest.mark.parametrize("kind", JPEG_KINDS.values(), ids=JPEG_KINDS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_cut_jpeg_is_refused(kind: dict[str, bool], mode: str) -> None:
    for is_flat in (False, True):
        whole = encoded(picture(mode, is_flat=is_flat), "JPEG", **kind)
        header = whole.index(b"\xff\xda") + 20
        for length in (*range(header, len(whole) - 4, 101), len(whole) - 5):
            with pytest.raises(ImageReadError, match="pixel data end early"):
                read_pixels(whole[:length])
            if mode == "L":
                with pytest.raises(ImageReadError, match="pixel data end early"):
                    read_pixels(in_dicom(whole[:length], picture()))


@pytest.mark.parametrize("kind", JPEG_KINDS.values(), ids=JPEG_KINDS)
@pytest.mark.parametrize("wrap", [lambda frame, _: frame, in_dicom, in_tiff], ids=["file", "DICOM", "TIFF"])
def test_a_jpeg_that_lacks_blocks_before_its_end_is_refused(kind: dict[str, bool], wrap) -> None:
    for is_flat in (False, True):
        shown = picture(is_flat=is_flat)
        whole = encoded(shown, "JPEG", **kind)
        assert read_pixels(wrap(whole, shown)).size_wh == shown.size
        coded = len(whole) - 2 - (whole.index(b"\xff\xda") + 20)
        for n_missing in (coded // 20, coded // 3):
            with pytest.raises(ImageReadError, match="pixel data end early"):
                read_pixels(wrap(whole[: -2 - n_missing] + END, shown))


def test_a_jpeg_that_lacks_blocks_in_its_middle_is_refused() -> None:
    whole = encoded(picture(), "JPEG")
    middle, third = len(whole) // 2, len(whole) // 3
    with pytest.raises(ImageReadError, match="pixel data end early"):
        read_pixels(whole[:middle] + whole[middle + third :])


def test_a_progressive_jpeg_cut_between_two_scans_is_refused() -> None:
    whole = encoded(picture("RGB"), "JPEG", progressive=True)
    scans = [place for place in range(len(whole)) if whole.startswith(b"\xff\xda", place)]
    assert len(scans) > 5
    for before, place in pairwise(scans):
        table = whole.find(b"\xff\xc4", before, place)  # of the next scan
        with pytest.raises(ImageReadError, match="pixel data end early"):
            read_pixels(whole[: place if table < 0 else table])


def check_ends(dataset: pydicom.Dataset, few_bytes: tuple[int, int]) -> None:
    """Whatever stands where the end mark was, the frame is shown; with a few bytes less, or many, it is refused."""
    expected = read_pixels(dicom_bytes(dataset)).values
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    frame = frame[: frame.rindex(END)]
    for ending in ENDINGS.values():
        dataset.PixelData = encapsulate([frame + ending])
        np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, expected)
    for n_bytes in (*few_bytes, len(frame) // 4, len(frame) // 2):
        dataset.PixelData = encapsulate([frame[:-n_bytes]])
        with pytest.raises(ImageReadError, match="pixel data end early"):
            read_pixels(dicom_bytes(dataset))


@pytest.mark.parametrize(
    "name",
    ["MR_small_jpeg_ls_lossless", "JPEGLSNearLossless_16", "JPGExtended", "SC_rgb_jpeg_gdcm"],
)  # JPEG-LS, 12 bits, lossless
def test_other_frames_in_dicom_files(name: str) -> None:
    check_ends(pydicom.dcmread(PYDICOM_FILES / f"{name}.dcm"), few_bytes=(4, 20))


def test_jpeg_2000(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16)
    dataset.compress(JPEG2000Lossless)
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, values_16)
    check_ends(dataset, few_bytes=(1, 2))


def test_run_lengths_that_are_cut(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16)
    dataset.compress(RLELossless)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    for n_bytes in (40, len(frame) // 4, len(frame) - 20):
        dataset.PixelData = encapsulate([frame[:n_bytes]])
        with pytest.raises(ImageReadError, match="pixel data end early"):
            read_pixels(dicom_bytes(dataset))


def test_run_lengths_beyond_the_last_pixel_are_not_decoded(values_16: np.ndarray) -> None:
    dataset = dicom_dataset(values_16)
    dataset.compress(RLELossless)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    bomb = frame + b"\x81\0" * 100_000  # 12.8 MB of zeros
    assert len(without_excess(bomb, values_16.size)) <= len(frame)
    dataset.PixelData = encapsulate([bomb])
    np.testing.assert_array_equal(read_pixels(dicom_bytes(dataset)).values, values_16)


@pytest.mark.parametrize("compression", [1, 7, 8])
def test_a_cut_tiff_file(compression: int) -> None:
    shown = picture()
    strip = {1: bytes, 7: lambda _: encoded(shown, "JPEG"), 8: zlib.compress}[compression](shown.tobytes())
    whole = in_tiff(strip, shown, compression)
    assert read_pixels(whole).size_wh == shown.size
    for n_missing in (1, len(strip) // 2):
        with pytest.raises(ImageReadError, match="pixel data end early"):
            read_pixels(whole[:-n_missing])


def test_a_damaged_strip_of_a_tiff_file() -> None:
    shown = picture()
    with pytest.raises(ImageReadError, match="its compressed pixels are damaged"):
        read_pixels(in_tiff(zlib.compress(shown.tobytes())[:-900], shown, 8))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "WebP"])
def test_half_a_file_is_refused_in_our_words(file_format: str) -> None:
    whole = encoded(picture(), file_format)
    with pytest.raises(ImageReadError, match=r"pixel data end early|directory"):
        read_pixels(whole[: len(whole) // 2])
