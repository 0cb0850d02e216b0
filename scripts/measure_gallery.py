"""Measures which X-rays of the gallery a rough marker steers, and stores it in precomputed/samples/steering.csv.

python -m scripts.measure_gallery

Each finding is marked as people do it: with a circle and a box that are tight, half as wide again and twice as wide,
and with an arrow, each at its place and a little beside it. On an X-ray without a finding, circles, boxes and arrows
stand at places all over the lungs, and the answer should stay "no abnormality". The order of the gallery follows from
this table (`dashboard.library.steering`).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.demo.answers.marked_xray import draw
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.library.steering import COLUMNS, TABLE, WAYS, class_of
from vpe_core import load_image, load_model
from vpe_core.attention import GazeEncoder, attention_inside
from vpe_core.datasets.gallery import GalleryImage, simulated_gallery
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.markers.marks import Mark
from vpe_core.models import Model
from vpe_core.models.encoder import probabilities
from vpe_core.settings import get_settings
from vpe_core.types import Arrow, Box

COMMAND = "python -m scripts.measure_gallery"
FACTORS = {"tight": 1.0, "loose": 1.5, "double": 2.0}
BESIDE_SHARE = 0.12
"""How far from its place a marker is put, as a share of its own size: as far as a quick hand misses."""
BESIDE = ((0, 0), (-1, -1), (1, -1), (-1, 1), (1, 1))
ARROW_SHARE = 0.22
"""Length of an arrow as a share of the X-ray's side."""
CORE = 0.8
"""An attention peak is at a finding if the patch's middle lies in this much of its box: a corner may be beside it."""
LUNGS = ((0.3, 0.3), (0.7, 0.3), (0.27, 0.5), (0.73, 0.5), (0.3, 0.65))
"""Where markers stand on an X-ray without a finding, as shares of its sides."""
LUNG_SIDE_SHARE = 0.14


def main() -> None:
    options = _options()
    model = load_model(options.model, device="cpu", precision="fp32")
    command = f"{COMMAND} --model {model.name}"
    classes = DemoState().shown_classes
    embed = GazeEncoder(model)
    with options.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for entry in simulated_gallery():
            image = load_image(entry.path)
            for row in _rows(entry, image, model, embed, classes):
                writer.writerow(
                    {**row, "model": model.name, "weights_sha256": model.record.weights_sha256, "command": command}
                )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="simclip")
    parser.add_argument("--out", type=Path, default=get_settings().precomputed_dir / TABLE)
    return parser.parse_args()


def _rows(
    entry: GalleryImage, image: Image.Image, model: Model, embed: GazeEncoder, classes: tuple[str, ...]
) -> Iterator[dict[str, object]]:
    """A row a finding; one for an X-ray without any."""
    places: list[tuple[str, Box | None]] = [(finding.label, finding.box) for finding in entry.findings]
    for label, box in places or [(HEALTHY, None)]:
        expected = class_of(label, classes)
        if expected is None:
            continue
        column = classes.index(expected)
        ways = _ways_to_mark(box, image.size)
        marks = [mark for group in ways.values() for mark in group]
        chances, maps = _answers(Xray(entry.name, image), marks, model, embed, classes)
        said = chances.argmax(axis=1)
        row: dict[str, object] = {
            "sample": entry.name,
            "finding": label,
            "said_unmarked": classes[said[0]],
            "unmarked": f"{chances[0, column]:.3f}",
        }
        start = 1
        for name, group in ways.items():
            row[name] = f"{(said[start : start + len(group)] == column).mean():.2f}"
            start += len(group)
        row["lowest"] = f"{chances[1:, column].min():.3f}"
        row["mean"] = f"{chances[1:, column].mean():.3f}"
        if box is not None:
            at_loose_circle = 1 + sum(len(group) for group in list(ways.values())[: list(ways).index("circle_loose")])
            for name, index in (("unmarked", 0), ("circle", at_loose_circle)):
                share, peaks = _inside_finding(maps[index], box, image.size)
                row |= {f"attention_{name}": f"{share:.3f}", f"peak_{name}": int(peaks)}
        yield row


