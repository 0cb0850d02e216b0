"""Write what docs/leak.md and docs/benchmark.md say of stored figures: tables, sentences and the figure.

python -m scripts.write_leak_page
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scripts.matched_gain_figure import matched_gain_figure
from vpe_core.errors import ResultsError
from vpe_core.leaks import BOTH, PLACE, SIZE, BoxLeak, read_leak
from vpe_core.metrics import Interval
from vpe_core.results import Run, open_run
from vpe_core.results.analysis.geometry import geometry_only
from vpe_core.results.analysis.leak import PUREST, leak
from vpe_core.results.analysis.leak_card import leak_card
from vpe_core.results.analysis.matched import MatchedGain, matched
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.variants import Variant

PAGE = PROJECT_DIR / "docs" / "leak.md"
BENCHMARK_PAGE = PAGE.parent / "benchmark.md"
FIGURE = PAGE.parent / "images" / "matched_gain.png"
REAL = ("nih14", "vindr-cxr")
MATCHED = (
    ("sim-multi", "simclip"),
    ("sim-nodule", "simclip"),
    ("sim-shift", "simclip"),
    ("sim-multi", "simclip-plain"),
)
_CIRCLE = Variant("circle")
_DISPLACED = {"@random": "a random", "@mirror": "the mirrored"}


def main() -> None:
    found = measured_gains()
    _write(PAGE, {"boxes": _table(boxes()), "matched": _table(gains(found)), "left": "".join(map(left, found.items()))})
    _write(BENCHMARK_PAGE, {"touches": touches(), "taken apart": taken_apart()})
    told = [(name, one.plain_gain.interval, one.gain.interval) for name, one in found.items() if not one.too_little]
    matched_gain_figure(told).save(FIGURE, optimize=True)


def _write(page: Path, blocks: Mapping[str, str]) -> None:
    """Put each text between the two comments of its name."""
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{block}{end}{rest.partition(end)[2]}"
    page.write_text(text, encoding="utf-8")


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
    return {
        f"{model} on {dataset}": matched(_run(dataset, model), TableRow(_CIRCLE), Question())
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


def left(measured: tuple[str, MatchedGain]) -> str:
    """What is left of one gain, in words: of how much, and in which classes it is clear."""
    name, found = measured
    model, _, dataset = name.partition(" on ")
    plain_gain, gain = found.plain_gain.interval, found.gain.interval
    about = f"- `{model}` on `{dataset}`: "
    if not plain_gain.low > 0:
        does = "lowers the AUROC" if plain_gain.high < 0 else "brings no clear gain"
        return f"{about}the circle {does} ({_signed(plain_gain)}), so there is no gain to explain.\n"
    if found.too_little:
        return f"{about}{found.too_little}\n"
    told = [(label, found.classes[label]) for label in found.assessable]
    clear = [label for label, one in told if one.gain.interval.low > 0]
    lost = [
        f"{label} ({_signed(one.plain_gain.interval)} without weights, {_signed(one.gain.interval)} with them)"
        for label, one in told
        if one.plain_gain.interval.low > 0 and not one.gain.interval.low > 0
    ]
    share = (
        f"{signed_text(gain.value)} of {signed_text(plain_gain.value)} is left ({gain.value / plain_gain.value:.0%})"
    )
    parts = [f"{about}{share}, in the mean of {len(told)} of {len(found.classes)} classes"]
    parts += [f"by class it is clear in {', '.join(clear)}"] if clear else []
    parts += [f"clear without weights but not with them in {', '.join(lost)}"] if lost else []
    return "; ".join(parts) + ".\n"


def taken_apart() -> str:
    """What size and place, and pointing, explain of one gain, in all and in the classes where they explain some."""
    run, row, shared = _run(*MATCHED[0]), TableRow(_CIRCLE), Evaluation()
    card, on_all = leak_card(run, row, Question(), shared), geometry_only(run, Question(), shared)
    found = card.leak
    if found.explained is None or found.pointing is None or found.all_known is None or not (card.geometry and on_all):
        raise ResultsError(
            "Expected results with controls and several findings an X-ray. Measure them: scripts/remake.sh."
        )
    classes = {label: leak(run, row, Question(label=label), shared) for label in run.manifest.dataset.classes}
    some = [
        f"{label} {signed_text(one.explained.interval.value)} of {signed_text(one.gain.interval.value)}"
        for label, one in classes.items()
        if one.by_itself == PUREST and one.explained and one.explained.interval.low > 0 and one.gain.interval.low > 0
    ]
    return (
        f"On `{MATCHED[0][0]}` a red circle adds {_signed(found.gain.interval)} to SimCLIP's "
        f"{number_text(found.unmarked.value)}, measured on {found.samples:,} of {found.of_samples:,}\n"
        f"(an X-ray without a finding has no twin): {_signed(found.explained.interval)} by itself, and at least "
        f"{_signed(found.pointing.interval)}\nby pointing (from {number_text(found.all_known.value)}). "
        f"By itself it tells something clear of {len(some)} classes:\n{'; '.join(some)}.\n"
        f"Size and place alone, without any X-ray, reach {number_text(card.geometry.overall.auroc.value)} on these and "
        f"{number_text(on_all['value'])} on all: the box of an X-ray without a finding\nis that of another X-ray's "
        "finding, and tells nothing.\n"
    )


def touches() -> str:
    """How often a displaced circle touches a finding."""
    dataset, model = MATCHED[0]
    stored = get_settings().precomputed_dir / "results" / "embedded" / f"{model}-{dataset}.json"
    rows = json.loads(stored.read_text(encoding="utf-8"))["rows"]
    shares = {key: rows[f"red circle at {place} place"]["touches"] for key, place in _DISPLACED.items()}
    parts = [
        f"`{key}` overlaps its own finding's box in {share['own_finding']:.0%} and any finding's in "
        f"{share['any_finding']:.0%}"
        for key, share in shares.items()
    ]
    return f"Of the findings of `{dataset}`, {'; '.join(parts)}.\n"


def _run(dataset: str, model: str) -> Run:
    return open_run(get_settings().precomputed_dir / "results" / "benchmark" / dataset / model)


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
