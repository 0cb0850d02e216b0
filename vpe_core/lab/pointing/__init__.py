"""Ways to point at a region without ink: as a bias on attention, as a product in pixels; one registry.

names()                  # ("falip", "fovea-only", "api", "api-question")
get("falip").source      # the paper
"""

from vpe_core.lab.pointing.attention_product import API, API_QUESTION
from vpe_core.lab.pointing.base import POINTINGS, Asked, Pointing
from vpe_core.lab.pointing.foveal import FALIP, FOVEA_ONLY

POINTINGS.add("falip", FALIP)
POINTINGS.add("fovea-only", FOVEA_ONLY)
POINTINGS.add("api", API)
POINTINGS.add("api-question", API_QUESTION)

names, get = POINTINGS.names, POINTINGS.get

__all__ = ["POINTINGS", "Asked", "Pointing", "get", "names"]
