"""Measures the embedded models on the simulated test sets: AUROC, gains, leaks, attention, with 95% intervals.

    python -m scripts.measure_embedded_models                       # both models, all three sets
    python -m scripts.measure_embedded_models --models simclip --sets sim-multi

Writes precomputed/results/embedded/MODEL-SET.json, which the model cards and the README quote.
"""

from __future__ import annotations

import argparse
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from rich.progress import Progress

from vpe_core.models import load_model
from vpe_core.settings import get_settings
from vpe_core.training.measure import VARIANTS, Samples, embed, geometry_only, select, summarise

FEWER = ("unmarked", "red circle", "red box", "red arrow", "yellow circle", "yellow arrow", "crop",
         "red circle on a blank image", "red circle at a random place")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["simclip", "simclip-plain"])
    parser.add_argument("--sets", nargs="+", default=["sim-multi", "sim-nodule", "sim-shift"])
    arguments = parser.parse_args()
    precomputed = get_settings().precomputed_dir
    folder = precomputed / "results" / "embedded"
    folder.mkdir(parents=True, exist_ok=True)
    with Progress() as bar:
        for name in arguments.models:
            model = load_model(name, precision="fp32")
            for set_name in arguments.sets:
                samples = Samples.read(precomputed / "datasets" / set_name)
                full = name == "simclip" and samples.table["twin"].notna().all()
                variants = dict(VARIANTS) if full else select(FEWER)
                task = bar.add_task(f"{name} on {set_name}", total=None)
                embeddings, shares = embed(
                    model, samples, variants, lambda done, total, t=task: bar.update(t, completed=done, total=total)
                )
                found = {
                    "model": name,
                    "weights_sha256": model.record.weights_sha256,
                    "set": set_name,
                    "simulated": True,
                    "protocol": "paper unless a row says native; unmarked and marked images by the paper's rules",
                    "measured": datetime.now(UTC).isoformat(timespec="minutes"),
                    "versions": {p: version(p) for p in ("torch", "open_clip_torch", "pillow", "numpy")},
                    "machine": f"{platform.machine()}, CPU, fp32",
                    "boxes_alone_auroc": geometry_only(samples),
                    **summarise(model, samples, embeddings, shares),
                }
                (folder / f"{name}-{set_name}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
