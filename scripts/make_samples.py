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

from vpe_core.datasets.gallery import NO_FINDING, TWINS
from vpe_core.settings import get_settings
from vpe_core.simulation.bases import load_base
from vpe_core.simulation.build import bases_for
from vpe_core.simulation.cases import CasePlan, FoundFinding, plan_case, render_case

SIZE, QUALITY, BANK_SIZE = 1024, 88, 512
TWIN_SIZE = 512
COLUMNS = [
    "image", "title", "finding", "x0", "y0", "x1", "y1", "side", "zone", "size_mm", "difficulty", "note", "patient",
]  # fmt: skip
TWIN = "Another picture shows the same patient with a malignant-looking one."
SEVERAL = (0.0, 0.0, 0.2, 0.4, 0.4)


@dataclass(frozen=True)
class Entry:
    """One picture: its plan, how hard it is to read, and a line for the reader.

    Where a finding lies follows from the seed, so `note` leaves {side} and {place} open, and {all} for the list of
    findings; `write_note` fills them in from the case.
    """

    slug: str
    title: str
    plan: CasePlan
    difficulty: str
    note: str


def single(finding: str, number: int, severity: float, difficulty: str, note: str) -> Entry:
    """One finding; `number` fixes seed and patient."""
    patient = 3000 + (number // 500 * 5 - 10 + 7 * (number % 10)) % 60
    slug = f"{finding.replace(' ', '-')}-{difficulty}"
    plan = CasePlan(number, patient, False, ((finding, severity),))
    return Entry(slug, f"{finding.capitalize()}, {difficulty}", plan, difficulty, note)


def nodule(look: str, number: int, severity: float, note: str) -> Entry:
    patient = 3000 + (number - 7000) * 11 % 60
    plan = CasePlan(number, patient, False, (("lung nodule", severity),), look)
    return Entry(f"{look}-nodule-{number}", f"{look.capitalize()}-looking nodule", plan, "moderate", note)


def several(number: int, note: str) -> Entry:
    plan = plan_case(number, 3000 + (number - 8000) * 13 % 60, False, SEVERAL)
    return Entry(f"several-{number}", f"{len(plan.findings)} findings", plan, "mixed", note)


def normal(number: int, note: str) -> Entry:
    plan = CasePlan(number, 3000 + (number - 8100) * 17 % 60, False, ())
    return Entry(f"normal-{number}", NO_FINDING, plan, "normal", note)


def write_note(template: str, findings: Sequence[FoundFinding]) -> str:
    """The line for the reader, with the places that the findings of the case really have."""
    if not findings:
        return template
    named = [f"{found.finding} ({where})" if (where := _place(found)) else found.finding for found in findings]
    listed = ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]
    first = findings[0]
    return template.format(side=first.side, place=_place(first), all=listed[:1].upper() + listed[1:])


def _place(found: FoundFinding) -> str:
    return f"{found.side} {found.zone} zone" if found.side and found.zone else found.side


GALLERY = (
    several(8000, "{all}: one that everyone sees, one that is small."),
    several(8030, "{all}: which one does the question mean?"),
    single("lung nodule", 4501, 0.85, "easy", "A round opacity in the {place}."),
    single("lung nodule", 4505, 0.3, "hard", "Small, in the {place}, among vessels of its own size."),
    single("lung mass", 4003, 0.85, "easy", "Larger than three centimetres, in the {place}, with a lobulated rim."),
    single("lung mass", 4007, 0.3, "hard", "Partly behind the diaphragm, in the {place}."),
    single("calcified granuloma", 5002, 0.85, "easy", "Small, dense and sharp, in the {place}."),
    single("calcified granuloma", 5006, 0.3, "hard", "A few millimetres of calcium in the {place}."),
    single("consolidation", 3003, 0.85, "easy", "Fluid in the airspaces of the {place}."),
    single("consolidation", 3012, 0.3, "hard", "A faint haze in the {place}."),
    single("interstitial opacities", 2500, 0.55, "easy", "A net of fine lines in the {side} lung."),
    single("interstitial opacities", 2506, 0.3, "hard", "Hardly more than the lung's own markings."),
    single("pleural effusion", 2008, 0.85, "easy", "Fluid that rises towards the {side} chest wall."),
    single("pleural effusion", 2006, 0.3, "hard", "A little fluid behind the {side} diaphragm."),
    single("pneumothorax", 1502, 0.85, "easy", "Follow the fine pleural line; there are no vessels beyond it."),
    single("pneumothorax", 1514, 0.3, "hard", "A narrow rim of air at the {side} apex."),
    single("cardiomegaly", 1003, 0.85, "easy", "The heart is wider than half of the chest."),
    single("cardiomegaly", 1005, 0.3, "hard", "At the border of what is normal."),
    single("atelectasis", 3508, 0.85, "easy", "Plates of collapsed lung in the {place}."),
    single("atelectasis", 3507, 0.3, "hard", "A thin plate in the {place}."),
    single("pacemaker", 5502, 0.85, "easy", "A case below the {side} clavicle, leads to the heart."),
    single(
        "pacemaker", 5506, 0.3, "hard", "A small case below the {side} clavicle; follow the leads through the heart."
    ),
    nodule("benign", 7007, 0.78, "Round and smooth, in the {place}. " + TWIN),
    nodule("malignant", 7007, 0.78, "The same patient: irregular, with spicules, in the {place}."),
    nodule("benign", 7011, 0.94, "Round, smooth and dense, in the {place}. " + TWIN),
    nodule("malignant", 7011, 0.94, "The same patient: irregular, with spicules, in the {place}."),
    several(8009, "{all}."),
    several(8029, "{all}."),
    several(8025, "{all}."),
    several(8015, "{all}."),
    normal(8100, "Nothing to find: what does a marker do here?"),
    normal(8105, "Nothing to find."),
    normal(8107, "Nothing to find."),
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
