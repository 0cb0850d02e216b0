"""Measure the overview's worked example: one gallery X-ray without and with a red circle around one of its findings.

python -m scripts.make_example --sample NAME --finding 0
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.demo.answer_column.all_methods import method_views
from dashboard.demo.answers.answer import Answer, Impression, answer
from dashboard.demo.answers.marked_xray import draw
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.jpeg import jpeg
from dashboard.library import example as stored
from dashboard.library.example import Example, example_dir, levels_text, save_example
from vpe_core import attention, load_image, load_model
from vpe_core.attention import patch_relevance
from vpe_core.cache import BoundedCache
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.markers.marks import Mark
from vpe_core.models import Model

COMMAND = "python -m scripts.make_example"
MARGIN_SHARE = 0.12
"""The circle is drawn this much of the finding's longer side outside its box, as a person would."""
EVIDENCE = "legrad"


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
    xray = Xray(entry.name, image)
    memory = BoundedCache()
    result = answer(model, xray, state, state.shown_classes, memory)
    if result.marked is None or result.inside is None:
        raise SystemExit("The circle covers nothing of the image.")
    maps, grid_wh = _maps(model, [image.convert("RGB"), draw(xray, state)], result)
    example = Example(
        sample=entry.name,
        title=entry.title,
        finding=finding.label,
        region=tuple(round(value, 1) for value in region.xyxy),
        classes=result.classes,
        without=_rounded(result.without),
        marked=_rounded(result.marked),
        target=result.target,
        prompt=state.template,
        attention_before=round(result.inside.before, 4),
        attention_after=round(result.inside.after, 4),
        area=round(result.inside.area, 4),
        maps=maps,
        grid_wh=grid_wh,
        patch_px=result.marked.seen.width // grid_wh[0],
        dimension=model.encode_texts("x-ray").shape[1],
        model=model.name,
        model_title=model.spec.title,
        weights_sha256=model.record.weights_sha256,
        size_wh=result.without.preview.size,
        methods=_methods(model, xray, state, result, memory),
        command=f"{COMMAND} --sample {entry.name} --finding {options.finding} --model {model.name}",
    )
    pictures = {
        stored.BEFORE: result.without.preview,
        stored.AFTER: result.marked.preview,
        stored.SEEN: result.marked.seen,
    }
    save_example(example, {name: jpeg(picture, 85) for name, picture in pictures.items()}, options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", required=True, help="name of a gallery X-ray (its file without the ending)")
    parser.add_argument("--finding", type=int, default=0, help="which of its findings, from 0")
    parser.add_argument("--model", default="simclip")
    parser.add_argument("--out", type=Path, default=example_dir())
    return parser.parse_args()


def _maps(
    model: Model, pictures: list[Image.Image], result: Answer
) -> tuple[dict[str, tuple[str, str]], tuple[int, int]]:
    """The maps as the example keeps them, and (columns, rows) of their grid."""
    last = patch_relevance(model, pictures)
    evidence = {
        name: patch_relevance(model, pictures, name, method=EVIDENCE, template=DemoState().template)
        for name in result.classes
    }
    peak = float(max(grids.max() for grids in evidence.values()))
    maps = {stored.LAST_BLOCK: _pair(last, *(float(grid.max()) for grid in last))}
    maps |= {name: _pair(grids, peak, peak) for name, grids in evidence.items()}
    return maps, (last.shape[2], last.shape[1])


def _methods(
    model: Model, xray: Xray, state: DemoState, result: Answer, memory: BoundedCache
) -> tuple[tuple[str, float, float], ...]:
    views = method_views(model, xray, state, result.target, memory)
    return tuple(
        (attention.get(view.name).title, round(view.share.before, 4), round(view.share.after, 4))
        for view in views
        if view.share
    )


def _pair(grids: NDArray[np.float32], peak_before: float, peak_after: float) -> tuple[str, str]:
    return levels_text(grids[0], peak_before), levels_text(grids[1], peak_after)


def _rounded(impression: Impression) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in impression.probabilities)


if __name__ == "__main__":
    main()
