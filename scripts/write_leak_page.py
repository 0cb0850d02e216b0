"""Write the tables and the figure of docs/leak.md from stored figures.

python -m scripts.write_leak_page
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scripts.matched_gain_figure import matched_gain_figure
from vpe_core.leaks import BOTH, PLACE, SIZE, BoxLeak, read_leak
from vpe_core.metrics import Interval
from vpe_core.results import open_run
from vpe_core.results.analysis.matched import MatchedGain, matched
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.variants import Variant

PAGE = PROJECT_DIR / "docs" / "leak.md"
FIGURE = PAGE.parent / "images" / "matched_gain.png"
REAL = ("nih14", "vindr-cxr")
MATCHED = (
    ("sim-multi", "simclip"),
    ("sim-nodule", "simclip"),
    ("sim-shift", "simclip"),
    ("sim-multi", "simclip-plain"),
)
_CIRCLE = Variant("circle")


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = measured_gains()
    for name, rows in (("boxes", boxes()), ("matched", gains(found))):
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{_table(rows)}{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, encoding="utf-8")
    told = [(name, one.plain_gain.interval, one.gain.interval) for name, one in found.items() if not one.too_little]
    matched_gain_figure(told).save(FIGURE, optimize=True)


def boxes() -> Iterable[Sequence[str]]:
    """What size and place of real boxes give away: a row a group of numbers, a column a data set."""
    leaks = [read_leak(get_settings().precomputed_dir / "leaks" / f"{name}.json") for name in REAL]
    yield ("shown to the classifier", *(_title(leak) for leak in leaks))
    for group, words in (
        (SIZE, "size only"),
        (PLACE, "place only (an arrow, a point)"),
        (BOTH, "both (a box, a circle)"),
    ):
        yield (words, *(_plain(leak.groups[group].auroc) for leak in leaks))
    yield ("the paper's crop", *(_plain(leak.groups["crop"].auroc) for leak in leaks))
    for words, pick in (("the class best told by both", max), ("the one told worst", min)):
        found = [pick(leak.both.per_class.items(), key=lambda one: one[1].value) for leak in leaks]
        yield (words, *(f"{label}: {_plain(value)}" for label, value in found))
    yield (
        "accuracy by both",
        *(f"{_plain(leak.both.accuracy)}; guessing {leak.largest_class_share:.2f}" for leak in leaks),
    )
    yield ("classes that could be matched (below)", *map(_matchable, leaks))


def _matchable(leak: BoxLeak) -> str:
    return f"{len(leak.matchable)} of {len(leak.classes)}; {leak.matchable_boxes:,.0f} boxes would count"


def _title(leak: BoxLeak) -> str:
    people = f"{leak.patients:,} patients" if leak.source.patients_named else f"{leak.images:,} images"
    return f"{leak.source.title}: {leak.boxes:,} boxes, {people}, {len(leak.classes)} classes"


def measured_gains() -> dict[str, MatchedGain]:
    """The red circle's gain on each of the stored results, by the model and the data set."""
    stored = get_settings().precomputed_dir / "results" / "benchmark"
    return {
        f"{model} on {dataset}": matched(open_run(stored / dataset / model), TableRow(_CIRCLE), Question())
        for dataset, model in MATCHED
    }


def gains(measured: Mapping[str, MatchedGain]) -> Iterable[Sequence[str]]:
    """What is left of the red circle's gain where size and place tell nothing: a row for each of the stored results."""
    yield (
        "red circle",
        "gain",
        "the same, matched",
        "size and place alone",
        "after weighting",
        "samples left",
        "classes told",
    )
    for name, found in measured.items():
        model, _, dataset = name.partition(" on ")
        yield (
            f"`{model}` on `{dataset}`",
            _signed(found.plain_gain.interval),
            found.too_little or _signed(found.gain.interval),
            _plain(found.geometry_before),
            _plain(found.geometry),
            f"{found.effective:.0f} of {sum(found.classes[label].samples for label in found.assessable):,}",
            f"{len(found.assessable)} of {len(found.classes)}",
        )


def _plain(one: Interval) -> str:
    return f"{number_text(one.value)} {interval_text(one.low, one.high)}".strip()


def _signed(one: Interval) -> str:
    return f"{signed_text(one.value)} {interval_text(one.low, one.high, signed=True)}".strip()


def _table(rows: Iterable[Sequence[str]]) -> str:
    head, *others = rows
    lines = [head, ["---"] * len(head), *others]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
