"""The laboratory: one X-ray, one region, many markers; what each does to a model's answer.

    scene = LabScene(image, Box(310, 220, 420, 330), classes, "lung mass", MarkerStyle("circle", "red"))
    names()                                  # ("compare", "sweep", "scan", ...)
    found = get("compare").run(scene, model)
    found.fragility.words()

Every study asks the model's predictor in batches, tells its progress, ends where that raises, and returns plain arrays.
`docs/lab.md` defines what it measures. Importing this package does not import torch.
"""

from vpe_core.lab.catalog import STUDIES
from vpe_core.lab.scene import Drawing, LabScene, MarkerStyle
from vpe_core.lab.study import Study

names = STUDIES.names
get = STUDIES.get

__all__ = ["STUDIES", "Drawing", "LabScene", "MarkerStyle", "Study", "get", "names"]
