"""Numbers that a film can be compared by, after every film has gone through the same reduction.

`reduce_film` makes films of any source comparable; each function in `GROUPS` turns a reduced film into named numbers.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from vpe_core.simulation.fields import Array

EDGE = 256
"""Films are compared at EDGE x EDGE px."""
_COMMON_EDGE, _COMMON_QUALITY = 288, 56
_TAILS = (1.0, 99.0)  # percentiles that become black and white
_BANDS = np.geomspace(2, 120, 11)  # cycles a film edge
_CENTRE = (slice(round(0.1 * EDGE), round(0.65 * EDGE)), slice(round(0.1 * EDGE), round(0.9 * EDGE)))
_LANES = {
    "image left": slice(round(0.15 * EDGE), round(0.38 * EDGE)),
    "image right": slice(round(0.62 * EDGE), round(0.85 * EDGE)),
}


def reduce_film(film: NDArray[np.uint8]) -> Array:
    """A film as all are compared: float32 (EDGE, EDGE), 0 to 1.

    Size and compression are made alike, so that neither tells where a film comes from: reduced to 288 px, through a
    WebP as the data sets are stored, reduced to 256 px. Then the 1st and 99th percentile become 0 and 1.

    Args:
        film: (height, width), squeezed to a square, as models see it.
    """
    small = Image.fromarray(film).resize((_COMMON_EDGE, _COMMON_EDGE), Image.Resampling.LANCZOS)
    stored = io.BytesIO()
    small.convert("RGB").save(stored, "WEBP", quality=_COMMON_QUALITY)
    reduced = Image.open(stored).convert("L").resize((EDGE, EDGE), Image.Resampling.LANCZOS)
    grey = np.asarray(reduced, np.float32)
    low, high = np.percentile(grey, _TAILS)
    return np.asarray(np.clip((grey - low) / max(float(high - low), 1.0), 0, 1), np.float32)


def spectrum(film: Array) -> dict[str, float]:
    """Radial power spectrum: log10 of the power in ten bands as a share of all, and its slope from 8 cycles on."""
    window = np.hanning(EDGE)
    power = np.abs(np.fft.rfft2((film - film.mean()) * np.outer(window, window))) ** 2
    radius = np.hypot(np.fft.fftfreq(EDGE)[:, None], np.fft.rfftfreq(EDGE)[None, :]) * EDGE
    band = np.digitize(radius, _BANDS)
    inside = [power[band == k] for k in range(1, len(_BANDS))]
    shares = np.log10(np.array([part.sum() for part in inside]) / (power.sum() + 1e-9) + 1e-9)
    density = np.log10(np.array([part.mean() for part in inside]) + 1e-9)
    middle = np.sqrt(_BANDS[1:] * _BANDS[:-1])
    fine = middle > 8
    named = {f"power at {f:.0f} cycles": float(s) for f, s in zip(middle, shares, strict=True)}
    return {**named, "slope": float(np.polyfit(np.log10(middle[fine]), density[fine], 1)[0])}


def local_contrast(film: Array) -> dict[str, float]:
    """Log10 of the standard deviation at four scales, in the quarters of the part of the film where lungs lie."""
    told = {}
    for sigma in (1, 2, 4, 8):
        detail = (ndimage.gaussian_filter(film, sigma) - ndimage.gaussian_filter(film, 2 * sigma))[_CENTRE]
        for half, rows in zip(("upper", "lower"), np.array_split(detail, 2, axis=0), strict=True):
            for side, part in zip(("left", "right"), np.array_split(rows, 2, axis=1), strict=True):
                told[f"{sigma} px, {half} image {side}"] = float(np.log10(part.std() + 1e-4))
    return told


def grey_levels(film: Array) -> dict[str, float]:
    """Quantiles, spread, entropy, what is black or white, and the mean of each field of a 4 x 4 grid."""
    told = {f"quantile {q}%": float(np.percentile(film, q)) for q in (5, 10, 25, 50, 75, 90, 95)}
    counts = np.histogram(film, 64, (0, 1))[0] / film.size
    told["entropy"] = float(-(counts[counts > 0] * np.log2(counts[counts > 0])).sum())
    told["black"], told["white"] = float((film < 0.03).mean()), float((film > 0.97).mean())
    fields = film.reshape(4, EDGE // 4, 4, EDGE // 4).mean((1, 3))
    return told | {f"mean of row {r + 1}, column {c + 1}": float(fields[r, c]) for r in range(4) for c in range(4)}


def layout(film: Array) -> dict[str, float]:
    """Row and column profiles, symmetry, and where the lungs begin and end: the steepest steps beside the middle."""
    flat = (film - film.mean()) / (film.std() + 1e-6)
    told: dict[str, float] = {}
    for axis, name in ((1, "row"), (0, "column")):
        profile = flat.mean(axis).reshape(8, -1).mean(1)
        told |= {f"{name} profile {k + 1}": float(value) for k, value in enumerate(profile)}
    told["symmetry"] = float((flat * flat[:, ::-1]).mean())
    smooth = ndimage.gaussian_filter(film, 4)
    for side, columns in _LANES.items():
        step = np.gradient(smooth[:, columns].mean(1))
        top = int(step[8 : EDGE // 2].argmin()) + 8
        dome = int(step[EDGE // 4 : -EDGE // 16].argmax()) + EDGE // 4
        told |= {f"lung top, {side}": top / EDGE, f"dome, {side}": dome / EDGE}
    return told


GROUPS: Mapping[str, Callable[[Array], Mapping[str, float]]] = {
    "spectrum": spectrum,
    "local contrast": local_contrast,
    "grey levels": grey_levels,
    "layout": layout,
}
"""Feature groups: name to what measures a reduced film."""


def feature_table(films: Sequence[Array], group: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The features of a group: their names, and (n, f) numbers, a row a film."""
    rows = [GROUPS[group](film) for film in films]
    return tuple(rows[0]), np.array([list(row.values()) for row in rows])
