"""Data sets of X-rays with boxes: the paper's four, the simulated ones, and any table.

from vpe_core.datasets import names, open_dataset

names()                                  # ("padchest-gr", "vindr-cxr", "nih14", ...)
nih = open_dataset("nih14", Path("/data/nih14"))
nih.class_counts()                       # {"Atelectasis": 180, ...}
nih.problems                             # rows that cannot be used, and why
"""

from vpe_core.datasets.base import BoxTable, Dataset, DatasetSpec, Problem, TableBox, count_kinds
from vpe_core.datasets.decoding import undecodable_images
from vpe_core.datasets.registry import DATASETS, is_here, open_dataset, read_boxes, spec_of

names = DATASETS.names
get = DATASETS.get

__all__ = [
    "DATASETS",
    "BoxTable",
    "Dataset",
    "DatasetSpec",
    "Problem",
    "TableBox",
    "count_kinds",
    "get",
    "is_here",
    "names",
    "open_dataset",
    "read_boxes",
    "spec_of",
    "undecodable_images",
]