def _answers(
    xray: Xray, marks: list[Mark], model: Model, embed: GazeEncoder, classes: tuple[str, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities (1 + marks, classes) and attention (1 + marks, rows, columns), the unmarked X-ray first."""
    states = [DemoState(), *(DemoState(marks=(mark,)) for mark in marks)]
    prepared = np.stack([model.prepare(draw(xray, state)) for state in states])
    embeddings, maps = embed.encode(prepared)
    if maps is None:
        raise SystemExit(f"Expected a model whose attention can be read, but {model.name} is none.")
    texts = model.encode_classes(classes, template=DemoState().template)
    return probabilities(embeddings, texts, model.logit_scale), maps


def _ways_to_mark(box: Box | None, size_wh: tuple[int, int]) -> dict[str, list[Mark]]:
    """All markers of one finding by column of the table, the one at its place first."""
    ways: dict[str, list[Mark]] = {name: [] for name in WAYS}
    if box is None:
        side = LUNG_SIDE_SHARE * min(size_wh)
        spots = [_around((x * size_wh[0], y * size_wh[1]), side, side) for x, y in LUNGS]
        for kind, marker in (("circle", "circle"), ("box", "bbox")):
            for how, factor in FACTORS.items():
                ways[f"{kind}_{how}"] = [Mark(marker, _grown(spot, factor, size_wh)) for spot in spots]
        ways["arrow"] = [_arrow(spot.center, size_wh) for spot in spots]
        return ways
    for kind, marker in (("circle", "circle"), ("box", "bbox")):
        for how, factor in FACTORS.items():
            grown = _grown(box, factor, None)
            beside = [
                grown.shifted(BESIDE_SHARE * dx * grown.width, BESIDE_SHARE * dy * grown.height) for dx, dy in BESIDE
            ]
            ways[f"{kind}_{how}"] = [Mark(marker, _inside(one, size_wh)) for one in beside]
    (x, y), reach = box.center, (BESIDE_SHARE * box.width, BESIDE_SHARE * box.height)
    ways["arrow"] = [_arrow((x + dx * reach[0], y + dy * reach[1]), size_wh) for dx, dy in BESIDE]
    return ways


def _around(center: tuple[float, float], width: float, height: float) -> Box:
    x, y = center
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _grown(box: Box, factor: float, size_wh: tuple[int, int] | None) -> Box:
    grown = _around(box.center, factor * box.width, factor * box.height)
    return _inside(grown, size_wh) if size_wh else grown


def _inside(region: Box, size_wh: tuple[int, int]) -> Box:
    return region.clipped(*size_wh)


def _arrow(tip: tuple[float, float], size_wh: tuple[int, int]) -> Mark:
    """An arrow that comes from the nearer side, slightly from below, as a right hand draws it."""
    length = ARROW_SHARE * min(size_wh)
    towards = 1 if tip[0] > size_wh[0] / 2 else -1
    tail = (tip[0] + towards * length * 0.8, tip[1] + length * 0.6)
    return Mark("arrow", Arrow((min(max(tail[0], 0), size_wh[0] - 1), min(tail[1], size_wh[1] - 1)), tip))


def _inside_finding(grid: NDArray[np.float32], box: Box, size_wh: tuple[int, int]) -> tuple[float, bool]:
    """The share of the attention inside the finding's box, and whether the strongest patch lies well inside it."""
    rows, columns = grid.shape
    region = box.scaled(columns / size_wh[0], rows / size_wh[1])
    row, column = np.unravel_index(int(grid.argmax()), grid.shape)
    core = _around(region.center, CORE * region.width, CORE * region.height)
    peaks = core.x0 <= column + 0.5 <= core.x1 and core.y0 <= row + 0.5 <= core.y1
    return attention_inside(grid, region).share, bool(peaks)


if __name__ == "__main__":
    main()
