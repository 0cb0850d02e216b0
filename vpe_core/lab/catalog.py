"""All studies of the laboratory: a new one is a new file and a line here."""

from __future__ import annotations

from vpe_core.errors import LabError
from vpe_core.lab.compare import COMPARE
from vpe_core.lab.counter_tests import COUNTER_TESTS
from vpe_core.lab.faithfulness import FAITHFULNESS
from vpe_core.lab.layers import LAYERS
from vpe_core.lab.maps import MAPS
from vpe_core.lab.sanity import SANITY
from vpe_core.lab.scan import SCAN
from vpe_core.lab.study import Study
from vpe_core.lab.sweeps import SWEEP
from vpe_core.lab.text_against_marker import TEXT_AGAINST_MARKER
from vpe_core.lab.truth import TRUTH
from vpe_core.lab.without_ink import WITHOUT_INK
from vpe_core.registry import Registry

STUDIES: Registry[Study] = Registry(
    "study of the marker lab",
    LabError,
    {
        "compare": COMPARE,
        "sweep": SWEEP,
        "scan": SCAN,
        "text": TEXT_AGAINST_MARKER,
        "ink": WITHOUT_INK,
        "counter": COUNTER_TESTS,
        "maps": MAPS,
        "layers": LAYERS,
        "faithfulness": FAITHFULNESS,
        "truth": TRUTH,
        "sanity": SANITY,
    },
)
