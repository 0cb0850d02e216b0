"""How models trained with different recipes do on the validation patients, which is what decides between them.

    python -m scripts.compare_on_validation --ct CT_FOLDER "first edition=MODEL_FOLDER" "second edition=MODEL_FOLDER"

Cases as in sim-multi's validation part, rendered at the training images' size; those without findings are left out.
Writes precomputed/results/embedded/validation.json, a title each: for the red circle and the red arrow of
the paper's protocol the share of right choices among the findings present ("picks"), the macro AUROC, the same AUROC
on the finding-free image of the case ("leak"), and how far the AUROC of its classes lies from one half there, in the
mean ("leak_distance": 0 would say that the marker's place and size tell nothing; in "leak" opposite classes cancel).
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from vpe_core.markers import VariantRenderer
from vpe_core.metrics import auroc
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.settings import get_settings
from vpe_core.simulation.bases import load_base
from vpe_core.simulation.build import bases_for
from vpe_core.simulation.cases import render_case
from vpe_core.simulation.sets import SETS
from vpe_core.training.captions import CLASSES
from vpe_core.training.render import IMAGE_SIZE
from vpe_core.types import Box

SET = SETS.get("sim-multi")
PATIENTS, IMAGES = SET.part("val")
MARKERS = ("circle", "arrow")
Rendered = tuple[int, list[int], list[Image.Image]]


def main(
    models: Annotated[list[str], typer.Argument(help="TITLE=FOLDER of models that `train` wrote.")],
    ct: Annotated[Path | None, typer.Option(help="Folder of the chest CT; VPE_CT_DIR if left out.")] = None,
) -> None:
    """Measure, and write JSON."""
    folders = {title: str(Path(folder).resolve()) for title, _, folder in (one.partition("=") for one in models)}
    os.environ["VPE_ALLOWED_MODELS"] = ",".join(folders.values())
    get_settings.cache_clear()
    bases = bases_for(PATIENTS, False, IMAGE_SIZE, ct)
    with ProcessPoolExecutor() as pool:
        cases = pool.map(partial(_render, bases), range(IMAGES), chunksize=10)
        samples = [sample for case in cases for sample in case]
    measured = {title: measure(load_model(folder), samples) for title, folder in folders.items()}
    report = {"samples": len(samples), "patients": len(PATIENTS), "models": measured}
    out = get_settings().precomputed_dir / "results" / "embedded" / "validation.json"
    out.write_text(json.dumps(report, indent=1) + "\n")


def _render(bases: list[Path], index: int) -> list[Rendered]:
    """For each finding of a case: its class, the classes present, and a marker of each kind on case and twin."""
    plan = SET.plan(index, PATIENTS, "val")
    base = load_base(bases[PATIENTS.index(plan.patient)])
    case, twin = (render_case(one, base, IMAGE_SIZE) for one in (plan, plan.without_findings()))
    renderers = [VariantRenderer(picture.image) for picture in (case, twin)]
    present = [CLASSES.index(found.finding) for found in case.findings]
    boxes = [Box(*(v * IMAGE_SIZE for v in found.box)) for found in case.findings]
    return [
        (finding, present, [renderer.render(box, marker) for renderer in renderers for marker in MARKERS])
        for finding, box in zip(present, boxes, strict=True)
    ]


def measure(model: VisionLanguageModel, samples: list[Rendered]) -> dict[str, Any]:
    """Picks, AUROC and leak of one model."""
    truth = np.array([finding for finding, _, _ in samples])
    among = np.array([[k in present for k in range(len(CLASSES))] for _, present, _ in samples])
    figures: dict[str, Any] = {}
    for k, marker in enumerate(MARKERS):
        on_case, on_twin = (model.classify([s[2][j] for s in samples], CLASSES) for j in (k, len(MARKERS) + k))
        leak = auroc(truth, on_twin)
        figures[marker] = {
            "picks": round(float((np.where(among, on_case, -1).argmax(1) == truth).mean()), 3),
            "auroc": round(auroc(truth, on_case).macro, 3),
            "leak": round(leak.macro, 3),
            "leak_distance": round(float(np.abs(leak.values - 0.5).mean()), 3),
        }
    return figures


if __name__ == "__main__":
    typer.run(main)
