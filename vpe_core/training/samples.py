"""Training samples: a view of a case, perhaps with a marker, and what is true of it; sample i never changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from vpe_core.training import captions
from vpe_core.training.captions import CLASSES, Meaning
from vpe_core.training.hand_markers import CANVAS, ENCLOSING, draw, draw_loosely, overlap, sample_marker
from vpe_core.training.network import PATCH
from vpe_core.training.render import TrainingCases

ZOOM_SHARE = 0.16
HEALTHY_SHARE = 0.33  # of the markers and of the zoomed views: they point at a healthy place
LONE_NODULE_SHARE = 0.4  # of the cases with nothing but a nodule: all of them would make nodules the safe guess
LOOSE_SHARE = 0.75
IN_VIEW = 0.5  # share of a finding's box that a view must hold for its caption to speak of it
NOTHING = -1


@dataclass(frozen=True)
class CaseFinding:
    """A finding of a case; box in fractions of the edge length."""

    finding: int
    look: str
    box: tuple[float, float, float, float]
    side: str
    zone: str
    severity: float


class TrainingSamples(Dataset[dict[str, object]]):
    """Figure-caption pairs made from rendered cases.

    Args:
        markers: share of the whole views that carry a marker; 0 trains the plain twin on the same views.
        image_size: of the network, px.
        smallest_view: edge of the closest whole view relative to the image. Below 1 findings are seen larger in
            training than in use, which makes up for a smaller `image_size` (Touvron et al., 2019, FixRes).
        hidden_weight: how many times likelier a marker points at a finding whose centre lies in another finding's box.
    """

    def __init__(
        self,
        cases: TrainingCases,
        seed: int,
        markers: float,
        image_size: int,
        length: int,
        smallest_view: float = 0.86,
        hidden_weight: int = 1,
    ) -> None:
        self._cases, self._seed, self._markers = cases, seed, markers
        self._image_size, self._length, self._smallest_view = image_size, length, smallest_view
        self._patches = image_size // PATCH
        self._rows: list[list[CaseFinding]] = [[] for _ in range(len(cases))]
        for r in cases.findings.itertuples(index=False):
            box = (float(r.x0), float(r.y0), float(r.x1), float(r.y1))
            self._rows[r.case].append(
                CaseFinding(int(r.finding), str(r.look), box, str(r.side), str(r.zone), float(r.severity))
            )
        self._aims = [_aims(rows, hidden_weight) for rows in self._rows]
        self._boxes = [row for rows in self._rows for row in rows]
        self._lone = [len(rows) == 1 and bool(rows[0].look) for rows in self._rows]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> dict[str, object]:
        rng = np.random.default_rng([self._seed, index])
        case = self._draw_case(rng)
        rows, coverage = self._rows[case], self._cases.coverage[case]
        zoom = rng.random() < ZOOM_SHARE
        marked = not zoom and rng.random() < self._markers
        target, box, source = NOTHING, None, NOTHING
        if zoom or marked:
            target, box, source = self._aim(rng, case)
            zoom, marked = zoom and box is not None, marked and box is not None
        view = _zoom_view(box) if zoom and box else _whole_view(rng, self._smallest_view, box)
        loose = self._loose(rng, case, target, box) if marked and box else None
        image = _photometric(rng, self._cases.images[case], view)
        marker = color = ""
        if marked and box:
            mark = sample_marker(rng, _on_canvas(box, view), _on_canvas(loose, view) if loose else None)
            image, marker, color = draw(image, mark), mark.kind, mark.color
        pixels = image.resize((self._image_size, self._image_size), Image.Resampling.BICUBIC).convert("RGB")
        present = np.zeros(len(CLASSES), bool)
        focused = zoom or marked
        told = [row for row in rows if _share_inside(row.box, view) >= IN_VIEW]
        if focused:
            told = [rows[target]] if target >= 0 else []
        for row in told:
            present[row.finding] = True
        caption, meaning = _caption(rng, told, focused, present, marker, color)
        return {
            "pixels": torch.from_numpy(np.array(pixels)),
            "present": torch.from_numpy(present),
            "marked": marked,
            "focused": focused,
            "source": source if marked and target < 0 else NOTHING,
            "dense": torch.from_numpy(_dense(coverage, rows, view, self._patches)),
            "region": torch.from_numpy(
                _region(box, view, self._patches) if marked and box else np.zeros(self._patches**2, np.float32)
            ),
            "caption": caption,
            "meaning": meaning,
            "places": [(row.finding, row.side, row.zone, row.look) for row in told],
            "marker": (marker, color),
            "encloses": marker in ENCLOSING,
            "look": "" if not focused or target < 0 else rows[target].look,
        }

    def _loose(self, rng: np.random.Generator, case: int, target: int, box: View) -> View | None:
        """Where a marker of `box` is drawn loosely, never better around another finding; None: exactly on it."""
        if rng.random() >= LOOSE_SHARE:
            return None
        others = [row.box for k, row in enumerate(self._rows[case]) if k != target]
        for _ in range(6):
            loose = draw_loosely(rng, box, self._boxes[int(rng.integers(len(self._boxes)))].box)
            if all(overlap(loose, other) < overlap(loose, box) for other in others):
                return loose
        return None

    def _draw_case(self, rng: np.random.Generator) -> int:
        while True:
            case = int(rng.integers(len(self._rows)))
            if not self._lone[case] or rng.random() < LONE_NODULE_SHARE:
                return case

    def _aim(self, rng: np.random.Generator, case: int) -> tuple[int, tuple[float, float, float, float] | None, int]:
        """What a marker points at: a finding, or a healthy place with the box of some other case's finding."""
        rows, aims = self._rows[case], self._aims[case]
        if rows and rng.random() >= HEALTHY_SHARE:
            target = aims[int(rng.integers(len(aims)))]
            return target, rows[target].box, NOTHING
        covered = self._cases.coverage[case].max(0) / 255.0
        for _ in range(8):
            other = self._boxes[int(rng.integers(len(self._boxes)))]
            cells = np.clip(np.array(other.box) * covered.shape[0], 0, covered.shape[0])
            x0, y0, x1, y1 = int(cells[0]), int(cells[1]), int(np.ceil(cells[2])), int(np.ceil(cells[3]))
            if not rows or covered[y0:y1, x0:x1].mean() < 0.03:
                return NOTHING, other.box, other.finding
        if not rows:
            return NOTHING, None, NOTHING
        target = aims[int(rng.integers(len(aims)))]
        return target, rows[target].box, NOTHING


