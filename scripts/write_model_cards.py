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
So that the marker gives less of the answer away, three quarters of the circles and boxes are drawn loosely: as large
and as flat as some other finding of some other patient, off-centre, some of them round (the other quarter lie on the
finding's box, as in a benchmark). An arrow shows a place and no size. About four in ten markers point at healthy places
with the geometry of some other patient's finding, and the target there is "no abnormality" and an even answer over the
findings; a penalty (weight {leak:g}) works against what gap remains between the classes on such places, for arrows and
for markers that enclose apart.

{validation}

**How loosely may it be drawn?** Right is who is likeliest among all findings and "no abnormality", for a round red
circle whose diameter is once, twice or three times the finding's longer side:

{loose}

**What is left.** On the test patients' X-rays without the findings, a marker's size and place still tell something:
{left} Means over classes hide this, because opposite errors cancel in them; the table at the end has each class."""
TAUGHT = "So the attention of this model inside a marker is partly taught, not found by itself."
IDLE = "The terms that concern markers are idle in this model."
_FROM_NOTHING = 'Patch projection started from whitened patches, attention from local ("mimetic") weights.'
_BEGUN = (
    "It went on from the first edition's weights, which were trained from nothing on the first edition's X-rays; the "
    "recipe names them by their hash and says where they are."
)
N_CLASSES = 11
LEAK = "leak: red circle on the finding-free image"
README_ROWS = {
    "unmarked": "unmarked",
    "red circle": "red circle",
    "red arrow": "red arrow",
    "yellow circle": "yellow circle (a colour never seen in training)",
    "yellow arrow": "yellow arrow",
    "crop": "crop",
    LEAK: "control: red circle on the same X-ray without the finding",
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
    _write_table(PROJECT_DIR / "README.md", _readme_table(precomputed / "results" / "embedded"))
    _write_table(precomputed / "README.md", _realism_table(precomputed / "datasets" / "realism.json"))


def _realism_table(path: Path) -> list[str]:
    """How well simulated normals are told from real ones, in both editions, and real films from one another."""
    editions: dict[str, Any] = json.loads(path.read_text())
    heads = [f"{name}, {measured['simulated patients']} patients" for name, measured in editions.items()]
    lines = [
        f"| what is looked at | {' | '.join(heads)} | real against real | energy distance, first → second |",
        "|---|---|---|---|---|",
    ]
    told = [measured["real normals"]["groups"] for measured in editions.values()]
    halves = next(iter(editions.values()))["random halves of the real frontal films"]
    for group in told[0]:
        cells = [_interval(one[group]["auroc"], digits=2) for one in told]
        apart = halves[group]["auroc"]
        cells.append(f"{apart['mean']:.2f} ({apart['lowest']:.2f} to {apart['highest']:.2f})")
        energy = [one[group].get("energy") for one in told]
        cells.append(" → ".join(f"{value:.2f}" for value in energy if value is not None) or "–")
        lines.append(f"| {group} | {' | '.join(cells)} |")
    return lines


def _readme_table(results: Path) -> list[str]:
    found = {name: json.loads((results / f"{name}-sim-multi.json").read_text())["rows"] for name in INTRODUCTION}
    lines = ["| shown to the model | `simclip` (trained with markers) | `simclip-plain` (the same, never a marker) |"]
    lines += ["|---|---|---|"]
    for key, title in README_ROWS.items():
        lines.append(f"| {title} | " + " | ".join(_interval(rows[key]["auroc"]) for rows in found.values()) + " |")
        if key == LEAK:
            ends = " | ".join(_lowest_and_highest(rows[key]["per_class"]) for rows in found.values())
            lines.append(f"| its classes | {ends} |")
    return lines


def _write_table(page: Path, lines: list[str]) -> None:
    before, _, rest = page.read_text().partition(TABLE_START)
    _, _, after = rest.partition(TABLE_END)
    page.write_text(before + TABLE_START + "\n".join(lines) + "\n" + TABLE_END + after)


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
        views=f"{min(stage.smallest_view for stage in recipe.stages):.0%}",
        fairness=_fairness(name, recipe, results)
        if recipe.markers
        else "What the twin does about markers that give the answer away is idle here.",
        begun=_BEGUN if recipe.start else _FROM_NOTHING,
        start=" --start MODEL_FOLDER" if recipe.start else "",
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


def _fairness(name: str, recipe: Recipe, results: Path) -> str:
    """What was done against markers that give the answer away, and what is left of it."""
    measured: list[dict[str, Any]] = json.loads((results / "loose.json").read_text())
    loose = next(found for found in measured if found["model"] == name)
    rows = json.loads((results / f"{name}-sim-multi.json").read_text())["rows"]
    left = [
        f"for a {title} the AUROC of the classes lies {rows[key]['distance_from_half']:.3f} from one half in the mean, "
        f"and the class that was taken out gets a probability of {_interval(rows[key]['true_class'])}"
        for title, key in (("circle", LEAK), ("red arrow", "leak: red arrow on the finding-free image"))
    ]
    return FAIRNESS.format(
        leak=recipe.losses_of(recipe.stages[-1]).leak,
        validation=_validation(results / "validation.json"),
        loose=_loose(loose),
        left="; ".join(left) + f". Chance is 1 of {N_CLASSES}.",
    )


def _validation(path: Path) -> str:
    """What the run changed on the validation patients."""
    models: dict[str, dict[str, Any]] = json.loads(path.read_text())["models"]
    lines = [
        "On the validation patients, who are in none of the tables below: share of right choices among the findings "
        "present, macro AUROC, and mean distance of the classes' AUROC from one half on the same X-rays without the "
        "findings.\n",
        "| model | circle: picks | AUROC | without the findings | arrow: picks | AUROC | without the findings |",
        "|---|---|---|---|---|---|---|",
    ]
    for title, found in models.items():
        cells = [f"{found[m][key]:.3f}" for m in ("circle", "arrow") for key in ("picks", "auroc", "leak_distance")]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _loose(found: dict[str, Any]) -> str:
    lines = ["| on | once | twice | three times |", "|---|---|---|---|"]
    for key, title in (("gallery", "the gallery"), ("sim-multi", "sim-multi")):
        measured = found[key]
        cells = [
            f"{one['right']} of {measured['findings']}: {one['share']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
            for one in measured["circles"]
        ]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


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
        title = _as_said(name)
        shown = title if row["samples"] == found["samples"] else f"{title} ({row['samples']} samples)"
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
        "On the same X-rays without the findings 0.5 would be nothing, and both ends tell something.\n",
        f"| class | {' | '.join(map(_as_said, shown))} |",
        f"|---|{'---|' * len(shown)}",
    ]
    for label in found["classes"]:
        values = [found["rows"][name]["per_class"].get(label) for name in shown]
        cells = [_interval(value) if value else "–" for value in values]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _as_said(row: str) -> str:
    """What a stored row is called on pages and in cards."""
    return row.replace("finding-free image", "X-ray without the finding")


def _interval(numbers: dict[str, float], signed: bool = False, digits: int = 3) -> str:
    form = f"{'+' if signed else ''}.{digits}f"
    return f"{numbers['value']:{form}} [{numbers['low']:{form}}, {numbers['high']:{form}}]"


if __name__ == "__main__":
    main()
