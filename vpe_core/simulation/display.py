"""From line integrals to the picture in a reading room: detection, noise and the display chain.

Signal and noise: a pixel counts N ~ Poisson photons, so the logarithm of the signal has the deviation 1 / sqrt(N)
(Bushberg et al., ch. 4 and 7). Scatter adds a wide, smooth share of the primary beam. The display subtracts part of
the lowest frequencies (equalisation of latitude), lifts edges (unsharp masking; Vuylsteke and Schoeters, "Multiscale
image contrast amplification", SPIE 2167, 1994) and applies a sigmoid curve like film's (Hurter and Driffield, 1890).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpe_core.simulation.fields import Array, blur

SLOPE = 1.9  # of the display curve at its middle


@dataclass(frozen=True)
class Exposure:
    """How one image was taken and displayed.

    Attributes:
        photons_per_mm2: behind air; sets the noise.
        scatter: scattered share relative to the mean primary beam.
        equalization: 0..1, share of the lowest frequencies that is removed.
        edge: strength of the unsharp mask.
        contrast: slope of the display curve.
        brightness: shift of its centre, in units of the display range.
        blur_mm: focal spot and detector.
    """

    photons_per_mm2: float = 6e4
    scatter: float = 0.3
    equalization: float = 0.45
    edge: float = 0.6
    contrast: float = 1.0
    brightness: float = 0.0
    blur_mm: float = 0.2


def sample_exposure(rng: np.random.Generator, portable: bool = False) -> Exposure:
    """Draws the technique of one image; a portable one is noisier, flatter and less sharp."""
    return Exposure(
        photons_per_mm2=float(
            np.exp(rng.uniform(np.log(1.2e4), np.log(5e4)) if portable else rng.uniform(np.log(6e4), np.log(4e5)))
        ),
        scatter=float(rng.uniform(0.5, 1.0) if portable else rng.uniform(0.1, 0.4)),
        equalization=float(rng.uniform(0.35, 0.65)),
        edge=float(rng.uniform(0.2, 0.7) if portable else rng.uniform(0.5, 1.3)),
        contrast=float(rng.uniform(0.62, 0.9) if portable else rng.uniform(0.85, 1.25)),
        brightness=float(rng.uniform(-0.09, 0.09)),
        blur_mm=float(rng.uniform(0.3, 0.6) if portable else rng.uniform(0.15, 0.35)),
    )


def display(attenuation: Array, mm_per_px: float, exposure: Exposure, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The image, uint8 (size, size), dense = white.

    Args:
        attenuation: (size, size) line integrals of mu.
        mm_per_px: of the picture.
        exposure: how it is taken and shown.
        rng: of the quantum noise.
    """
    primary = np.exp(-blur(attenuation, exposure.blur_mm / mm_per_px))
    beam = primary + exposure.scatter * blur(primary, 35 / mm_per_px) * 0.6
    photons = exposure.photons_per_mm2 * mm_per_px**2
    noise = rng.standard_normal(attenuation.shape, dtype=np.float32) / np.sqrt(photons * beam)
    signal = -np.log(beam) + blur(noise, 0.12 / mm_per_px)
    low = blur(signal, 28 / mm_per_px)
    signal = signal - exposure.equalization * (low - low.mean())
    signal = signal + exposure.edge * 0.5 * (signal - blur(signal, 0.8 / mm_per_px))
    signal = signal + exposure.edge * 0.35 * (signal - blur(signal, 5 / mm_per_px))
    dark, bright = _window(signal)
    level = (signal - dark) / max(bright - dark, 1e-3) - 0.5 + exposure.brightness
    curve = 1 / (1 + np.exp(-2 * SLOPE * exposure.contrast * level))
    floor = 1 / (1 + np.exp(SLOPE * exposure.contrast))
    shown = (curve - floor) / (1 - 2 * floor)
    return np.asarray(np.clip(shown, 0, 1) * 255 + 0.5, np.uint8)


def _window(signal: Array) -> tuple[float, float]:
    """Display range from the middle of the picture, so that metal and the room's air do not decide it."""
    n = signal.shape[0]
    middle = signal[n // 10 : -n // 10 : 2, n // 8 : -n // 8 : 2]
    dark, bright = np.quantile(middle, (0.01, 0.99))
    return float(dark), float(bright)
