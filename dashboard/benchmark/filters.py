"""The benchmark's filters: one compact row, the rest folded, all of it in the address bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.benchmark.prompt import prompt_fields
from dashboard.benchmark.results import Column, is_carried
from dashboard.benchmark.spelling import spell_as_the_page
from dashboard.frame import links
from dashboard.frame.unknown_in_link import SWITCH, unknown_in_link
from vpe_core import markers, metrics, scoring
from vpe_core.ensembles import AVERAGES
from vpe_core.results.analysis.controls import control_variants
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import PAPER_MARKERS, TableRow, ensemble_rows, marker_title, paper_rows
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from vpe_core.markers import Protocol
    from vpe_core.scoring import Combination

ALL = "all"
BOTH, WITHOUT, WITH = "without and with", "without", "with"
_SUFFIXES = {BOTH: (False, True), WITHOUT: (False,), WITH: (True,)}
_SCORING_TITLES = {
    "paper": "softmax over classes (paper)",
    "cosine": "cosine, each class alone",
    "pairs": "class against its opposite",
}
NO_ENSEMBLES = "none"
_AVERAGES: dict[str, Combination] = {title: combine for combine, title in AVERAGES.items()}
CHARTS = ("Bars", "ROC", "Precision and recall", "Reliability", "Confusion", "Box size", "Attention")
ORDERS = ("Largest gain", "Largest loss", "Class", "Smallest box", "Largest box")
NUMBERS = ("10", "20", "all")
"""How cases can be sorted, and how many of them there can be."""
_PAGE, DATA, MODEL, _BEFORE = "benchmark", "data", "model", "bench:before"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the filters ask for.

    Attributes:
        columns: The results that are shown, each a column; the first one leads the sentence and the charts. Those of
            data sets without the chosen class come last.
        rows: The rows of the table, then ensembles, controls of the leading marker last.
        look: The leading marker.
        named: Whether the prompt names it in sentence and charts.
        question: What is measured, and in which words.
        intervals: Whether intervals are written in the table.
        several_models: Whether the columns must say whose they are.
    """

    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    look: Variant
    named: bool
    question: Question
    intervals: bool
    several_models: bool

    @property
    def first(self) -> Column:
        """The results that lead the sentence and the charts."""
        return self.columns[0]

    @property
    def lead(self) -> TableRow:
        """The row of the leading marker."""
        return TableRow(self.look, self.named)

    @property
    def leads(self) -> tuple[TableRow, ...]:
        """That row, and what stands in for it where it is hidden or has no answer, in this order."""
        return (self.lead, TableRow(self.look), TableRow(self.look, True))

    @property
    def metric_title(self) -> str:
        """The metric, and whether it is a mean over classes."""
        metric = metrics.get(self.question.metric)
        title = metric.title.lower() if metric.title[1:2].islower() else metric.title  # "accuracy", but "AUROC"
        return f"macro {title}" if metric.per_class and self.question.label is None else title


def filters(found: Sequence[Column]) -> Choice | None:
    """Show the filters; None while no results are chosen.

    Even then all of them are there, about all results: what is not shown loses its value.
    """
    asked, notice = links.address(), st.container()
    if not links.is_checked(_PAGE):
        spell_as_the_page(asked, _spelled(found))
    with st.container(horizontal=True, key="bench_filters", gap="small", vertical_alignment="bottom"):
        own = _columns(found)
        chosen = own or tuple(found)
        variants = {variant for column in chosen for variant in column.run.variants}
        marker, color, of_marker = _look(variants)
        metric = st.selectbox(
            "Metric", metrics.names(), format_func=lambda name: metrics.get(name).title, key="metric", **_bound(115)
        )
        classes = sorted({label for column in chosen for label in column.run.manifest.dataset.classes})
        per_class = metrics.get(metric).per_class
        label = st.selectbox(
            "Class", (ALL, *classes), key="class", disabled=not per_class, **_bound(180),
            help="One class against the others." if per_class else "This metric has no value for a single class.",
        )  # fmt: skip
        with st.popover("More", icon=":material/tune:"):
            width, protocol = _drawing(marker, of_marker, variants)
            suffix, named, scoring_name, shown, intervals = _more(metric, variants)
            combine = _ensembles()
    template, words, suffix_words = prompt_fields(chosen, classes)
    look = Variant(marker, color, width, protocol)
    if not links.is_checked(_PAGE):
        links.leave_out(_PAGE, unknown_in_link(asked, _offered(found, variants, of_marker, classes), classes))
    with notice:
        links.say_left_out(_PAGE, ([(one.dataset, one.who) for one in own], look, metric, label, scoring_name))
    rows = paper_rows(color, width, protocol, tuple(dict.fromkeys((*shown, marker))), _SUFFIXES[suffix])
    averaged = ensemble_rows(combine, color, width, protocol, _SUFFIXES[suffix]) if combine else ()
    measured = [TableRow(variant) for variant in control_variants(look) if variant in variants]
    if not own:
        return None
    asked_class = label if per_class and label != ALL else None
    return Choice(
        columns=tuple(sorted(chosen, key=lambda column: not _has(column, asked_class))),
        rows=(*rows, *averaged, *measured),
        look=look,
        named=named and markers.get(marker).phrase is not None,
        question=Question(
            scoring=scoring_name,
            metric=metric,
            template=template,
            suffix=suffix_words or True,
            class_words=words,
            label=asked_class,
        ),
        intervals=intervals,
        several_models=len({column.who for column in chosen}) > 1,
    )


