"""From line integrals to the picture in a reading room: detection, noise and the display chain.

Signal and noise: a pixel counts N ~ Poisson photons, so the logarithm of the signal has the deviation 1 / sqrt(N)
(Bushberg et al., ch. 4 and 7). Scatter adds a wide, smooth share of the primary beam. The display subtracts part of
the lowest frequencies (equalisation of latitude), lifts edges (unsharp masking; Vuylsteke and Schoeters, "Multiscale
image contrast amplification", SPIE 2167, 1994) and applies a sigmoid curve like film's (Hurter and Driffield, 1890).
How strongly differs between vendors: each picture has one of `LOOKS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vpe_core.simulation.fields import Array, blur, resize

Range = tuple[float, float]
LEVELS_PX = 96  # of the reduced picture on which grey levels are anchored
BODY_SIGNAL = 0.8  # less is air or the body's rim
MIDDLE = 0.45  # of the display curve, between lung (0) and abdomen (1)


@dataclass(frozen=True)
class Look:
    """How one vendor shows a film; each range is drawn from for every picture.

    Attributes:
        often: weight among the looks.
        equalization: 0..1, share of the lowest frequencies that is removed.
        edge: strength of the unsharp masks.
        slope: of the display curve.
        lung, dense: grey levels (0..255) of lung and of abdomen.
    """

    name: str
    often: float
    equalization: Range
    edge: Range
    slope: Range
    lung: Range
    dense: Range


LOOKS = (
    Look("film", 0.3, (0.0, 0.1), (0.15, 0.45), (3.0, 4.2), (50, 80), (205, 228)),
    Look("digital", 0.35, (0.08, 0.25), (0.4, 0.8), (2.4, 3.6), (60, 95), (210, 235)),
    Look("wide latitude", 0.12, (0.3, 0.45), (0.5, 0.9), (2.2, 3.0), (65, 105), (200, 225)),
    Look("edge-enhanced", 0.13, (0.1, 0.25), (1.0, 1.5), (2.4, 3.4), (55, 90), (208, 232)),
    Look("low contrast", 0.1, (0.05, 0.25), (0.3, 0.7), (2.6, 3.6), (70, 90), (140, 165)),
)
PORTABLE = Look("portable", 1.0, (0.15, 0.45), (0.2, 0.7), (1.8, 2.6), (75, 125), (180, 222))


@dataclass(frozen=True)
class Exposure:
    """How one image was taken and displayed.

    Attributes:
        photons_per_mm2: behind air; sets the noise.
        scatter: scattered share relative to the mean primary beam.
        equalization: 0..1, share of the lowest frequencies that is removed.
        edge: strength of the unsharp mask.
        contrast: slope of the display curve.
        lung, dense: grey levels of lung and of abdomen.
        blur_mm: focal spot and detector.
        look: name of the display look.
    """

    photons_per_mm2: float = 6e4
    scatter: float = 0.3
    equalization: float = 0.2
    edge: float = 0.5
    contrast: float = 3.0
    lung: float = 75.0
    dense: float = 220.0
    blur_mm: float = 0.2
    look: str = "digital"


def sample_exposure(rng: np.random.Generator, portable: bool = False) -> Exposure:
    """Draws the technique of one image; a portable one is noisier, flatter and less sharp."""
    weights = np.array([look.often for look in LOOKS])
    look = LOOKS[int(rng.choice(len(LOOKS), p=weights / weights.sum()))]
    look = PORTABLE if portable else look
    return Exposure(
        photons_per_mm2=float(
            np.exp(rng.uniform(np.log(2e4), np.log(9e4)) if portable else rng.uniform(np.log(2e5), np.log(1e6)))
        ),
        scatter=float(rng.uniform(0.5, 1.0) if portable else rng.uniform(0.1, 0.4)),
        equalization=float(rng.uniform(*look.equalization)),
        edge=float(rng.uniform(*look.edge)),
        contrast=float(rng.uniform(*look.slope)),
        lung=float(rng.uniform(*look.lung)),
        dense=float(rng.uniform(*look.dense)),
        blur_mm=float(rng.uniform(0.3, 0.6) if portable else rng.uniform(0.15, 0.35)),
        look=look.name,
    )


def display(
    attenuation: Array,
    mm_per_px: float,
    exposure: Exposure,
    rng: np.random.Generator,
    levels: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    """The image, uint8 (size, size), dense = white.

    Args:
        attenuation: (size, size) line integrals of mu.
        mm_per_px: of the picture.
        exposure: how it is taken and shown.
        rng: of the quantum noise.
        levels: signal of lung and abdomen, see `anchor`; None = from the picture itself.
    """
    photons = exposure.photons_per_mm2 * mm_per_px**2
    signal, beam = _detect(attenuation, mm_per_px, exposure)
    noise = rng.standard_normal(attenuation.shape, dtype=np.float32) / np.sqrt(photons * beam)
    signal = _equalise(signal + blur(noise, 0.12 / mm_per_px), mm_per_px, exposure)
    signal = signal + exposure.edge * 0.5 * (signal - blur(signal, 0.8 / mm_per_px))
    signal = signal + exposure.edge * 0.5 * (signal - blur(signal, 5 / mm_per_px))
    shown = tone(signal, levels or anchor(attenuation, mm_per_px, exposure), exposure)
    return np.asarray(shown + 0.5, np.uint8)


def anchor(
    attenuation: Array, mm_per_px: float, exposure: Exposure, lungs: NDArray[np.bool_] | None = None
) -> tuple[float, float]:
    """The signal of lung and of abdomen, on a reduced copy: where the display curve is fixed.

    Taken from the healthy chest, so that a finding, metal or the room's air does not move the grey of all the rest.

    Args:
        attenuation: (size, size) line integrals of mu.
        mm_per_px: of the picture.
        exposure: how it is taken and shown.
        lungs: where the lungs are deep, square of any size; None = the darker part of the body.
    """
    size = attenuation.shape[0]
    few = resize(attenuation, min(LEVELS_PX, size), Image.Resampling.BOX)
    mm_per_px *= size / few.shape[0]
    signal = _equalise(_detect(few, mm_per_px, exposure)[0], mm_per_px, exposure)
    n = few.shape[0]
    middle = np.zeros(few.shape, bool)
    middle[n // 10 : -n // 12, n // 6 : -n // 6] = True
    body = middle & (few > 0.4)
    if not body.any():
        return float(signal.min()), float(signal.max())
    if lungs is None or not lungs.any():
        lung = float(np.quantile(signal[body], 0.08))
    else:
        lung = float(np.median(signal[resize(lungs.astype(np.float32), n) > 0.5]))
    return lung, max(float(np.quantile(signal[body], 0.9)), lung + 1e-2)


def tone(signal: Array, levels: tuple[float, float], exposure: Exposure) -> Array:
    """Grey level, 0..255, of a signal: a sigmoid through the two anchored levels; black where there is no body."""
    lung, dense = levels

    low, high = (1 / (1 + np.exp(-exposure.contrast * (t - MIDDLE))) for t in (0.0, 1.0))
    curve = 1 / (1 + np.exp(-exposure.contrast * ((signal - lung) / (dense - lung) - MIDDLE)))
    shown = exposure.lung + (exposure.dense - exposure.lung) * (curve - low) / (high - low)
    toe = np.clip(signal / max(0.5 * lung, 1e-3), 0, 1)
    return np.asarray(np.clip(shown * toe * toe * (3 - 2 * toe), 0, 255), np.float32)


def _detect(attenuation: Array, mm_per_px: float, exposure: Exposure) -> tuple[Array, Array]:
    """The logarithm of the signal without noise, and the beam behind the patient."""
    primary = np.exp(-blur(attenuation, exposure.blur_mm / mm_per_px))
    beam = primary + exposure.scatter * blur(primary, 35 / mm_per_px) * 0.6
    open_beam = 1 + 0.6 * exposure.scatter
    return np.asarray(-np.log(beam / open_beam), np.float32), beam


def _equalise(signal: Array, mm_per_px: float, exposure: Exposure) -> Array:
    low = blur(signal, 28 / mm_per_px)
    body = np.clip(signal / BODY_SIGNAL, 0, 1)  # air stays black
    return np.asarray(signal - exposure.equalization * body * (low - low.mean()), np.float32)
