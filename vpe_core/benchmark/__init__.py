"""The benchmark: a plan of markers, run on a data set with a model, into a store of embeddings.

Variant("circle", "red", 1).key     "circle/red/1/paper"; `variants` needs no torch, `runner` does
"""

from vpe_core.benchmark.variants import Variant

__all__ = ["Variant"]
