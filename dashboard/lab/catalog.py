"""All parts of the laboratory's two pages, in their order: a new one is a new file and a line here."""

from __future__ import annotations

from dashboard.lab.part import Part
from dashboard.lab.parts.all_maps import show_maps
from dashboard.lab.parts.compare import show_compared
from dashboard.lab.parts.counter_tests import show_counter_tests
from dashboard.lab.parts.faithfulness import show_faithfulness
from dashboard.lab.parts.layers import show_layers
from dashboard.lab.parts.over_set import QUESTION, TITLE, show_over_set
from dashboard.lab.parts.sanity import show_sanity
from dashboard.lab.parts.scan import show_scan
from dashboard.lab.parts.sweeps import show_sweeps
from dashboard.lab.parts.text import show_text
from dashboard.lab.parts.truth import show_truth
from dashboard.lab.parts.without_ink import show_without_ink
from vpe_core.errors import LabError
from vpe_core.registry import Registry

MARKER_PARTS: Registry[Part] = Registry("part of the page Marker lab", LabError)
MARKER_PARTS.add("compare", Part.of("compare", show_compared))
MARKER_PARTS.add("sweeps", Part.of("sweep", show_sweeps))
MARKER_PARTS.add("scan", Part.of("scan", show_scan))
MARKER_PARTS.add("text", Part.of("text", show_text))
MARKER_PARTS.add("ink", Part.of("ink", show_without_ink))
MARKER_PARTS.add("counter", Part.of("counter", show_counter_tests))

ATTENTION_PARTS: Registry[Part] = Registry("part of the page Attention", LabError)
ATTENTION_PARTS.add("maps", Part.of("maps", show_maps))
ATTENTION_PARTS.add("layers", Part.of("layers", show_layers))
ATTENTION_PARTS.add("faithfulness", Part.of("faithfulness", show_faithfulness))
ATTENTION_PARTS.add("truth", Part.of("truth", show_truth))
ATTENTION_PARTS.add("sanity", Part.of("sanity", show_sanity))
ATTENTION_PARTS.add("over_set", Part(TITLE, QUESTION, show_over_set))
