"""What markers give away, as a report prints it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import paper_rows
from vpe_core.results.analysis.scores import Evaluation, Results
from vpe_core.results.exchange.leak_files import TABLE_HEAD, leaks_of, leaks_to_csv, leaks_to_markdown, table_cells


def print_leaks(runs: Iterable[Results], markers: Sequence[str], style: str, stream: TextIO, n_resamples: int) -> None:
    """Print the numbers of the leak card.

    Args:
        runs: Stored results.
        markers: Of the registry; those that were not measured are left out.
        style: "terminal", "markdown" or "csv".
        stream: Where to.
        n_resamples: Behind each interval.
    """
    rows = [row for row in paper_rows(shown=markers, suffixes=(False,)) if row.variant.marked]
    leaks = [leak for run in runs for leak in leaks_of(run, rows, Question(), Evaluation(n_resamples))]
    if style == "csv":
        stream.write(leaks_to_csv(leaks))
    elif style == "markdown":
        stream.write(leaks_to_markdown(leaks))
    else:
        for one in leaks:
            simulated = " (simulated)" if one.simulated else ""
            stream.write(f"{one.model} on {one.dataset}{simulated}: {one.row.title}\n")
            stream.writelines(
                f"  {title:<31} {value}\n" for title, value in zip(TABLE_HEAD, table_cells(one), strict=True)
            )
            stream.write("\n")
        stream.write("AUROC; 0.5 gives nothing away. ESS: effective sample size.\n")
