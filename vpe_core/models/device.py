"""Where a model runs, and in which arithmetic."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vpe_core.errors import ModelError

if TYPE_CHECKING:
    import torch

LARGE_PARAMETERS = 30_000_000
"""Image towers below this size are quick in fp32 anywhere, and run in it."""
_lost: set[str] = set()


def give_up(device: str) -> None:
    """Use a device no more, as long as this process lives: its driver has failed."""
    _lost.add(device)


def lost_devices() -> tuple[str, ...]:
    """The devices that were given up; models run on the CPU in their place."""
    return tuple(sorted(_lost))


def resolve_device(wanted: str = "auto") -> str:
    """The device to use: `wanted`, or the fastest there is for "auto" (CUDA, then Apple's MPS, then the CPU).

    In place of a device that was given up, the CPU.

    Raises:
        ModelError: The wanted device is not there.
    """
    import torch

    if ("cuda:0" if wanted == "cuda" else wanted) in _lost or (wanted == "auto" and _lost):
        return "cpu"
    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda:0"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = wanted.partition(":")
    present = {
        "cpu": True,
        "mps": torch.backends.mps.is_available(),
        "cuda": torch.cuda.is_available() and int(index or 0) < torch.cuda.device_count(),
    }
    if not present.get(kind, False):
        raise ModelError(f"The device {wanted!r} is not there. Set VPE_DEVICE to auto, or to a device of this machine.")
    return "cuda:0" if wanted == "cuda" else wanted


def device_title(device: str) -> str:
    """The device as people name it, such as "CPU, 2 threads" or "NVIDIA H100 (cuda:0)"."""
    import torch

    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name(device)} ({device})"
    if device == "mps":
        return "Apple GPU (mps)"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'' if threads == 1 else 's'}"


def resolve_precision(wanted: str, device: str, image_tower_parameters: int) -> str:
    """The arithmetic of the image tower: "fp32", "bf16" or "fp16".

    "auto" is fp32 for small towers and wherever 16 bits gain nothing. Large towers run with weights cast to bf16 where
    the hardware multiplies in it: NVIDIA from compute capability 8.0, processors with AVX-512 BF16 or AMX. The text
    tower is always fp32, because its embeddings are computed once and kept.

    Raises:
        ModelError: The wanted arithmetic does not run on this device.
    """
    if wanted == "auto":
        return "bf16" if image_tower_parameters >= LARGE_PARAMETERS and has_fast_bf16(device) else "fp32"
    if wanted == "fp16" and device == "cpu":
        raise ModelError("Half precision (fp16) does not run on the CPU. Set VPE_PRECISION to auto, fp32 or bf16.")
    return wanted


def has_fast_bf16(device: str) -> bool:
    """Whether the hardware multiplies in bf16; where it does not, bf16 is many times slower than fp32."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False


_exact_lock = threading.Lock()
_exact: list[str] = []
"""What the setting was before each computation that goes on; the first one's is the user's."""


@contextmanager
def exact_convolutions(device: str) -> Iterator[None]:
    """Meanwhile, convolutions on NVIDIA GPUs keep all 24 bits of fp32 instead of TF32's 11, which is torch's default.

    The setting is torch's own and holds for the whole process, so it is put back. Where computations of several models
    overlap, the last one to end does that.
    """
    if not device.startswith("cuda"):
        yield
        return
    import torch

    setting = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    with _exact_lock:
        _exact.append(_exact[0] if _exact else setting.fp32_precision)
        setting.fp32_precision = "ieee"
    try:
        yield
    finally:
        with _exact_lock:
            before = _exact.pop()
            if not _exact:
                setting.fp32_precision = before


def torch_dtype(precision: str) -> torch.dtype:
    """The torch type of "fp32", "bf16" or "fp16"."""
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
