from __future__ import annotations

import pytest
import torch

from vpe_core.errors import ModelError
from vpe_core.models.device import LARGE_PARAMETERS, device_title, resolve_device, resolve_precision


def test_auto_takes_the_fastest_there_is() -> None:
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    assert (resolve_device("auto") == "cpu") == (not has_gpu)


def test_a_missing_device_is_named() -> None:
    with pytest.raises(ModelError, match="'cuda:99' is not there"):
        resolve_device("cuda:99")


def test_the_cpu_is_called_by_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert device_title("cpu") == "CPU, 2 threads"


@pytest.mark.parametrize(("fast", "expected"), [(True, "bf16"), (False, "fp32")])
def test_large_towers_use_16_bits_where_the_hardware_does(
    monkeypatch: pytest.MonkeyPatch, fast: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: fast)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert resolve_precision("auto", "cpu", LARGE_PARAMETERS) == expected
    assert resolve_precision("auto", "cpu", LARGE_PARAMETERS - 1) == "fp32"
    assert resolve_precision("auto", "mps", LARGE_PARAMETERS) == "fp32"


def test_what_is_asked_for_is_what_is_used() -> None:
    assert resolve_precision("fp32", "cpu", 10**9) == "fp32"
    assert resolve_precision("bf16", "cpu", 1) == "bf16"
    with pytest.raises(ModelError, match="does not run on the CPU"):
        resolve_precision("fp16", "cpu", 1)
