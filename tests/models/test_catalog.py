from __future__ import annotations

import dataclasses
import re
import subprocess
import sys

import pytest

from vpe_core.errors import ModelError
from vpe_core.models import ModelSpec, get, names


def test_the_promised_models_are_listed() -> None:
    assert {"simclip", "simclip-plain", "biomedclip", "bmc-clip-cf", "openai-vit-b-16"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_a_spec_says_what_is_needed(name: str) -> None:
    spec = get(name)
    assert spec.name == name
    assert spec.domain.endswith(".")
    assert spec.simulated_only == (spec.scheme == "embedded")
    assert spec.revision is None or re.fullmatch("[0-9a-f]{40}", spec.revision)
    assert spec.sha256 is None or re.fullmatch("[0-9a-f]{64}", spec.sha256)
    if spec.scheme == "hf-hub":
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", spec.location)
        assert spec.paper
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "other"  # type: ignore[misc]


def test_a_pinned_hash_comes_with_a_pinned_commit() -> None:
    pinned = [spec for spec in map(get, names()) if spec.sha256]
    assert pinned
    assert all(spec.revision and spec.weights for spec in pinned)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"Did you mean 'biomedclip'\?.*simclip-plain"):
        get("biomedclp")


def test_listing_models_and_methods_does_not_import_torch() -> None:
    code = (
        "import sys, vpe_core.models as m, vpe_core.attention as a; m.names(), m.get('simclip'), a.names();"
        "print([name for name in ('torch', 'open_clip', 'transformers', 'streamlit') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_specs_compare_by_value() -> None:
    assert get("simclip") == dataclasses.replace(get("simclip"))
    assert isinstance(get("simclip"), ModelSpec)
