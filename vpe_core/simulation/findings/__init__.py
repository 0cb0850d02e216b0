"""Simulated findings: one function each, in one registry; adding one is a function and its import here."""

from vpe_core.simulation.findings import airspace, atelectasis, device, focal, heart, interstitial, pleura
from vpe_core.simulation.findings.base import FINDINGS, FindingKind, Lesion

names, get = FINDINGS.names, FINDINGS.get

__all__ = [
    "FINDINGS",
    "FindingKind",
    "Lesion",
    "airspace",
    "atelectasis",
    "device",
    "focal",
    "get",
    "heart",
    "interstitial",
    "names",
    "pleura",
]