def _offered(
    found: Sequence[Column], variants: Iterable[Variant], of_marker: Iterable[Variant], classes: Sequence[str]
) -> dict[str, Sequence[str]]:
    """All that can be chosen, as links write it."""
    return {
        DATA: [column.dataset for column in found],
        MODEL: [column.who for column in found],
        "marker": [marker_title(name) for name in _markers(variants)],
        "color": _first("red", {variant.color for variant in of_marker}),
        "metric": [metrics.get(name).title for name in metrics.names()],
        "class": [ALL, *classes],
        "width": _widths(of_marker),
        "protocol": _protocols(variants),
        "suffix": list(_SUFFIXES),
        "scoring": [_SCORING_TITLES.get(name, name) for name in scoring.names()],
        "rows": [marker_title(name) for name in _table_markers(variants)],
        "ensembles": [NO_ENSEMBLES, *_AVERAGES],
        "chart": CHARTS,
        "cases": NUMBERS,
        "cases_order": ORDERS,
        "cases_class": [ALL, *classes],
        **dict.fromkeys(("named", "intervals", "flips"), SWITCH),
    }


def _spelled(found: Sequence[Column]) -> dict[str, dict[str, str]]:
    """For filters whose values people type: each option's name and how links write it."""
    variants = [variant for column in found for variant in column.run.variants if variant.marked]
    classes = {label for column in found for label in column.run.manifest.dataset.classes}
    return {
        "metric": {name: metrics.get(name).title for name in metrics.names()},
        "marker": {name: marker_title(name) for name in _markers(variants)},
        "color": {variant.color: variant.color for variant in variants},
        "class": {label: label for label in classes},
    }


def show_only(columns: Sequence[Column]) -> None:
    """Set the filters so that just these results are shown; before the filters are drawn, as in a callback."""
    st.session_state[DATA] = list(dict.fromkeys(column.dataset for column in columns))
    st.session_state[MODEL] = list(dict.fromkeys(column.who for column in columns))


def remember_shown() -> None:
    """Keep which results are shown, unless some are kept already, for the time when loaded ones are forgotten."""
    st.session_state.setdefault(_BEFORE, (st.session_state.get(DATA), st.session_state.get(MODEL)))


def is_shown(column: Column) -> bool:
    """Whether the filters are set to these results."""
    return column.dataset in (st.session_state.get(DATA) or ()) and column.who in (st.session_state.get(MODEL) or ())


def usually_shown(found: Sequence[Column]) -> Sequence[Column]:
    """What is shown unless somebody chooses: what the project carries, so that nobody's run changes it for others."""
    return [column for column in found if is_carried(column.run)] or found


def show_as_before(found: Sequence[Column]) -> None:
    """Show of some results what was shown when `remember_shown` kept it, or what is usual if that is not there."""
    data, who = st.session_state.pop(_BEFORE, (None, None))
    for key, kept, there, most in (
        (DATA, data, [column.dataset for column in usually_shown(found)], None),
        (MODEL, who, [column.who for column in found], 1),
    ):
        usual = list(dict.fromkeys(there))
        st.session_state[key] = [one for one in kept or () if one in usual] or usual[:most]


def show_look(look: Variant) -> None:
    """Set the filters to a marker as it is drawn."""
    chosen = {"marker": look.marker, "color": look.color, "width": f"{look.width:g} px", "protocol": look.protocol}
    uses = markers.get(look.marker).uses
    st.session_state.update(
        {key: value for key, value in chosen.items() if key not in ("color", "width") or key in uses}
    )


def in_the_papers_words(choice: Choice) -> Choice:
    """The same choice with the paper's prompts."""
    return replace(choice, question=replace(choice.question, template=None, class_words=(), suffix=True))


