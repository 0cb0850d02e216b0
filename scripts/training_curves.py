"""A picture of a training log: the loss and the share of right answers on training batches, as SVG.

Written beside each model card by `scripts.write_model_cards`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpe_core.training.recipe import Recipe

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 360, 220, 44, 28, 34  # px, of one panel
WINDOW = 10  # logged batches that a point averages
INK, GRID, LINE = "#7a7f87", "#c9cdd3", "#c2570c"


def training_curves(log: Path, recipe: Recipe) -> str:
    """Two panels over the steps, with a line where a stage ends.

    Args:
        log: training_log.csv of a model.
        recipe: of its run.
    """
    rows = pd.read_csv(log)
    ends = np.cumsum([stage.steps for stage in recipe.stages])
    marked = "marked" if recipe.markers else "unmarked"
    smooth = rows.rolling(WINDOW, min_periods=1).mean()
    right = smooth["marked_accuracy" if recipe.markers else "unmarked_hit"]
    loss_top = 5 * float(np.ceil(smooth["loss"].max() / 5))
    panels = (
        _panel(0, "loss, all terms", rows["step"], smooth["loss"], (0, loss_top), ends),
        _panel(WIDTH, f"right answers, {marked} training images", rows["step"], right, (0, 1), ends),
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="11" fill="{INK}">\n' + "\n".join(panels) + "\n</svg>\n"
    )


def _panel(
    left: int, title: str, steps: pd.Series, values: pd.Series, span: tuple[float, float], ends: NDArray[np.int64]
) -> str:
    x0, x1, y0, y1 = left + LEFT, left + WIDTH - 22, HEIGHT - BOTTOM, TOP
    low, high = span

    def x(step: float) -> float:
        return x0 + (x1 - x0) * step / float(ends[-1])

    def y(value: float) -> float:
        return y0 + (y1 - y0) * (value - low) / (high - low)

    parts = [f'<text x="{x0}" y="14">{title}</text>']
    for tick in np.linspace(low, high, 6):
        parts.append(f'<path d="M{x0} {y(tick):.1f}H{x1}" stroke="{GRID}" stroke-width="0.6"/>')
        parts.append(f'<text x="{x0 - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.3g}</text>')
    for end in (0, *ends):
        parts.append(f'<path d="M{x(end):.1f} {y0}V{y1}" stroke="{GRID}" stroke-dasharray="3 3"/>')
        parts.append(f'<text x="{x(end):.1f}" y="{y0 + 15}" text-anchor="middle">{end:,}</text>')
    points = " ".join(
        f"{x(step):.1f},{y(value):.1f}" for step, value in zip(steps, values, strict=True) if np.isfinite(value)
    )
    parts.append(f'<text x="{(x0 + x1) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle">step</text>')
    parts.append(f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="1.6"/>')
    return "\n".join(parts)
