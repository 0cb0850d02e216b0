"""What the boxes of whole data sets give away, from their tables alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vpe_core.datasets.simulated import HEALTHY
from vpe_core.leaks import BOTH, PLACE, SIZE, BoxLeak, GroupLeak
from vpe_core.metrics import Interval
from vpe_core.plots.html import render
from vpe_core.plots.lanes import LaneMark, lane_mark, value_and_ends
from vpe_core.results.analysis.numerals import number_text

_HEALTHY_BOXES = (
    " All boxes count, also those of X-rays without a finding: they are the boxes of other X-rays' findings and tell "
    "nothing, so this is less than on the findings alone."
)


def box_leaks_html(leaks: Sequence[BoxLeak], *, marker: str, noun: str) -> Markup:
    """A part for each data set: size only, place only, both, and what a marker shows of a box.

    Args:
        leaks: From `read_leak`.
        marker: Of the registry.
        noun: What it is called, such as "circle".
    """
    return render("leak_boxes", noun=noun, sets=[_set(one, marker, noun) for one in leaks])


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    kind: str
    marks: Sequence[LaneMark]
    value: str
    ends: str
    about: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class _Set:
    title: str
    simulated: bool
    about: str
    rows: Sequence[_Row]
    note: str
    classes: Sequence[_Row]
    facts: Sequence[tuple[str, str]]


def _set(leak: BoxLeak, marker: str, noun: str) -> _Set:
    source, group = leak.source, leak.markers.get(marker)
    names = [name for name in (SIZE, PLACE, BOTH) if name in leak.groups]
    rows = [_row("size and place" if name == BOTH else name, leak.groups[name], name == group) for name in names]
    if group and group not in names and group in leak.groups:
        rows.append(_row(f"the {noun}'s rectangle", leak.groups[group], True))
    told = leak.groups.get(group or "")
    note = "" if told or group is None else f"The {noun} shows nothing of a box."
    if told:
        note = (
            f"From what this marker shows: accuracy {number_text(told.accuracy.value)} (always naming the most "
            f"frequent class: {number_text(leak.largest_class_share)}), probability of the true class "
            f"{number_text(told.true_class_probability.value)}."
        )
    note += (
        f" A gain could be asked for where size and place tell nothing in {len(leak.matchable)} of "
        f"{len(leak.classes)} classes ({leak.matchable_boxes:,.0f} boxes would count)."
    )
    shown = told or leak.both
    order = sorted(shown.per_class, key=lambda label: -shown.per_class[label].value)
    return _Set(
        title=source.title + ("" if source.part in ("", "all") else f", {source.part} part"),
        simulated=source.simulated,
        about=(
            f"{leak.boxes:,} boxes, {leak.of_whom}, {len(leak.classes)} classes; macro AUROC of "
            "the box table alone."
            + (_HEALTHY_BOXES if HEALTHY in leak.class_counts else "")
            + ("" if source.sizes_known else " It does not say how large the images are: size and place are in pixels.")
            + "".join(f" {note}." for note in (leak.too_few, leak.below_half) if note)
        ),
        rows=rows,
        note=note.strip(),
        classes=[_class_row(leak, shown, label) for label in order],
        facts=[(name, text) for name, text in _facts(leak) if text],
    )


def _row(title: str, group: GroupLeak, strong: bool) -> _Row:
    kind = "control" if strong else "geometry"
    return _Row(title, kind, [lane_mark(kind, group.auroc)], *value_and_ends(group.auroc), strong=strong)


def _class_row(leak: BoxLeak, shown: GroupLeak, label: str) -> _Row:
    one: Interval = shown.per_class[label]
    value, ends = value_and_ends(one)
    about = f"{label}, {leak.class_counts[label]:,} boxes: {value} {ends}"
    return _Row(f"{label} ({leak.class_counts[label]:,})", "control", [lane_mark("control", one)], value, ends, about)


def _facts(leak: BoxLeak) -> list[tuple[str, str]]:
    source = leak.source
    return [
        ("Table", source.file),
        ("SHA-256", source.sha256),
        ("From", source.url),
        ("Terms", source.terms),
        ("Cite", source.citation),
        ("Image sizes", source.image_sizes),
        ("Note", source.note),
        (
            "Measured with",
            f"extremely randomised trees ({leak.trees}), cross-validated in {leak.folds} groups of patients; intervals "
            f"from {leak.resamples:,} resamples of patients; "
            + ", ".join(f"{name} {version}" for name, version in leak.libraries.items()),
        ),
    ]
