"""The class lists of the data sets, in the data sets' own words and, as the paper orders them, sorted.

They are for prompts typed by hand and for the demo. A benchmark takes the classes from the table that it reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from vpe_core.errors import PromptError
from vpe_core.registry import Registry


@dataclass(frozen=True, slots=True)
class ClassList:
    """Classes of one data set.

    Attributes:
        title: For people.
        classes: In the data set's own spelling.
        source: Where the list was taken from.
    """

    title: str
    classes: tuple[str, ...]
    source: str


CLASS_LISTS: Registry[ClassList] = Registry("class list", PromptError)

CLASS_LISTS.add(
    "simulated",
    ClassList(
        "Simulated X-rays",
        (
            "atelectasis", "calcified granuloma", "cardiomegaly", "consolidation", "interstitial opacities",
            "lung mass", "lung nodule", "pacemaker", "pleural effusion", "pneumothorax",
        ),
        "The findings that vpe_core.simulation draws.",
    ),
)  # fmt: skip
CLASS_LISTS.add(
    "padchest-gr",
    ClassList(
        "PadChest-GR label groups",
        (
            "Alveolar pattern", "Aortic atheromatosis", "Aortic elongation", "Atelectasis", "Bronchiectasis",
            "Cardiomegaly", "Central venous catheter", "Electrical device", "Endotracheal tube", "Fracture", "Goiter",
            "Hemidiaphragm elevation", "Hiatal hernia", "Hyperinflated lung", "Hypoexpansion", "Interstitial pattern",
            "NSG tube", "Nodule", "Osteopenia", "Pleural effusion", "Pleural thickening", "Scoliosis",
            "Vascular hilar enlargement", "Vertebral degenerative changes",
        ),
        "The column label_group of the master table (de Castro et al., 2024) without its catch-all groups, after "
        "github.com/javiermq/EX-IA-PadChest-Gr; the official code of the paper reads the labels from that table.",
    ),
)  # fmt: skip
CLASS_LISTS.add(
    "vindr-cxr",
    ClassList(
        "VinDr-CXR local labels",
        (
            "Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture", "Consolidation",
            "Edema", "Emphysema", "Enlarged PA", "ILD", "Infiltration", "Lung Opacity", "Lung cavity", "Lung cyst",
            "Mediastinal shift", "Nodule/Mass", "Other lesion", "Pleural effusion", "Pleural thickening",
            "Pneumothorax", "Pulmonary fibrosis", "Rib fracture",
        ),
        "Nguyen et al., Scientific Data 9 (2022) 429: the 22 local labels of annotations_train.csv; "
        '"No finding" has no place and is dropped.',
    ),
)  # fmt: skip
CLASS_LISTS.add(
    "nih14",
    ClassList(
        "NIH ChestX-ray14, findings with boxes",
        (
            "Atelectasis", "Cardiomegaly", "Effusion", "Infiltrate", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
        ),
        "Wang et al., CVPR 2017: BBox_List_2017.csv, whose spelling is Infiltrate.",
    ),
)  # fmt: skip
CLASS_LISTS.add(
    "jsrt",
    ClassList(
        "JSRT nodules",
        ("benign", "malignant"),
        "Shiraishi et al., AJR 174 (2000) 71-74: CLNDAT_EN.txt. To be used with the JSRT template.",
    ),
)
