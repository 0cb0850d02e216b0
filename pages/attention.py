"""Attention: one X-ray, every map, without and with the marker; and which of them to believe."""

from dashboard.lab.catalog import ATTENTION_PARTS
from dashboard.lab.page import lab_page
from dashboard.lab.show import MARKER_LAB
from dashboard.lab.with_maps import slow_maps_field

lab_page(
    "Attention",
    "Where the model looks, without and with the marker, and which map to believe.",
    ATTENTION_PARTS,
    sibling=(MARKER_LAB, "Try every marker here: marker lab"),
    settings=slow_maps_field,
)
