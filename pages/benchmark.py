"""Benchmark: markers, prompts, models and data sets compared, with intervals and controls."""

import streamlit as st

from dashboard.benchmark.cases import show_cases
from dashboard.benchmark.charts import all_controls, main_charts, more_charts
from dashboard.benchmark.compare import COMPARE, show_comparison
from dashboard.benchmark.filters import filters, in_the_papers_words
from dashboard.benchmark.leak_card import show_leak
from dashboard.benchmark.load import load_section, no_results, provenance, show_what_was_loaded
from dashboard.benchmark.offers import nothing_chosen
from dashboard.benchmark.own_data import own_data_section
from dashboard.benchmark.results import columns
from dashboard.benchmark.run import run_progress, run_section
from dashboard.benchmark.table import instead_of_missing, is_measured, show_table
from dashboard.demo.state.address import OWN
from dashboard.demo.state.demo_state import FROM_CASE
from dashboard.demo.state.state_link import LINK_FIELDS
from dashboard.frame import links
from dashboard.frame.page import page_setup
from dashboard.frame.unknown_in_link import KNOWN_IN_LINKS
from dashboard.frame.words import as_text
from vpe_core.errors import VPEError


def results() -> None:
    """Everything between the title and the footer."""
    run_progress()
    show_what_was_loaded()
    found = columns()
    if not found:
        no_results()
        more_results(unfolded=True)
        return
    choice = filters(found)
    if choice is None:
        nothing_chosen(found)
        more_results()
        return
    measured = is_measured(choice.first, choice.look)
    if not measured:
        instead_of_missing(choice, found)
    try:
        table = show_table(choice)
    except VPEError as error:
        st.error(as_text(str(error)), icon=":material/edit:")
        if not choice.question.edited:
            more_results()
            return
        st.caption("Below is the answer in the paper's words.")
        choice = in_the_papers_words(choice)
        table = show_table(choice)
    if not measured:
        more_results()
        provenance(choice)
        return
    show_the_rest = show_leak(choice)
    show_comparison(choice, table)
    all_controls(choice)
    main_charts(choice, table)
    more_charts(choice, table)
    show_cases(choice)
    more_results()
    provenance(choice)
    show_the_rest()


def more_results(*, unfolded: bool = False) -> None:
    """The ways to more results: from one's own data, by measuring them here, or by loading them."""
    own_data_section()
    run_section(unfolded=unfolded)
    load_section()


arrived = page_setup(
    "Benchmark", "Does a marker help, how sure is that, and is it the finding or only the marker's size and place?"
)
if arrived:
    links.check_again("benchmark")
    links.check_again(COMPARE)
    links.drop_of_other_page(KNOWN_IN_LINKS, (*LINK_FIELDS, OWN), FROM_CASE)
try:
    results()
except VPEError as error:
    st.error(as_text(str(error)), icon=":material/error:")
