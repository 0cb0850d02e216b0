"""Makes precomputed/samples: the gallery of simulated X-rays, all from base patients of the test part.

Beside each X-ray with findings, in healthy/, lies the same chest, exposure and noise without them, at half the size: a
model sees no more of it, and marks are drawn in proportion.

python -m scripts.make_samples --ct CT_FOLDER
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from vpe_core.datasets.gallery import NO_ABNORMALITY, TWINS
from vpe_core.settings import get_settings
from vpe_core.simulation.bases import load_base
from vpe_core.simulation.build import bases_for
from vpe_core.simulation.cases import DRAWING_ORDER, CasePlan, FoundFinding, render_case

SIZE, QUALITY, BANK_SIZE = 1024, 90, 512
TWIN_SIZE = 512
COLUMNS = [
    "image", "title", "finding", "x0", "y0", "x1", "y1", "side", "zone", "size_mm", "difficulty", "note", "patient",
]  # fmt: skip
TWIN = "Another picture shows the same patient with a malignant-looking one."


@dataclass(frozen=True)
class Entry:
    """One picture: its plan, how hard it is to read, and a line for the reader.

    Seed and patient were chosen by eye. Where a finding lies follows from them, so `note` leaves {place} and {side}
    open, and {all} for the list of findings; `write_note` fills them in from the case.
    """

    slug: str
    title: str
    plan: CasePlan
    difficulty: str
    note: str


def single(finding: str, difficulty: str, seed: int, patient: int, severity: float, note: str) -> Entry:
    slug, title = f"{finding.replace(' ', '-')}-{difficulty}", f"{finding.capitalize()}, {difficulty}"
    return Entry(slug, title, CasePlan(seed, patient, False, ((finding, severity),)), difficulty, note)


def nodule(look: str, number: int, seed: int, patient: int, severity: float, note: str) -> Entry:
    plan = CasePlan(seed, patient, False, (("lung nodule", severity),), look)
    return Entry(f"{look}-nodule-{number}", f"{look.capitalize()}-looking nodule", plan, "moderate", note)


def several(number: int, seed: int, patient: int, severities: dict[str, float], note: str) -> Entry:
    findings = tuple((name, severities[name]) for name in DRAWING_ORDER if name in severities)
    plan = CasePlan(seed, patient, False, findings)
    return Entry(f"several-{number}", f"{len(findings)} findings", plan, "mixed", note)


def normal(number: int, seed: int, patient: int, note: str) -> Entry:
    return Entry(f"normal-{number}", NO_ABNORMALITY, CasePlan(seed, patient, False, ()), "normal", note)


def write_note(template: str, findings: Sequence[FoundFinding]) -> str:
    """The line for the reader, with the places that the findings of the case really have."""
    if not findings:
        return template
    named = [f"{found.finding} ({where})" if (where := _place(found)) else found.finding for found in findings]
    listed = ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]
    first = findings[0]
    return template.format(side=first.side, place=_place(first), all=listed[:1].upper() + listed[1:])


def _place(found: FoundFinding) -> str:
    if found.zone and not found.side:
        return f"{found.zone} zones of both lungs"
    return f"{found.side} {found.zone} zone" if found.zone else found.side


GALLERY = (
    single("consolidation", "easy", 4570, 3028, 0.85, "Fluid in the airspaces of the {place}, cut off by the fissure."),
    single("pleural effusion", "easy", 5492, 3014, 0.7, "Fluid that rises towards the {side} chest wall."),
    single("pacemaker", "easy", 3025, 3038, 0.85, "A case below the {side} clavicle, leads to the heart."),
    single(
        "lung mass", "easy", 3792, 3045, 0.8, "Larger than three centimetres, in the {place}, with a lobulated rim."
    ),
    single("cardiomegaly", "easy", 5342, 3049, 0.8, "The heart is wider than half of the chest."),
    single("pneumothorax", "easy", 2422, 3007, 0.85, "Follow the fine pleural line; there are no vessels beyond it."),
    single("lung nodule", "easy", 2724, 3040, 0.9, "A round opacity in the {place}."),
    single("calcified granuloma", "easy", 4108, 3058, 0.9, "Small, dense and sharp, in the {place}."),
    single("atelectasis", "easy", 4500, 3035, 0.85, "A collapsed lobe in the {place}: the fissure below it has risen."),
    single("interstitial opacities", "easy", 4579, 3022, 0.55, "A net of fine lines in the {place}."),
    several(
        8000,
        4602,
        3024,
        {"consolidation": 0.75, "calcified granuloma": 0.6},
        "{all}: one that everyone sees, one that is small.",
    ),
    several(
        8030,
        5955,
        3032,
        {"cardiomegaly": 0.7, "lung nodule": 0.75, "pacemaker": 0.6},
        "{all}: which one does the question mean?",
    ),
    single("lung nodule", "hard", 3495, 3042, 0.4, "Small, in the {place}, among vessels of its own size."),
    single("lung mass", "hard", 5534, 3023, 0.2, "In the {place}, beside the vessels of the hilum."),
    single("calcified granuloma", "hard", 3494, 3028, 0.25, "A few millimetres of calcium in the {place}."),
    single("consolidation", "hard", 4616, 3050, 0.3, "A faint haze in the {place}."),
    single(
        "interstitial opacities", "hard", 3218, 3032, 0.3, "Hardly more than the lung's own markings, in the {place}."
    ),
    single(
        "pleural effusion", "hard", 732, 3057, 0.2, "A little fluid: it fills the {side} angle; the other one is sharp."
    ),
    single("pneumothorax", "hard", 5542, 3049, 0.3, "A narrow rim of air at the {side} apex."),
    single("cardiomegaly", "hard", 4184, 3020, 0.25, "At the border of what is normal."),
    single("atelectasis", "hard", 4758, 3014, 0.3, "A thin plate in the {place}."),
    single(
        "pacemaker",
        "hard",
        3324,
        3024,
        0.3,
        "On a pale film; follow the leads from the {side} clavicle through the heart.",
    ),
    nodule("benign", 7007, 408, 3021, 0.85, "Round and smooth, calcium at its core, in the {place}. " + TWIN),
    nodule("malignant", 7007, 408, 3021, 0.85, "The same patient: irregular, with spicules, in the {place}."),
    nodule("benign", 7011, 4160, 3054, 0.95, "Round, smooth and dense, in the {place}. " + TWIN),
    nodule("malignant", 7011, 4160, 3054, 0.95, "The same patient: irregular, with spicules, in the {place}."),
    several(
        8009,
        1427,
        3008,
        {"cardiomegaly": 0.6, "pneumothorax": 0.75, "pleural effusion": 0.4, "calcified granuloma": 0.8},
        "{all}.",
    ),
    several(
        8029,
        4414,
        3036,
        {"pleural effusion": 0.45, "interstitial opacities": 0.5, "lung nodule": 0.8, "calcified granuloma": 0.8},
        "{all}.",
    ),
    several(
        8025,
        1688,
        3027,
        {"pneumothorax": 0.75, "pleural effusion": 0.35, "consolidation": 0.6, "pacemaker": 0.5},
        "{all}.",
    ),
    several(
        8015,
        3859,
        3007,
        {"pleural effusion": 0.5, "consolidation": 0.6, "lung nodule": 0.8, "pacemaker": 0.5},
        "{all}.",
    ),
    normal(8100, 377, 3020, "Nothing to find: what does a marker do here?"),
    normal(8105, 1509, 3027, "Nothing to find, on a pale film."),
    normal(8107, 4859, 3043, "Nothing to find."),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ct", type=Path, help="folder of the chest CT, for base patients that are not there yet")
    folder = get_settings().precomputed_dir / "samples"
    (folder / TWINS).mkdir(parents=True, exist_ok=True)
    bases = bases_for([entry.plan.patient for entry in GALLERY], False, BANK_SIZE, parser.parse_args().ct)
    rows = []
    for entry, path in zip(GALLERY, bases, strict=True):
        base = load_base(path)
        case = render_case(entry.plan, base, SIZE)
        name = f"{entry.slug}.webp"
        Image.fromarray(case.image).convert("RGB").save(folder / name, quality=QUALITY, method=6)
        if case.findings:
            twin = Image.fromarray(render_case(entry.plan.without_findings(), base, SIZE).image)
            small = twin.resize((TWIN_SIZE, TWIN_SIZE), Image.Resampling.LANCZOS)
            small.convert("RGB").save(folder / TWINS / name, quality=QUALITY, method=6)
        about: dict[str, object] = {"image": name, "title": entry.title, "difficulty": entry.difficulty}
        about["patient"] = entry.plan.patient
        about["note"] = write_note(entry.note, case.findings)
        rows += [
            {
                **about,
                **dict(zip(("x0", "y0", "x1", "y1"), (round(v * SIZE) for v in found.box), strict=True)),
                "finding": found.finding,
                "side": found.side,
                "zone": found.zone,
                "size_mm": found.size_mm,
            }
            for found in case.findings
        ] or [about]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table[["x0", "y0", "x1", "y1"]] = table[["x0", "y0", "x1", "y1"]].astype("Int64")
    table.to_csv(folder / "samples.csv", index=False)


if __name__ == "__main__":
    main()