def _columns(found: Sequence[Column]) -> tuple[Column, ...]:
    names, usual = (list(dict.fromkeys(one.dataset for one in part)) for part in (found, usually_shown(found)))
    who = list(dict.fromkeys(column.who for column in found))
    wanted = st.multiselect(
        "Data sets", names, default=usual, key=DATA, placeholder="Choose data sets",
        bind="query-params", width=_wide(names),
    )  # fmt: skip
    models = st.multiselect(
        "Model",
        who,
        default=who[:1],
        key=MODEL,
        placeholder="Choose a model",
        bind="query-params",
        width=165,
    )
    return tuple(
        column for name in wanted for one in models for column in found if (column.dataset, column.who) == (name, one)
    )


def _wide(names: Sequence[str]) -> int:
    return max(min(80 + 84 * len(names), 332), 190)


def _look(variants: Iterable[Variant]) -> tuple[str, str, list[Variant]]:
    """Marker and colour out of what was measured, and all that was measured of this marker."""
    drawn = [variant for variant in variants if variant.marked]
    names = _markers(variants)
    marker = st.selectbox("Marker", names, format_func=marker_title, key="marker", **_bound(115))
    uses = markers.get(marker).uses
    of_marker = [variant for variant in drawn if not variant.is_control and (variant.marker == marker or not uses)]
    colors = _first("red", {variant.color for variant in of_marker})
    color = st.selectbox("Colour", colors, key="color", disabled="color" not in uses, **_bound(100))
    return marker, color, of_marker


def _markers(variants: Iterable[Variant]) -> list[str]:
    measured = {variant.marker for variant in variants if variant.marked}
    usual = dict.fromkeys((*reversed(PAPER_MARKERS), *markers.names()))
    return [name for name in usual if name in measured] or ["circle"]


def _widths(of_marker: Iterable[Variant]) -> list[str]:
    return [f"{width} px" for width in _first("1", {f"{variant.width:g}" for variant in of_marker})]


def _protocols(variants: Iterable[Variant]) -> list[Protocol]:
    return sorted({variant.protocol for variant in variants}, key=lambda one: one != "paper") or ["paper"]


def _table_markers(variants: Iterable[Variant]) -> list[str]:
    measured = {variant.marker for variant in variants}
    return [one for one in markers.names() if one in measured and one != "none"]


def _drawing(marker: str, of_marker: Iterable[Variant], variants: Iterable[Variant]) -> tuple[float, Protocol]:
    """Line width and protocol, out of what was measured."""
    with st.container(horizontal=True, gap="small"):  # side by side: less to scroll on a low screen
        width = st.selectbox(
            "Width", _widths(of_marker), key="width", disabled="width" not in markers.get(marker).uses,
            bind="query-params",
        )  # fmt: skip
        protocol = st.selectbox(
            "Protocol", _protocols(variants), key="protocol", bind="query-params",
            help="Paper: drawn on the image squashed to 256 x 256. Native: drawn at full resolution, as people see it.",
        )  # fmt: skip
    return float(width.split()[0]), protocol


def _more(metric: str, variants: Iterable[Variant]) -> tuple[str, bool, str, Sequence[str], bool]:
    suffix = st.segmented_control(
        "Rows whose prompt names the marker", tuple(_SUFFIXES), default=BOTH, key="suffix", required=True,
        bind="query-params",
    )  # fmt: skip
    named = st.toggle(
        "Name the marker in sentence and charts", key="named", bind="query-params",
        help="Adds words such as “indicated by a red circle” to the prompt.",
    )  # fmt: skip
    possible = [name for name in scoring.names() if name != "cosine" or not metrics.get(metric).needs_probabilities]
    name = st.selectbox(
        "Scoring", possible, format_func=lambda one: _SCORING_TITLES.get(one, one), key="scoring", bind="query-params"
    )
    others = _table_markers(variants)
    usual = [one for one in PAPER_MARKERS if one in others]
    shown = st.multiselect(
        "Markers in the table", others, default=usual, format_func=marker_title, key="rows", bind="query-params"
    )
    intervals = st.toggle("Write intervals in the table", key="intervals", bind="query-params")
    return suffix or BOTH, named, name, shown, intervals


def _ensembles() -> Combination | None:
    average = st.segmented_control(
        "Ensembles in the table", (NO_ENSEMBLES, *_AVERAGES), default=NO_ENSEMBLES, key="ensembles", required=True,
        bind="query-params",
        help="Rows that average arrow, box and circle, and the crop and the full image: the pictures before they are "
        "scored (mean embedding), or their scores (mean score).",
    )  # fmt: skip
    return _AVERAGES.get(average or NO_ENSEMBLES)


def _has(column: Column, label: str | None) -> bool:
    return label is None or label in column.run.manifest.dataset.classes


def _first(wanted: str, values: Iterable[str]) -> list[str]:
    """The values in order, the usual one first."""
    return sorted(set(values), key=lambda value: (value != wanted, len(value), value)) or [wanted]


def _bound(width: int) -> dict[str, Any]:
    return {"bind": "query-params", "width": width}
