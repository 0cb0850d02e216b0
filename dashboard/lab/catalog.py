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

MARKER_PARTS: Registry[Part] = Registry(
    "part of the page Marker lab",
    LabError,
    {
        "compare": Part.of("compare", show_compared),
        "sweeps": Part.of("sweep", show_sweeps),
        "scan": Part.of("scan", show_scan),
        "text": Part.of("text", show_text),
        "ink": Part.of("ink", show_without_ink),
        "counter": Part.of("counter", show_counter_tests),
    },
)

ATTENTION_PARTS: Registry[Part] = Registry(
    "part of the page Attention",
    LabError,
    {
        "maps": Part.of("maps", show_maps),
        "layers": Part.of("layers", show_layers),
        "faithfulness": Part.of("faithfulness", show_faithfulness),
        "truth": Part.of("truth", show_truth),
        "sanity": Part.of("sanity", show_sanity),
        "over_set": Part(TITLE, QUESTION, show_over_set),
    },
)
