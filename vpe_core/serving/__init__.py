"""One predictor for all who ask a model: a queue with turns, batches and limits, answered by one worker.

    served = serving.serve(load_model("simclip"))           a model like the other, for many threads
    mine = serving.asked_by(served, Asking("session 7"))    the same, asked by one of them
    mine.predictor.statistics()                             queue, batches, latencies

Whatever answers elsewhere, in other processes or on other machines, is another `Predictor`: `model.asking(predictor)`.
A model that is used by one program alone needs none of it. Importing this package does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.lazy import names_on_demand
from vpe_core.models.predictor import ANYONE, Asking, Predictor, Statistics
from vpe_core.serving.asked import AskedPredictor, asked_by

if TYPE_CHECKING:
    from vpe_core.serving.in_process import QueuedPredictor, serve
    from vpe_core.serving.remote import RemotePredictor, serve_as_set
    from vpe_core.serving.sizes import PassSizes

__all__ = [
    "ANYONE", "AskedPredictor", "Asking", "PassSizes", "Predictor", "QueuedPredictor", "RemotePredictor",
    "Statistics", "asked_by", "serve", "serve_as_set",
]  # fmt: skip

__getattr__ = names_on_demand(
    __name__,
    {
        "PassSizes": "sizes",
        "QueuedPredictor": "in_process",
        "RemotePredictor": "remote",
        "serve": "in_process",
        "serve_as_set": "remote",
    },
)
