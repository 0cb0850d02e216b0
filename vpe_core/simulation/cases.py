"""A case: one simulated radiograph with its findings, boxes and how it was taken. Same seed, same case."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vpe_core.simulation import findings
from vpe_core.simulation.acquisition import collimate, draw_distractors, draw_lines_and_tubes, stamp_letter
from vpe_core.simulation.bases import Base
from vpe_core.simulation.display import Exposure, anchor, display, sample_exposure
from vpe_core.simulation.scene import Scene, bounding_box

# An annotator's slack around a finding, in mm per edge: drawn without regard to the class.
SLACK_MM = (2.0, 14.0)


@dataclass(frozen=True)
class FoundFinding:
    """A finding in an image; box in fractions of the edge length (x0, y0, x1, y1)."""

    finding: str
    box: tuple[float, float, float, float]
    side: str
    zone: str
    size_mm: float
    severity: float


@dataclass(frozen=True)
class CasePlan:
    """What will be simulated; rendering it at any size gives the same case.

    Attributes:
        seed: of this image.
        findings: (name, severity) in the order of drawing.
        nodule: "", "benign" or "malignant": the JSRT-like task, instead of `findings`.
    """

    seed: int
    patient: int
    portable: bool
    findings: tuple[tuple[str, float], ...]
    nodule: str = ""

    def without_findings(self) -> CasePlan:
        """The same patient, exposure and noise, healthy."""
        return replace(self, findings=(), nodule="")


@dataclass(frozen=True, eq=False)
class Case:
    """A rendered case.

    Attributes:
        image: uint8 (size, size).
        findings: what is in it.
        masks: bool (k, size, size), where each of them is.
        exposure: how it was taken.
    """

    image: NDArray[np.uint8]
    findings: tuple[FoundFinding, ...]
    masks: NDArray[np.bool_]
    exposure: Exposure


# Large things first, so that small ones stay visible on them.
DRAWING_ORDER = (
    "cardiomegaly", "pneumothorax", "pleural effusion", "interstitial opacities", "consolidation", "atelectasis",
    "lung mass", "lung nodule", "calcified granuloma", "pacemaker",
)  # fmt: skip


def plan_case(
    seed: int, patient: int, portable: bool = False, counts: tuple[float, ...] = (0.18, 0.2, 0.24, 0.22, 0.16)
) -> CasePlan:
    """Draws which findings a case has.

    Args:
        seed: of the case; it decides everything below.
        patient: number of the base patient.
        portable: AP with lines and tubes.
        counts: probability of 0, 1, 2 … different findings.
    """
    rng = np.random.default_rng([seed, 11])
    number = int(rng.choice(len(counts), p=counts))
    chosen = rng.choice(len(DRAWING_ORDER), number, replace=False)
    severities = rng.beta(1.3, 1.3, number)
    drawn = sorted((int(k), float(s)) for k, s in zip(chosen, severities, strict=True))
    return CasePlan(seed, patient, portable, tuple((DRAWING_ORDER[k], round(s, 3)) for k, s in drawn))


def plan_nodule_case(seed: int, patient: int) -> CasePlan:
    """One nodule, benign or malignant in look with equal chance."""
    rng = np.random.default_rng([seed, 13])
    look = ("benign", "malignant")[int(rng.random() < 0.5)]
    return CasePlan(seed, patient, False, (("lung nodule", round(float(rng.beta(1.3, 1.3)), 3)),), look)


def render_case(plan: CasePlan, base: Base, size: int) -> Case:
    """Renders `plan` on its base patient, size x size pixels.

    Each finding and each step of the exposure has its own random stream, so that leaving the findings out changes
    nothing else in the picture.
    """
    scene = base.scene(np.random.default_rng([plan.seed, 21]), plan.portable, size)
    rng = np.random.default_rng([plan.seed, 51])
    exposure = sample_exposure(rng, plan.portable)
    letter, shutters = rng.random() < (0.7 if plan.portable else 0.6), rng.random() < 0.35
    deep = scene.open_lung("right") | scene.open_lung("left")
    levels = anchor(scene.attenuation, scene.mm_per_px, exposure, deep)
    found = []
    for name, severity in plan.findings:
        rng = np.random.default_rng([plan.seed, 31, DRAWING_ORDER.index(name)])
        lesion = _draw(plan, name)(scene, rng, severity)
        found.append((name, severity, lesion))
        scene.masks.append(lesion.mask)
    if plan.portable:
        draw_lines_and_tubes(scene, np.random.default_rng([plan.seed, 41]))
    else:
        draw_distractors(scene, np.random.default_rng([plan.seed, 43]))
    noise = np.random.default_rng([plan.seed, 61])
    picture = display(scene.attenuation + scene.vessels, scene.mm_per_px, exposure, noise, levels)
    if shutters:
        picture = collimate(picture, np.random.default_rng([plan.seed, 71]))
    if letter:
        picture = stamp_letter(picture, np.random.default_rng([plan.seed, 81]))
    rows = tuple(
        FoundFinding(
            f"{plan.nodule} lung nodule" if plan.nodule else name,
            _annotate(scene, mask, np.random.default_rng([plan.seed, 91, k])),
            lesion.side,
            lesion.zone,
            round(lesion.size_mm, 1),
            severity,
        )
        for k, ((name, severity, lesion), mask) in enumerate(zip(found, scene.masks, strict=True))
    )
    stacked = np.stack(scene.masks) if scene.masks else np.zeros((0, size, size), bool)
    return Case(picture, rows, stacked, exposure)


def _draw(plan: CasePlan, name: str) -> findings.FindingKind:
    if plan.nodule:
        return findings.focal.benign_nodule if plan.nodule == "benign" else findings.focal.malignant_nodule
    return findings.get(name)


def _annotate(scene: Scene, mask: NDArray[np.bool_], rng: np.random.Generator) -> tuple[float, float, float, float]:
    """The box that an annotator would draw: around the mask, with slack."""
    slack = rng.uniform(*SLACK_MM, 4) / scene.mm_per_px * np.array([-1, -1, 1, 1])
    x0, y0, x1, y1 = (np.asarray(bounding_box(mask)) + slack) / scene.size
    return (
        round(max(float(x0), 0), 4),
        round(max(float(y0), 0), 4),
        round(min(float(x1), 1), 4),
        round(min(float(y1), 1), 4),
    )
