"""A small model for the tests of the live demo's answers."""

from __future__ import annotations

import pytest

from tests.tiny_models import write_native_model
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.settings import get_settings


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> VisionLanguageModel:
    folder = write_native_model(tmp_path_factory.mktemp("models") / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VPE_ALLOWED_MODELS", str(folder))
        get_settings.cache_clear()
        return load_model(str(folder))
