"""What boxes give away: how well size and place of a finding name its class, with no pixel and no model.

    from vpe_core.leaks import boxes_of_dataset, measure_leak

    table = boxes_of_dataset("nih14", "/data/nih14")     # the table alone: no image is read
    leak = measure_leak(table)
    leak.both.auroc                                      # Interval: 0.5 gives nothing away
    leak.of_marker("arrow")                              # what is given away by what an arrow shows
    leak.to_json(), read_leak(path), stored_leaks()      # the last: what the project has measured

`vpe_core.results.analysis.matched` asks what is left of a marker's gain where size and place tell nothing.
"""

from vpe_core.leaks.boxes import BOTH, FEATURES, GROUPS, PLACE, SIZE, LabelledBoxes
from vpe_core.leaks.forest import class_probabilities
from vpe_core.leaks.measure import LeakTable, check_enough, measure_leak
from vpe_core.leaks.overlap import OverlapWeights, overlap_weights
from vpe_core.leaks.record import BoxLeak, GroupLeak, Overlap, TableSource, read_leak, stored_leaks
from vpe_core.leaks.tables import boxes_of_dataset, boxes_of_table

__all__ = [
    "BOTH",
    "FEATURES",
    "GROUPS",
    "PLACE",
    "SIZE",
    "BoxLeak",
    "GroupLeak",
    "LabelledBoxes",
    "LeakTable",
    "Overlap",
    "OverlapWeights",
    "TableSource",
    "boxes_of_dataset",
    "boxes_of_table",
    "check_enough",
    "class_probabilities",
    "measure_leak",
    "overlap_weights",
    "read_leak",
    "stored_leaks",
]
