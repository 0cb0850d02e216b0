"""What torch raises when memory ends or a GPU is gone, as errors that people can read; and which devices are gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from vpe_core.errors import DeviceLostError, ModelError
from vpe_core.models.device import give_up

_CPU_FULL = re.compile(r"DefaultCPUAllocator|can't allocate memory|not enough memory", re.IGNORECASE)
_GPU_GONE = re.compile(r"\b(CUDA|cuDNN|cuBLAS|HIP|NVML|MPS)\b.*\b(error|status|failure)", re.IGNORECASE | re.DOTALL)


@contextmanager
def told_in_words(what: str, device: str) -> Iterator[None]:
    """Turn errors of the machine into `ModelError`; all others go through as they are.

    After an error of the driver, CUDA answers nothing in this process any more: the device is given up, and models that
    are loaded from then on run on the CPU.

    Args:
        what: What memory is needed for: "loading SimCLIP".
        device: Where it runs.

    Raises:
        DeviceLostError: The GPU does not answer any more.
        ModelError: There is no memory left.
    """
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _no_memory(what, device) from error
    except RuntimeError as error:
        if _CPU_FULL.search(str(error)):
            raise _no_memory(what, device) from error
        if device == "cpu" or not (isinstance(error, torch.AcceleratorError) or _GPU_GONE.search(str(error))):
            raise
        give_up(device)
        raise DeviceLostError(
            f"The GPU ({device}) has stopped answering. From now on the CPU answers, which is slower. Ask again; after "
            "the GPU is mended, start the program anew."
        ) from error


def _no_memory(what: str, device: str) -> ModelError:
    where = "this machine" if device == "cpu" else f"the GPU ({device})"
    return ModelError(
        f"There is no memory left on {where} for {what}. Try again when less is under way, take a smaller model, or "
        "give the machine more memory."
    )
