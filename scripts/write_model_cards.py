"""Writes the model cards of the embedded models, and the README's table, from recipes, logs and measured results.

python -m scripts.write_model_cards
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.training_curves import training_curves
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.training.recipe import Recipe, Stage, load_recipe

INTRODUCTION = {
    "simclip": "A small CLIP that follows visual markers: it answers about what a circle, box or arrow points at.",
    "simclip-plain": "The control for SimCLIP: the same cases, views, budget and seed, but never a marker in training.",
}
FAIRNESS = """\
So that the marker gives less of the answer away, half of the markers are drawn loosely, with an offset, size and
aspect that do not depend on the class (the other half lie on the finding's box, as in a benchmark); about four in ten
point at healthy places with the geometry of some other patient's finding, and the target there is "no abnormality"
and an even answer over the findings; a penalty works against what gap remains between the classes on such places. Its
weight in the last stage, {chosen:g}, was chosen on the validation patients of an earlier version of the simulator, with
models trained on it, out of {tried}.

**What is left is uneven.** The rows "leak" below are means over classes, in which opposite errors cancel. Class by
class, on the finding-free image of the test patients, a circle of a small finding's size still speaks for nodule
and granuloma, one of a large finding's size against effusion, pacemaker and cardiomegaly (table at the end). So for
small findings a part of what a marker seems to gain is its size, and no AUROC of this model with a marker should be
read without that table. The penalty's weight moved that mean, not this spread."""
TAUGHT = "So the attention of this model inside a marker is partly taught, not found by itself."
IDLE = "The terms that concern markers are idle in this model."
LEAK = "leak: red circle on the finding-free image"
README_ROWS = {
    "unmarked": "unmarked",
    "red circle": "red circle",
    "red arrow": "red arrow",
    "yellow circle": "yellow circle (a colour never seen in training)",
    "yellow arrow": "yellow arrow",
    "crop": "crop",
    LEAK: "control: red circle on the same patient without findings",
    "red circle on another patient's image": "control: red circle on another patient's X-ray",
    "red circle at a random place": "control: red circle at a random place",
}
TABLE_START, TABLE_END = "<!-- table: written by scripts.write_model_cards -->\n", "<!-- end of table -->\n"
CARD = Path(__file__).with_name("model_card_template.md").read_text()


def main() -> None:
    precomputed = get_settings().precomputed_dir
    for name, introduction in INTRODUCTION.items():
        folder = precomputed / "models" / name
        recipe = load_recipe(PROJECT_DIR / "vpe_core" / "training" / "recipes" / f"{name}.toml")
        (folder / "README.md").write_text(
            _card(name, introduction, folder, recipe, precomputed / "results" / "embedded")
        )
        (folder / "training_curves.svg").write_text(training_curves(folder / "training_log.csv", recipe))
    _write_readme_table(precomputed / "results" / "embedded")


def _write_readme_table(results: Path) -> None:
    found = {name: json.loads((results / f"{name}-sim-multi.json").read_text())["rows"] for name in INTRODUCTION}
    lines = ["| shown to the model | `simclip` (trained with markers) | `simclip-plain` (the same, never a marker) |"]
    lines += ["|---|---|---|"]
    for key, title in README_ROWS.items():
        lines.append(f"| {title} | " + " | ".join(_interval(rows[key]["auroc"]) for rows in found.values()) + " |")
        if key == LEAK:
            ends = " | ".join(_lowest_and_highest(rows[key]["per_class"]) for rows in found.values())
            lines.append(f"| its classes | {ends} |")
    readme = PROJECT_DIR / "README.md"
    before, _, rest = readme.read_text().partition(TABLE_START)
    _, _, after = rest.partition(TABLE_END)
    readme.write_text(before + TABLE_START + "\n".join(lines) + "\n" + TABLE_END + after)


def _lowest_and_highest(classes: dict[str, dict[str, float]]) -> str:
    ranked = sorted(classes, key=lambda label: classes[label]["value"])
    return " to ".join(f"{classes[label]['value']:.3f} ({label})" for label in (ranked[0], ranked[-1]))


def _card(name: str, introduction: str, folder: Path, recipe: Recipe, results: Path) -> str:
    from safetensors import safe_open

    weights = folder / "open_clip_model.safetensors"
    with safe_open(weights, "np") as stored:
        count = sum(stored.get_tensor(key).size for key in stored.keys())  # noqa: SIM118
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    untrained = json.loads((folder / "tokenizer_config.json").read_text())["untrained_words"]
    run = json.loads((folder / "run.json").read_text())
    markers = (
        f"{recipe.markers:.0%} of the whole views carry a marker (circle, box, arrow; drawn exactly or by hand; "
        "red in 65%; never yellow)."
        if recipe.markers
        else "No view carries a marker."
    )
    tables = [_table(path) for path in sorted(results.glob(f"{name}-sim-*.json"))]
    return CARD.format(
        name=name,
        introduction=introduction,
        megabytes=weights.stat().st_size / 1e6,
        parameters=f"{count / 1e6:.1f} million parameters in fp16",
        cases=f"{recipe.cases:,}",
        patients=recipe.train_patients[1] - recipe.train_patients[0],
        markers=markers,
        words=len(vocabulary) - 4,
        trained=len(vocabulary) - 4 - len(untrained),
        fairness=FAIRNESS.format(
            chosen=recipe.losses_of(recipe.stages[-1]).leak, tried=_tried(results / "validation.json")
        )
        if recipe.markers
        else "What the twin does about markers that give the answer away is idle here.",
        taught=TAUGHT if recipe.markers else IDLE,
        stages="; ".join(map(_stage, recipe.stages)),
        seed=recipe.seed,
        time=f"{run['seconds'] / 60:.0f} minutes in {run['precision']} on {run['device']}",
        results="\n".join([*tables, _leak_by_class(results / f"{name}-sim-multi.json")]),
    )


def _stage(stage: Stage) -> str:
    text = f"{stage.steps} steps of {stage.batch_size} at {stage.image_size} px"
    text += f", peak learning rate {stage.learning_rate:g}"
    if stage.hidden_weight > 1:
        text += f", findings inside another one's box {stage.hidden_weight} times as likely to be pointed at"
    return text


def _tried(validation: Path) -> str:
    """What each weight of the penalty came to on the validation patients."""
    models: list[dict[str, Any]] = json.loads(validation.read_text())["models"]
    return "; ".join(
        f"{found['leak_weight']:g} (a red circle picks {found['circle']['picks']:.1%} right; on the finding-free image "
        f"the classes' AUROC is {found['circle']['leak']:.2f} in the mean, and {found['circle']['leak_distance']:.2f} "
        "away from one half in the mean)"
        for found in models
    )


def _table(path: Path) -> str:
    found: dict[str, Any] = json.loads(path.read_text())
    lines = [
        f"\n### {found['set']}: {found['samples']} samples, {found['images']} images, "
        f"{found['patients']} base patients\n",
        f"Boxes alone (x, y, width, height; no picture) reach {found['boxes_alone_auroc']:.3f}; median box area "
        f"{found['median_box_area']:.3f} of the image.\n",
        *_limits(found),
        "| shown | AUROC | gain over unmarked | picks the right finding of those present | attention in the box |",
        "|---|---|---|---|---|",
    ]
    for name, row in found["rows"].items():
        gain = _interval(row["gain"], signed=True) if "gain" in row else ""
        picks = _interval(row["picks_the_right_finding"]) if "picks_the_right_finding" in row else "–"
        attention = f"{row['attention_inside']['median']:.2f}" if "attention_inside" in row else ""
        shown = name if row["samples"] == found["samples"] else f"{name} ({row['samples']} samples)"
        lines.append(f"| {shown} | {_interval(row['auroc'])} | {gain} | {picks} | {attention} |")
    return "\n".join(lines)


def _limits(found: dict[str, Any]) -> list[str]:
    """What no answer to an unmarked image can exceed, where images show several findings."""
    share = found["rows"]["unmarked"]["one_answer_an_image"]
    if share == 1:
        return []
    return [
        "Without a marker an image gets one answer for all of its findings. So at most "
        f"{share:.3f} of the choices can be right, and somebody who knew every finding present would reach an AUROC of "
        f"{found['all_findings_known_auroc']:.3f}: part of a marker's gain is that it says which finding is meant.\n"
    ]


def _leak_by_class(path: Path) -> str:
    """AUROC of each class where there is no finding, beside that on the finding."""
    found: dict[str, Any] = json.loads(path.read_text())
    shown = ["red circle", "red arrow", *(name for name in found["rows"] if name.startswith("leak: "))]
    lines = [
        f"\n### {found['set']}, class by class: what the marker's size and place alone say\n",
        "On the finding-free image 0.5 would be nothing, and both ends tell something.\n",
        f"| class | {' | '.join(shown)} |",
        f"|---|{'---|' * len(shown)}",
    ]
    for label in found["classes"]:
        values = [found["rows"][name]["per_class"].get(label) for name in shown]
        cells = [_interval(value) if value else "–" for value in values]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _interval(numbers: dict[str, float], signed: bool = False) -> str:
    form = "+.3f" if signed else ".3f"
    return f"{numbers['value']:{form}} [{numbers['low']:{form}}, {numbers['high']:{form}}]"


if __name__ == "__main__":
    main()
