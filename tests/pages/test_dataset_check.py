"""The check of data sets on the page about data and models."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.datasets.conftest import nih
from vpe_core import datasets
from vpe_core.settings import PROJECT_DIR, get_settings

__all__ = ["nih"]


@pytest.fixture(autouse=True)
def _carried_sets(app_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated sets of the project itself, not the small home of the other page tests."""
    monkeypatch.delenv("VPE_PRECOMPUTED_DIR")
    get_settings.cache_clear()


def open_page() -> AppTest:
    return AppTest.from_file(str(PROJECT_DIR / "pages" / "data_and_models.py"), default_timeout=120).run()


def texts(app: AppTest) -> str:
    found = [*app.markdown, *app.caption, *app.success, *app.warning, *app.error]
    return " ".join(element.value for element in found).replace("\\", "")


def test_only_the_simulated_sets_are_here_and_the_others_say_how_to_get_them() -> None:
    app = open_page()
    assert not app.exception
    buttons = {button.key for button in app.button}
    assert {f"check {name}" for name in datasets.names()} & buttons == {
        "check sim-multi", "check sim-nodule", "check sim-shift",
    }  # fmt: skip
    assert datasets.get("vindr-cxr").how_to_get in texts(app)


def test_a_check_shows_classes() -> None:
    app = open_page()
    app.button(key="check sim-nodule").click().run()
    assert not app.exception
    assert "400 samples in 400 images of 60 patients; 2 classes." in texts(app).replace("**", "")
    assert "Nothing is wrong." in texts(app)
    counts = datasets.open_dataset("sim-nodule").class_counts()
    assert app.dataframe[0].value.to_dict("list") == {"Class": list(counts), "Samples": list(counts.values())}


@pytest.fixture
def allowed(nih: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small NIH data set in the folder that the settings allow."""
    parent = tmp_path_factory.mktemp("sets")
    (parent / "nih14").symlink_to(nih)
    monkeypatch.setenv("VPE_DATASETS_DIR", str(parent))
    get_settings.cache_clear()
    return nih


def test_a_check_names_the_rows_that_cannot_be_used(allowed: Path) -> None:
    (allowed / "images_012" / "images" / "00030804_000.png").unlink()
    app = open_page()
    app.button(key="check nih14").click().run()
    assert not app.exception
    assert "1 cannot be used: 1 missing image." in texts(app)
    assert app.dataframe[1].value.to_dict("list") == {
        "Row": [4],
        "Why": ["The image '00030804_000.png' is not in images_*/images, images."],
        "File": ["BBox_List_2017.csv"],
    }


def test_a_wrong_folder_is_one_sentence(allowed: Path) -> None:
    (allowed / "BBox_List_2017.csv").unlink()
    app = open_page()
    app.button(key="check nih14").click().run()
    assert not app.exception
    assert "Expected the boxes as BBox_List_2017.csv" in texts(app)
