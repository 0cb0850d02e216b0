"""Measure how far simulated X-rays without findings are from real ones.

The stored films of a data set (60 patients, one film each), everything, 3 minutes:

    python -m scripts.measure_realism --real NIH_FOLDER --films precomputed/datasets/sim-multi --out now.json

Two editions of the simulator side by side, as the data card shows them:

    python -m scripts.measure_realism --real NIH_FOLDER --editions FIRST_SET SECOND_SET \
        --out precomputed/datasets/realism.json

While tuning the simulator, only against the real normals, beside what was measured before: 20 seconds for pictures
that are there already (any folder of PNG or WebP, each of another patient):

    python -m scripts.measure_realism --real NIH_FOLDER --films FOLDER --quick --beside first.json

or rendered with the code as it is. A patient takes 2 to 5 s to project and no time to render; `--bases` keeps the
projections, so that a change of display, vessels or bends costs no new ones (delete the folder after any other):

    python -m scripts.measure_realism --real NIH_FOLDER --ct CT_FOLDER --bases FOLDER --patients 24 --quick

NIH_FOLDER is a part of NIH ChestX-ray14 in its own layout: Data_Entry_2017_v2020.csv and the images somewhere below.
Its frontal films with "No Finding" are compared, and all its frontal ones as a second set; random halves of those,
compared with each other, say what the numbers are where there is nothing to tell. No picture enters the result.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from vpe_core.datasets.nih14 import NO_FINDING
from vpe_core.simulation import get
from vpe_core.simulation.film_features import reduce_film
from vpe_core.simulation.realism import Films, Separability, compare

SET, RENDERED_SIZE = "sim-multi", 288
NORMALS, FRONTAL, HALVES = "real normals", "all real frontal films", "random halves of the real frontal films"
EDITIONS = ("first edition", "second edition")
N_HALVES = 5
N_FEATURES_SHOWN = 12
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "pillow")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="a part of NIH ChestX-ray14 in its own layout")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--films", type=Path, help="a stored simulated set with twins, or a folder of pictures")
    source.add_argument("--ct", type=Path, help="folder of the chest CT: films are rendered anew")
    source.add_argument("--editions", type=Path, nargs=2, help="stored sets of the first and the second edition")
    parser.add_argument("--patients", type=int, default=60, help="how many are rendered")
    parser.add_argument("--quick", action="store_true", help="only against the real normals")
    parser.add_argument("--beside", type=Path, help="an earlier result to show beside")
    parser.add_argument("--bases", type=Path, help="folder that keeps the projected patients for the next time")
    parser.add_argument("--save-films", type=Path, help="folder for the films that were rendered")
    parser.add_argument("--out", type=Path, help="the result as JSON")
    options = parser.parse_args()
    if options.editions:
        both = (measure(options.real, stored_films(folder), quick=False) for folder in options.editions)
        editions = dict(zip(EDITIONS, both, strict=True))
        if options.out:
            options.out.write_text(json.dumps(editions, indent=1) + "\n", encoding="utf-8")
        print("\n".join(table(*reversed(editions.values()))))  # noqa: T201
        return
    if options.films:
        simulated = stored_films(options.films)
    else:
        with tempfile.TemporaryDirectory() as folder:
            bases = options.bases or Path(folder)
            simulated = rendered(options.ct, bases, options.patients, options.save_films)
    measured = measure(options.real, simulated, options.quick)
    if options.out:
        options.out.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    earlier = json.loads(options.beside.read_text(encoding="utf-8")) if options.beside else None
    print("\n".join(table(measured, earlier)))  # noqa: T201


def measure(real_folder: Path, simulated: Films, quick: bool) -> dict[str, Any]:
    """Everything that is told, as plain data."""
    normals, frontal = real_films(real_folder, only_normal=True), real_films(real_folder, only_normal=quick)
    comparisons = {NORMALS: (normals, compare(normals, simulated))}
    measured: dict[str, Any] = {"simulated patients": simulated.n_patients}
    if not quick:
        comparisons[FRONTAL] = (frontal, compare(frontal, simulated))
        measured[HALVES] = _halves(frontal)
    for name, (real, told) in comparisons.items():
        groups = {
            group: {k: v for k, v in asdict(one).items() if v is not None and v != ()} for group, one in told.items()
        }
        measured[name] = {"patients": real.n_patients, "groups": groups}
    measured["versions"] = {library: version(library) for library in _LIBRARIES}
    return _rounded(measured)


def _halves(frontal: Films) -> dict[str, Any]:
    """AUROC and energy distance of each group between random halves: the mean over `N_HALVES` draws, and the ends."""
    draws: list[Mapping[str, Separability]] = []
    for draw in range(N_HALVES):
        patients = np.random.default_rng([draw, 3]).permutation(sorted(set(frontal.patients))).tolist()
        middle = len(patients) // 2
        draws.append(compare(frontal.of(patients[:middle]), frontal.of(patients[middle:]), draw))
    told: dict[str, Any] = {}
    for group in draws[0]:
        areas = [draw[group].auroc.value for draw in draws]
        told[group] = {"auroc": {"mean": float(np.mean(areas)), "lowest": min(areas), "highest": max(areas)}}
        for name in ("energy", "one_feature"):
            values = [value for draw in draws if (value := getattr(draw[group], name)) is not None]
            told[group] |= {name: float(np.mean(values))} if values else {}
    return told


def _rounded(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _rounded(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_rounded(value) for value in data]
    return round(data, 4) if isinstance(data, float) else data


def real_films(folder: Path, only_normal: bool) -> Films:
    """Frontal films of NIH ChestX-ray14, the first of each patient."""
    listed = pd.read_csv(folder / "Data_Entry_2017_v2020.csv", dtype=str)
    files = {path.name: path for path in folder.rglob("*.png")}
    listed = listed[listed["Image Index"].isin(files) & listed["View Position"].isin(["PA", "AP"])]
    if only_normal:
        listed = listed[listed["Finding Labels"] == NO_FINDING]
    listed = listed.drop_duplicates("Patient ID")
    return Films([reduce_film(_grey(files[name])) for name in listed["Image Index"]], listed["Patient ID"].tolist())


def stored_films(folder: Path) -> Films:
    """The finding-free films of a stored simulated set, the first of each patient; or all pictures of a folder."""
    if (folder / "samples.csv").exists():
        listed = pd.read_csv(folder / "samples.csv", dtype=str).drop_duplicates("patient")
        healthy = listed["twin"].fillna(listed["image"])  # what has no finding has no twin
        return Films([reduce_film(_grey(folder / name)) for name in healthy], listed["patient"].tolist())
    files = sorted(path for path in folder.iterdir() if path.suffix in {".png", ".webp"})
    return Films([reduce_film(_grey(file)) for file in files], [file.stem for file in files])


def rendered(ct: Path, bases: Path, n_patients: int, save: Path | None) -> Films:
    """One film without findings of each of the first patients of the test part, rendered now."""
    from vpe_core.simulation.bases import load_base, make_bank
    from vpe_core.simulation.build import projector
    from vpe_core.simulation.cases import render_case

    recipe = get(SET)
    of_part, _ = recipe.part("test")
    films, patients = [], list(of_part)[:n_patients]
    ready = cache(lambda: projector(ct))
    for index, patient in enumerate(patients):
        plan = recipe.plan(index, of_part, "test").without_findings()
        (path,) = make_bank(bases, [patient], plan.portable, RENDERED_SIZE, ready)
        picture = render_case(plan, load_base(path), RENDERED_SIZE).image
        films.append(reduce_film(picture))
        if save:
            save.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(save / f"{patient}.png")
    return Films(films, [str(patient) for patient in patients])


def _grey(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("L"))


def table(measured: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Iterator[str]:
    """What was measured, for people; the earlier result in the columns after it."""
    editions = [measured, *([earlier] if earlier else [])]
    heads = ["now", "before"][: len(editions)]
    for name in (NORMALS, FRONTAL):
        if name not in measured:
            continue
        told = [edition.get(name) for edition in editions]
        yield f"Against {name} ({measured[name]['patients']} patients; simulated: {measured['simulated patients']})"
        yield f"{'':<18}" + "".join(f"{f'AUROC {head}':<24}{'one feature':<13}{'energy':<9}{'p':<8}" for head in heads)
        for group in measured[name]["groups"]:
            cells = [_cells(one["groups"][group]) if one else "" for one in told]
            yield f"{group:<18}" + "".join(cells)
        yield ""
        yield f"{'most telling features':<46}{'real':>8}" + "".join(f"{head:>10}{'AUROC':>8}" for head in heads)
        features = [_features(one) if one else {} for one in told]
        ranked = sorted(features[0], key=lambda key: -abs(features[0][key]["auroc"]["value"] - 0.5))
        for key in ranked[:N_FEATURES_SHOWN]:
            row = [
                f"{one[key]['simulated']:>10.3f}{one[key]['auroc']['value']:>8.2f}" for one in features if key in one
            ]
            yield f"{key:<46}{features[0][key]['real']:>8.3f}" + "".join(row)
        yield ""
    if HALVES in measured:
        yield f"Between {HALVES}, {N_HALVES} times: mean AUROC (lowest to highest), one feature, energy"
        for group, one in measured[HALVES].items():
            area = one["auroc"]
            rest = f"{one['one_feature']:<9.3f}{one['energy']:.2f}" if "energy" in one else ""
            yield f"{group:<18}{area['mean']:.2f} ({area['lowest']:.2f} to {area['highest']:.2f})   {rest}"


def _cells(told: Mapping[str, Any]) -> str:
    area = told["auroc"]
    text = f"{area['value']:.3f} ({area['low']:.2f} to {area['high']:.2f})"
    if "energy" not in told:
        return f"{text:<24}{'one patch: ' + format(told['patch_auroc']['value'], '.3f'):<30}"
    return f"{text:<24}{told['one_feature']:<13.3f}{told['energy']:<9.2f}{told['p_value']:<8.3f}"


def _features(told: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{group}: {f['name']}": f for group, one in told["groups"].items() for f in one.get("features", ())}


if __name__ == "__main__":
    main()
