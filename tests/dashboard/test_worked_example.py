"""The overview's worked example: stored numbers and maps, and what of them the page shows."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.library.example import (
    AFTER,
    BEFORE,
    LAST_BLOCK,
    SEEN,
    Example,
    example_dir,
    levels_text,
    load_example,
    save_example,
)
from vpe_core.errors import DatasetError
from vpe_core.plots.percent import percent
from vpe_core.settings import PROJECT_DIR, get_settings

CLASSES = ("lung mass", "lung nodule", "<b>pacemaker</b>")
MODEL = PROJECT_DIR / "precomputed" / "models" / "simclip"


def example() -> Example:
    grid = np.zeros((2, 2), np.float32)
    grid[0, 1] = 0.5
    pair = (levels_text(grid, 1.0), levels_text(2 * grid, 1.0))
    return Example(
        sample="case_a", title="Mass", finding="lung mass", region=(100.0, 120.0, 260.0, 300.0), classes=CLASSES,
        without=(0.5, 0.3, 0.2), marked=(0.1, 0.8, 0.1), target="lung nodule", prompt="Signs of {class}.",
        attention_before=0.1, attention_after=0.6, area=0.05, maps=dict.fromkeys((LAST_BLOCK, *CLASSES), pair),
        grid_wh=(2, 2), patch_px=8, dimension=64, model="simclip", model_title="SimCLIP", weights_sha256="0" * 64,
        size_wh=(560, 560), command="scripts/make_example.py --sample case",
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    get_settings.cache_clear()
    return tmp_path


def test_the_example_is_stored_and_read_back(home: Path) -> None:
    assert load_example() is None
    save_example(example(), dict.fromkeys((BEFORE, AFTER, SEEN), b"picture"), example_dir())
    assert load_example() == example()
    (example_dir() / "example.json").write_text('{"sample": 3}')
    with pytest.raises(DatasetError, match="damaged"):
        load_example()


def test_an_example_that_knows_nothing_of_other_methods_can_be_read(home: Path) -> None:
    save_example(example(), dict.fromkeys((BEFORE, AFTER, SEEN), b"picture"), example_dir())
    file = example_dir() / "example.json"
    numbers = json.loads(file.read_text())
    del numbers["methods"]
    file.write_text(json.dumps(numbers))
    assert load_example() == replace(example(), methods=())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ((0.72, 0.68), "The methods disagree on the share inside the circle: Last layer 10% → 60%, Other 72% → 68%."),
        ((0.5, 0.9), "The methods agree: none sees less inside the circle with the marker than without it."),
    ],
)
def test_the_page_says_whether_attention_methods_agree(home: Path, changes: tuple[float, float], sentence: str) -> None:
    shown = replace(example(), methods=(("Last layer", 0.1, 0.6), ("Other", *changes)))
    save_example(shown, dict.fromkeys((BEFORE, AFTER, SEEN), b"picture"), example_dir())
    app = AppTest.from_file(str(PROJECT_DIR / "pages" / "overview.py"), default_timeout=60).run()
    assert sentence in " ".join(str(element.body) for element in app.get("html"))


def test_a_map_is_brightest_and_least_transparent_where_the_patch_is() -> None:
    for marked, peak in ((False, 0.5), (True, 1.0)):
        with Image.open(io.BytesIO(example().map_webp(LAST_BLOCK, marked=marked))) as picture:
            red, _, _, alpha = np.moveaxis(np.asarray(picture.convert("RGBA")).astype(int), -1, 0)
        side = len(alpha)
        assert alpha[-1, 0] == 0
        assert alpha[0, side - 1] == alpha.max() == pytest.approx(0.7 * 255 * peak, abs=4)
        assert red[0, side - 1] > 150


def test_the_page_names_each_class_with_its_numbers_and_says_simulated_at_every_picture(home: Path) -> None:
    save_example(example(), dict.fromkeys((BEFORE, AFTER, SEEN), b"picture"), example_dir())
    app = AppTest.from_file(str(PROJECT_DIR / "pages" / "overview.py"), default_timeout=60).run()
    assert not app.exception
    html = " ".join(str(element.body) for element in app.get("html"))
    assert html.count("<figure>") == 2
    assert html.count("simulated") >= 5
    assert "&lt;b&gt;pacemaker&lt;/b&gt;" in html
    assert "<b>pacemaker</b>" not in html
    assert "4 patches" in html
    assert "30% → 80%" in html
    assert "With the circle, the likeliest is lung nodule, 80%." in html
    assert html.count('class="vpl-map') == 2 * (len(CLASSES) + 1)


def test_the_shipped_example_is_of_the_shipped_model() -> None:
    numbers = json.loads((PROJECT_DIR / "precomputed" / "example" / "example.json").read_text())
    config = json.loads((MODEL / "open_clip_config.json").read_text())["model_cfg"]
    assert numbers["weights_sha256"] == hashlib.sha256((MODEL / "open_clip_model.safetensors").read_bytes()).hexdigest()
    assert numbers["patch_px"] == config["vision_cfg"]["patch_size"]
    assert numbers["patch_px"] * numbers["grid_wh"][0] == config["vision_cfg"]["image_size"]
    assert numbers["dimension"] == config["embed_dim"]
    best = max(range(len(numbers["marked"])), key=numbers["marked"].__getitem__)
    assert numbers["classes"][best] == numbers["finding"]
    assert percent(numbers["marked"][best]) != percent(numbers["without"][best])
