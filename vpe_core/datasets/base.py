"""What a data set is, once it is read: samples, classes, and the rows that cannot be used."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from vpe_core.errors import PromptError
from vpe_core.prompts import PAPER_TEMPLATE, check_choice

if TYPE_CHECKING:
    import pandas as pd

    from vpe_core.types import Box, Sample

ProblemKind: TypeAlias = Literal["missing image", "unreadable image", "box", "label", "other"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be used, and why.

    Attributes:
        file: The table's name, or the image's.
        row: Its number in the table as a spreadsheet shows it, blank rows included; None for a file or a whole set.
        reason: One sentence.
        kind: For counting.
    """

    file: str
    row: int | None
    reason: str
    kind: ProblemKind = "other"


def count_kinds(problems: Iterable[Problem]) -> dict[str, int]:
    """How many problems there are of each kind, the most frequent first."""
    return dict(Counter(problem.kind for problem in problems).most_common())


@dataclass(frozen=True)
class Dataset:
    """One part of a data set: a table of samples in the source's order.

    Attributes:
        name: Its name in the registry; a table of one's own adds its file's name, as in "table-cohort".
        title: For people.
        part: "train", "val", "test" or "all".
        root: The folder that all images lie in.
        samples: The usable ones.
        classes: The labels of all rows, sorted; a missing image does not change the question.
        problems: The rows that are left out.
        template: The paper's prompt, with {class} and {suffix}.
        class_words: What stands for each label in the template.
        simulated: Nobody's X-rays.
        note: What else must be known to compare results; may be empty.
    """

    name: str
    title: str
    part: str
    root: Path
    samples: tuple[Sample, ...]
    classes: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    template: str = PAPER_TEMPLATE
    class_words: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        words = {label: self.class_words.get(label, label) for label in self.classes}
        object.__setattr__(self, "class_words", words)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    def __len__(self) -> int:
        return len(self.samples)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over samples, boxes, labels and the sizes of the image files; it does not depend on the folder."""
        digest = hashlib.sha256()
        sizes = {path: path.stat().st_size for path in self.image_files()}
        for sample in self.samples:
            files = [
                (path.relative_to(self.root).as_posix(), sizes[path])
                for path in (sample.image_path, sample.twin_path)
                if path
            ]
            facts = (
                sample.sample_id,
                sample.image_id,
                sample.patient_id,
                sample.label,
                sample.group,
                sample.box and sample.box.xyxy,
                files,
            )
            digest.update(json.dumps(facts).encode() + b"\n")
        return digest.hexdigest()

    @property
    def n_images(self) -> int:
        """How many images the samples are in."""
        return len({sample.image_id for sample in self.samples})

    @property
    def n_patients(self) -> int:
        """How many patients the samples are of."""
        return len({sample.patient_id for sample in self.samples})

    @property
    def of_whom(self) -> str:
        """How many images of how many patients, in words; where the set names no patients, an image counts as one."""
        if all(sample.patient_id == sample.image_id for sample in self.samples):
            return f"{self.n_images:,} images, each counted as a patient"
        return f"{self.n_images:,} images of {self.n_patients:,} patients"

    def image_files(self) -> tuple[Path, ...]:
        """All files, each once, in the order of the samples; twins too."""
        files = (path for sample in self.samples for path in (sample.image_path, sample.twin_path) if path)
        return tuple(dict.fromkeys(files))

    def class_counts(self) -> dict[str, int]:
        """Samples of each class, in the order of `classes`."""
        counts = Counter(sample.label for sample in self.samples)
        return {label: counts[label] for label in self.classes}

    @cached_property
    def class_problem(self) -> str:
        """Why no run can ask which class it is, in a sentence or two; empty if one can.

        By the rules for class names in prompts: they hold for the labels, which most prompts take, and for the words.
        """
        try:
            check_choice(self.classes)
            check_choice(self.class_words.values())
        except PromptError as error:
            return str(error)
        return ""

    @property
    def class_warning(self) -> str:
        """What a run can measure and hardly any report can use: samples of one class only; empty for others."""
        labels = {sample.label for sample in self.samples}
        if self.class_problem or len(labels) != 1:
            return ""
        return f"All samples that can be used are {labels.pop()!r}: no class has an AUROC."

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """What is wrong with the classes of the set as a whole, and the rows that are left out."""
        if not self.class_problem:
            return self.problems
        reason = f"Nothing can be measured with these classes. {self.class_problem}"
        return (Problem(self.name, None, reason, "label"), *self.problems)

    def frame(self) -> pd.DataFrame:
        """The samples as a table, one row a sample; attributes are columns, a box is x0, y0, x1, y1."""
        import pandas as pd

        return pd.DataFrame([self._row(sample) for sample in self.samples])

    def _row(self, sample: Sample) -> dict[str, object]:
        corners = sample.box.xyxy if sample.box else (None,) * 4
        row: dict[str, object] = {
            "sample_id": sample.sample_id,
            "image_id": sample.image_id,
            "patient_id": sample.patient_id,
            "label": sample.label,
            "group": sample.group,
            **dict(zip(("x0", "y0", "x1", "y1"), corners, strict=True)),
            "image_path": sample.image_path.relative_to(self.root).as_posix(),
            "twin_path": sample.twin_path.relative_to(self.root).as_posix() if sample.twin_path else None,
        }
        return row | {name: value for name, value in sample.attributes.items() if name not in row}


@dataclass(frozen=True, slots=True)
class TableBox:
    """What a table tells of one box, whether or not its image is here.

    Attributes:
        image_id: As in `Sample`.
        patient_id: As in `Sample`.
        label: Its class.
        box: In pixels.
        size_wh: Of the grid that the box is on; None where the table does not tell.
    """

    image_id: str
    patient_id: str
    label: str
    box: Box
    size_wh: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class BoxTable:
    """The boxes of a part of a data set as its table holds them: no image is needed.

    Attributes:
        file: The table.
        boxes: In its order.
        problems: The rows that are left out.
        note: As in `Dataset`.
    """

    file: Path
    boxes: tuple[TableBox, ...]
    problems: tuple[Problem, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """A data set that can be read: an entry of the registry.

    Attributes:
        name: As in the registry.
        title: For people.
        short_title: The same for heads and lists; its title if empty.
        read: Reads a part from a folder.
        parts: What `open_dataset` accepts as a part; only "all" where the set is not divided.
        default_part: One of them.
        how_to_get: One or two sentences: where it is obtained, and which files are expected.
        simulated: Nobody's X-rays.
        terms: Conditions of use, in a sentence.
        citation: The paper to cite.
        default_root: The folder where it is looked for when none is given; raises `DatasetError` if there is none.
        classes: The labels that it is published with, in its own spelling and, as the paper orders them, sorted; empty
            where any may come. They are for prompts typed by hand; a run takes the classes of the table that it reads.
        template: Its prompt, with {class} and {suffix}.
        official_names: What the paper's official code calls each part, by part.
        patient_of: The patient in an image's file name; None where it tells none.
        read_boxes: Reads the boxes of a part without the images; None where they say on which grid the boxes are.
    """

    name: str
    title: str
    read: Callable[[Path, str], Dataset]
    parts: tuple[str, ...] = ("all",)
    default_part: str = "all"
    how_to_get: str
    simulated: bool = False
    terms: str = ""
    citation: str = ""
    default_root: Callable[[], Path] | None = None
    short_title: str = ""
    classes: tuple[str, ...] = ()
    template: str = PAPER_TEMPLATE
    official_names: Mapping[str, str] = field(default_factory=dict)
    patient_of: Callable[[str], str] | None = None
    read_boxes: Callable[[Path, str], BoxTable] | None = None

    def dataset(
        self,
        part: str,
        root: Path,
        samples: tuple[Sample, ...],
        classes: tuple[str, ...],
        problems: tuple[Problem, ...],
        note: str = "",
    ) -> Dataset:
        """A part of it with what its reader has found; see `Dataset`."""
        return Dataset(
            self.name, self.title, part, root, samples, classes, problems, self.template,
            simulated=self.simulated, note=note,
        )  # fmt: skip
