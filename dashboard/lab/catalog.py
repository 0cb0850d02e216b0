"""All parts of the marker lab, in their order: a new one is a new file and a line here."""

from __future__ import annotations

from dashboard.lab.part import Part
from dashboard.lab.parts.compare import show_compared
from dashboard.lab.parts.counter_tests import show_counter_tests
from dashboard.lab.parts.scan import show_scan
from dashboard.lab.parts.sweeps import show_sweeps
from dashboard.lab.parts.text import show_text
from dashboard.lab.parts.without_ink import show_without_ink
from vpe_core.errors import LabError
from vpe_core.registry import Registry

PARTS: Registry[Part] = Registry("part of the marker lab", LabError)
PARTS.add("compare", Part("compare", show_compared))
PARTS.add("sweeps", Part("sweep", show_sweeps))
PARTS.add("scan", Part("scan", show_scan))
PARTS.add("text", Part("text", show_text))
PARTS.add("ink", Part("ink", show_without_ink))
PARTS.add("counter", Part("counter", show_counter_tests))
