"""Data sets of X-rays with boxes: the paper's four, the simulated ones, and any table.

from vpe_core.datasets import names, open_dataset

names()                                  # ("padchest-gr", "vindr-cxr", "nih14", ...)
nih = open_dataset("nih14", Path("/data/nih14"))
nih.class_counts(), nih.problems
"""

from vpe_core.datasets.base import Dataset, DatasetSpec, Problem
from vpe_core.datasets.registry import DATASETS, open_dataset

names = DATASETS.names
get = DATASETS.get

__all__ = ["DATASETS", "Dataset", "DatasetSpec", "Problem", "get", "names", "open_dataset"]