View = tuple[float, float, float, float]  # x0, y0, x1, y1 in fractions of the edge length


def _aims(rows: list[CaseFinding], hidden_weight: int) -> list[int]:
    """The findings of a case, those whose centre lies in another one's box so many times."""
    aims = []
    for k, row in enumerate(rows):
        x, y = (row.box[0] + row.box[2]) / 2, (row.box[1] + row.box[3]) / 2
        others = (other.box for other in rows if other is not row)
        hidden = any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in others)
        aims += [k] * (hidden_weight if hidden else 1)
    return aims


def _whole_view(rng: np.random.Generator, smallest: float, box: View | None) -> View:
    """Most of the image, or all of it; `box`, if there is one, lies inside."""
    if rng.random() < 0.3:
        return (0.0, 0.0, 1.0, 1.0)
    wanted = np.array([0.5, 0.5, 0.5, 0.5] if box is None else box)
    size = rng.uniform(smallest, 1.0) * np.exp(rng.uniform(-0.06, 0.06, 2))
    size = np.clip(np.maximum(size, wanted[2:] - wanted[:2]), 0, 1)
    low, high = np.maximum(wanted[2:] - size, 0), np.minimum(wanted[:2], 1 - size)
    x0, y0 = rng.uniform(np.minimum(low, high), high) if box else rng.uniform(0, 1 - size)
    return (float(x0), float(y0), float(x0 + size[0]), float(y0 + size[1]))


def _share_inside(box: View, view: View) -> float:
    """Share of a box that lies in a view."""
    width = max(min(box[2], view[2]) - max(box[0], view[0]), 0)
    height = max(min(box[3], view[3]) - max(box[1], view[1]), 0)
    return width * height / max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)


