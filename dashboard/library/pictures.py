"""From files and uploads to the X-ray on the page."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import streamlit as st

from dashboard.demo.film.xray import Xray
from dashboard.frame.jpeg import jpeg
from dashboard.library.own_set import own_entry
from dashboard.library.steering import TABLE as STEERING
from dashboard.library.steering import in_order
from vpe_core import datasets
from vpe_core.cache import BoundedCache
from vpe_core.datasets.gallery import (
    REAL_TABLE,
    SAMPLES_TABLE,
    TWINS,
    BoxedSamples,
    GalleryImage,
    another_patient,
    boxed_samples,
    offered,
    real_xray_dir,
    set_image,
)  # fmt: skip
from vpe_core.errors import DatasetError
from vpe_core.images import load_image, read_film
from vpe_core.images.limits import check_drawable
from vpe_core.settings import get_settings

_THUMB_PX = 160
_OWN_XRAY = "own:xray"
_KEPT_XRAYS, _KEPT_BYTES = 8, 400_000_000
"""Of the gallery and of data sets: one of 50 megapixels and 16 bits takes 200 MB."""
_LOOK_AGAIN_S = 300
"""An image deep in a data set's folders may have come meanwhile."""


def gallery() -> tuple[GalleryImage, ...]:
    """The X-rays that can be shown now, those first that a marker steers easily."""
    samples, real = (get_settings().precomputed_dir / table for table in (SAMPLES_TABLE, REAL_TABLE))
    places = (
        samples,
        samples.parent,
        samples.parent / TWINS,
        get_settings().precomputed_dir / STEERING,
        real,
        real_xray_dir(),
    )
    return _gallery(tuple((str(place), _changed_ns(place)) for place in places))


@st.cache_resource(max_entries=4, show_spinner=False)
def _gallery(stamp: tuple[tuple[str, int], ...]) -> tuple[GalleryImage, ...]:  # noqa: ARG001 - the cache's key
    return in_order(offered())


def _changed_ns(place: Path) -> int:
    with suppress(OSError):
        return place.stat().st_mtime_ns
    return 0


def set_entry(name: str) -> GalleryImage | None:
    """The image of a data set, as a case of the benchmark links to it; None if there is none of that name."""
    return own_entry(name) or set_image(name, lambda dataset: _boxed(dataset, _stamp(dataset)))


@st.cache_resource(max_entries=16, ttl=_LOOK_AGAIN_S, show_spinner=False)  # all data sets: or links would take turns
def _boxed(dataset: str, stamp: tuple[tuple[str, int], ...]) -> BoxedSamples:  # noqa: ARG001 - part of the cache's key
    return boxed_samples(dataset)


def _stamp(dataset: str) -> tuple[tuple[str, int], ...]:
    """Changes when tables or folders of a data set come, go or are written anew."""
    root = datasets.get(dataset).default_root
    with suppress(DatasetError, OSError):
        folder = root() if root else None
        if folder and folder.is_dir():
            return tuple(
                sorted((entry.name, entry.stat(follow_symlinks=False).st_mtime_ns) for entry in os.scandir(folder))
            )
    return ()


def gallery_xray(entry: GalleryImage) -> Xray:
    """The X-ray of a gallery entry.

    Raises:
        ImageReadError: Its file is missing or damaged.
    """
    if own_entry(entry.name) == entry:
        return own_xray(entry)
    return _read(entry, entry.path.stat().st_mtime_ns if entry.path.is_file() else 0)


def another_patients_xray(xray: Xray) -> Xray | None:
    """A fixed X-ray with nothing to find that is not this patient's; None without any.

    Raises:
        ImageReadError: Its file is damaged.
    """
    entry = another_patient(offered(), patient=xray.patient, simulated=xray.simulated)
    return gallery_xray(entry) if entry else None


def uploaded_xray(data: bytes) -> Xray:
    """The X-ray of an upload. Nothing but its pixels is kept: no file name, no DICOM header.

    Raises:
        ImageReadError: It is no X-ray that can be read, or too small or narrow to draw on.
    """
    key = f"upload-{hashlib.sha256(data).hexdigest()[:16]}"
    label = "Your X-ray. Draw on it with the mouse."
    film = read_film(data)
    check_drawable(*film.picture.size)
    return Xray(key, film.picture, label, "Your X-ray", "It stays in this session.", film=film)


@st.cache_data(max_entries=128, show_spinner=False)
def thumbnail(path: str, changed_ns: int) -> bytes:  # noqa: ARG001 - part of the cache's key
    """A small square JPEG of the X-ray in a file."""
    image = load_image(Path(path))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.resize((_THUMB_PX, _THUMB_PX), box=(left, top, left + side, top + side), reducing_gap=2.0)
    return jpeg(square, 85)


def own_xray(entry: GalleryImage) -> Xray:
    """An X-ray of this session's own data; the latest one is kept, in the session and nowhere else."""
    kept: tuple[GalleryImage, Xray] | None = st.session_state.get(_OWN_XRAY)
    if kept is None or kept[0] != entry:
        kept = entry, _xray_of(entry)
        st.session_state[_OWN_XRAY] = kept
    return kept[1]


def _read(entry: GalleryImage, changed_ns: int) -> Xray:
    return _xrays().get_or_compute(
        (repr(entry), changed_ns), lambda: replace(_xray_of(entry), public=True, version=changed_ns)
    )


@st.cache_resource(show_spinner=False)
def _xrays() -> BoundedCache:
    return BoundedCache(_KEPT_XRAYS, _KEPT_BYTES)


def _xray_of(entry: GalleryImage) -> Xray:
    kind = "Simulated" if entry.simulated else "Real"
    label = f"{kind} chest X-ray: {entry.title}. Draw on it with the mouse, or add a shape by coordinates below."
    film = read_film(entry.path)
    return Xray(
        entry.name, film.picture, label, entry.title, entry.note, entry.simulated, entry.findings,
        file=entry.path, patient=entry.patient, twin=entry.twin, film=film,
    )  # fmt: skip
