"""Measure the overview's worked example: one gallery X-ray without and with a red circle around one of its findings.

python -m scripts.make_example --sample NAME --finding 0
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image

from dashboard.demo.answer import Impression, answer
from dashboard.demo.state import DemoState
from dashboard.demo.xray import Xray
from dashboard.library.example import Example, example_dir, save_example
from vpe_core import load_image, load_model
from vpe_core.attention import get as get_method
from vpe_core.attention import overlay
from vpe_core.cache import BoundedCache
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.markers.marks import Mark

COMMAND = "python -m scripts.make_example"
MARGIN_SHARE = 0.12
"""The circle is drawn this much of the finding's longer side outside its box, as a person would."""


def main() -> None:
    options = _options()
    entry = next((one for one in simulated_gallery() if one.name == options.sample), None)
    if entry is None:
        raise SystemExit(f"There is no sample called {options.sample}.")
    finding = entry.findings[options.finding]
    image = load_image(entry.path)
    margin = MARGIN_SHARE * max(finding.box.width, finding.box.height)
    region = finding.box.expanded(margin).clipped(*image.size)
    state = DemoState(sample=entry.name, model=options.model, marks=(Mark("circle", region),), target=finding.label)
    model = load_model(options.model)
    result = answer(model, Xray(entry.name, image), state, state.shown_classes, BoundedCache())
    if result.marked is None or result.inside is None:
        raise SystemExit("The circle covers nothing of the image.")
    example = Example(
        sample=entry.name,
        title=entry.title,
        finding=finding.label,
        region=tuple(round(value, 1) for value in region.xyxy),
        classes=result.classes,
        without=_rounded(result.without),
        marked=_rounded(result.marked),
        target=result.target,
        asked_for=result.asked_for,
        attention_before=round(result.inside.before, 4),
        attention_after=round(result.inside.after, 4),
        area=round(result.inside.area, 4),
        model=model.name,
        model_title=model.spec.title,
        weights_sha256=model.record.weights_sha256,
        size_wh=result.without.shown.size,
        shows=get_method(state.method).shows(result.target),
        command=f"{COMMAND} --sample {entry.name} --finding {options.finding} --model {model.name}",
    )
    save_example(example, _overlay(result.without), _overlay(result.marked), options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", required=True, help="name of a gallery X-ray (its file without the ending)")
    parser.add_argument("--finding", type=int, default=0, help="which of its findings, from 0")
    parser.add_argument("--model", default="simclip")
    parser.add_argument("--out", type=Path, default=example_dir())
    return parser.parse_args()


def _rounded(impression: Impression) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in impression.probabilities)


def _overlay(impression: Impression) -> bytes:
    buffer = io.BytesIO()
    colored: Image.Image = overlay(impression.shown, impression.heatmap)
    colored.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