def _zoom_view(box: View) -> View:
    """The paper's crop: half-size max(half box, 0.2) around the centre, clipped to the image."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half = max((box[2] - box[0]) / 2, (box[3] - box[1]) / 2, 0.2)
    return (max(x - half, 0), max(y - half, 0), min(x + half, 1), min(y + half, 1))


def _photometric(rng: np.random.Generator, pixels: NDArray[np.uint8], view: View) -> Image.Image:
    """The view on the canvas, with a little gamma and contrast."""
    edge = pixels.shape[0]
    window = tuple(v * edge for v in view)
    image = Image.fromarray(np.asarray(pixels)).resize((CANVAS, CANVAS), Image.Resampling.BICUBIC, box=window)
    gamma, gain, shift = np.exp(rng.normal(0, 0.12)), np.exp(rng.normal(0, 0.06)), rng.normal(0, 0.02)
    table = np.clip((np.linspace(0, 1, 256) ** gamma - 0.5) * gain + 0.5 + shift, 0, 1) * 255
    return image.point(table.astype(np.uint8).tolist())


def _on_canvas(box: View, view: View) -> tuple[float, float, float, float]:
    sx, sy = CANVAS / (view[2] - view[0]), CANVAS / (view[3] - view[1])
    x0, y0 = (box[0] - view[0]) * sx, (box[1] - view[1]) * sy
    x1, y1 = (box[2] - view[0]) * sx, (box[3] - view[1]) * sy
    low, high = np.clip((x0, y0), 0, CANVAS - 6), np.clip((x1, y1), 4, CANVAS - 1)
    return float(low[0]), float(low[1]), float(max(high[0], low[0] + 3)), float(max(high[1], low[1] + 3))


def _dense(coverage: NDArray[np.uint8], rows: list[CaseFinding], view: View, patches: int) -> NDArray[np.uint8]:
    """Share of every patch that each finding covers, uint8 (patches^2, classes)."""
    dense = np.zeros((patches * patches, len(CLASSES)), np.uint8)
    edge = coverage.shape[-1]
    window = tuple(v * edge for v in view)
    for finding in {row.finding for row in rows}:
        layer = Image.fromarray(np.asarray(coverage[finding])).resize(
            (patches, patches), Image.Resampling.BILINEAR, box=window
        )
        dense[:, finding] = np.asarray(layer).ravel()
    return dense


def _region(box: View, view: View, patches: int) -> NDArray[np.float32]:
    """Share of each patch inside the box, float32 (patches^2,)."""
    x0, y0, x1, y1 = (v / CANVAS * patches for v in _on_canvas(box, view))
    edges = np.arange(patches)
    across = np.clip(np.minimum(edges + 1, x1) - np.maximum(edges, x0), 0, 1)
    down = np.clip(np.minimum(edges + 1, y1) - np.maximum(edges, y0), 0, 1)
    return np.outer(down, across).astype(np.float32).ravel()


def _caption(
    rng: np.random.Generator,
    told: list[CaseFinding],
    focused: bool,
    present: NDArray[np.bool_],
    marker: str,
    color: str,
) -> tuple[str, Meaning]:
    if not focused and rng.random() < 0.10:
        absent = int(rng.choice(np.flatnonzero(~present)))
        return captions.absent_caption(rng, absent), Meaning("absent", absent)
    if not told:
        return captions.healthy_caption(rng, marker, color), Meaning("healthy")
    row = told[int(rng.integers(len(told)))]
    placed = bool(row.side) and rng.random() < 0.2
    look = row.look if row.look and rng.random() < 0.7 else ""
    meaning = Meaning(
        "finding", row.finding, row.side if placed else "", row.zone if placed and rng.random() < 0.6 else "", look
    )
    return captions.finding_caption(rng, meaning, row.severity, marker, color), meaning


def positives(samples: list[dict[str, object]]) -> Tensor:
    """Which captions of a batch are true of which images, float32 (images, captions)."""
    meanings: list[Meaning] = [s["meaning"] for s in samples]  # type: ignore[misc]
    truth = {meaning: torch.tensor([_is_true(meaning, s) for s in samples]) for meaning in set(meanings)}
    return torch.stack([truth[meaning] for meaning in meanings], 1).float().fill_diagonal_(1)


def _is_true(meaning: Meaning, sample: dict[str, object]) -> bool:
    """Whether a caption's meaning is true of an image."""
    places: list[tuple[int, str, str, str]] = sample["places"]  # type: ignore[assignment]
    if meaning.kind == "healthy":
        return not places
    if meaning.kind == "absent":
        return not sample["focused"] and all(meaning.finding != place[0] for place in places)
    return any(
        meaning.finding == finding
        and meaning.side in ("", side)
        and meaning.zone in ("", zone)
        and meaning.look in ("", look)
        for finding, side, zone, look in places
    )


def collate(samples: list[dict[str, object]]) -> dict[str, object]:
    """Stacks a batch; texts stay lists."""
    batch: dict[str, object] = {
        key: torch.stack([s[key] for s in samples])  # type: ignore[misc]
        for key in ("pixels", "present", "dense", "region")
    }
    for key in ("marked", "focused", "source", "encloses"):
        batch[key] = torch.tensor([s[key] for s in samples])
    for key in ("caption", "marker", "look"):
        batch[key] = [s[key] for s in samples]
    batch["positives"] = positives(samples)
    return batch
