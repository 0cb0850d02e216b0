"""Whatever takes a path answers one that no file can have with an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vpe_core import load_image, open_dataset
from vpe_core.benchmark.plan import load_plan
from vpe_core.datasets import gallery, headers, rows, splits
from vpe_core.errors import VPEError
from vpe_core.results.exchange.importer import import_experiments
from vpe_core.results.store.run import find_runs, open_run
from vpe_core.simulation import ct
from vpe_core.training.recipe import load_recipe

NAMES = {"nul": "a\0b.csv", "long": "x" * 300 + ".csv", "surrogate": "\ud800.csv"}
READERS: dict[str, Callable[[str], object]] = {
    "image": load_image,
    "data set": lambda name: open_dataset("nih14", name),
    "table": lambda name: rows.read_rows(Path(name), ("image",), "image"),
    "header": lambda name: headers.read_header(Path(name)),
    "split": lambda name: splits.read_split(Path(name)),
    "samples": lambda name: gallery.simulated_gallery(Path(name)),
    "real X-rays": lambda name: gallery.real_xrays(Path(name)),
    "plan": load_plan,
    "run": open_run,
    "runs": find_runs,
    "experiments": lambda name: import_experiments(Path(name), Path("out")),
    "CT": lambda name: ct.load_ct(Path(name)),
    "CT key": lambda name: ct.ct_key(Path(name)),
    "recipe": lambda name: load_recipe(Path(name)),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_name_that_no_file_can_have(read: Callable[[str], object], name: str) -> None:
    with pytest.raises(VPEError):
        read(name)
