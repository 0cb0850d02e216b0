"""A machine without memory and a GPU that is gone are told in words, and the CPU takes over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from vpe_core.errors import DeviceLostError, ModelError
from vpe_core.models import VisionLanguageModel, device
from vpe_core.models.failures import told_in_words
from vpe_core.models.predictor import Computation, Want

ROOT = Path(__file__).resolve().parents[2]
# Under a limit on its address space, which a process cannot take back: so in one of its own.
PROGRAM = """
import os, resource, sys
os.environ.update(VPE_ALLOWED_MODELS=sys.argv[1], VPE_DEVICE="cpu")
from vpe_core import models
from vpe_core.errors import ModelError
models.load_model(sys.argv[1] + "/native")
used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 20), resource.RLIM_INFINITY))
try:
    models.load_model(sys.argv[1] + "/native")
except ModelError as error:
    print(error)
"""


@pytest.fixture
def lost() -> Iterator[set[str]]:
    yield device._lost
    device._lost.clear()


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the address space is Linux's")
def test_a_model_for_which_there_is_no_memory_is_told_in_words(model_root: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(model_root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "There is no memory left on this machine for loading native." in done.stdout, done.stderr


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: unspecified launch failure"),
        RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with ..."),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    ],
)
def test_after_an_error_of_the_driver_the_cpu_takes_over(error: Exception, lost: set[str]) -> None:
    with pytest.raises(DeviceLostError, match="From now on the CPU answers"), told_in_words("this answer", "cuda:0"):
        raise error
    assert lost == {"cuda:0"}
    assert [device.resolve_device(wanted) for wanted in ("auto", "cuda", "cuda:0")] == ["cpu"] * 3


def test_a_full_gpu_is_not_given_up_and_a_defect_stays_one(lost: set[str]) -> None:
    with pytest.raises(ModelError, match=r"no memory left on the GPU \(cuda:0\)"), told_in_words("this", "cuda:0"):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
    with pytest.raises(RuntimeError, match="shapes"), told_in_words("this", "cuda:0"):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    assert lost == set()


class Enormous(Want):
    def on(self, network: object) -> Computation:
        return lambda pixels, texts: (torch.empty(1 << 50),)


def test_a_network_without_memory_answers_in_words(models: dict[str, VisionLanguageModel]) -> None:
    future = models["native"].predictor.submit([np.zeros((64, 64), np.uint8)], Enormous())
    with pytest.raises(ModelError, match="no memory left on this machine for this answer"):
        future.result()
