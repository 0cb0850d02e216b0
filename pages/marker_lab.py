"""Marker lab: one region, every marker; how much of an answer is the marker's own."""

from dashboard.lab.catalog import MARKER_PARTS
from dashboard.lab.page import lab_page
from dashboard.lab.show import ATTENTION

lab_page(
    "Marker lab",
    "One region, every marker: how much of the answer is the marker's own?",
    MARKER_PARTS,
    sibling=(ATTENTION, "Where the model looks: attention"),
)
