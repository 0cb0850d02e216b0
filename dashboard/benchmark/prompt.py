"""The fields for a prompt in other words than the paper's, folded away until somebody wants them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.benchmark.results import Column
from dashboard.frame.unknown_in_link import wording_key
from dashboard.frame.words import as_text

AS_IN_PAPER = "as in the paper"
_TEMPLATE_TITLES = {"reports": "average of 5 report phrasings", "captions": "average of 4 caption phrasings"}
_MAX_WORDS = 100


def prompt_fields(
    chosen: Sequence[Column], classes: Sequence[str]
) -> tuple[str | None, tuple[tuple[str, str], ...], str]:
    """Template, wordings and suffix. An empty field means the paper's words, whatever they are for the results shown.

    Results that hold probabilities only are never asked in other words.
    """
    asked = [column for column in chosen if column.run.has_embeddings]
    said = _template_of(st.session_state.get("prompt") or st.query_params.get("prompt"))
    summary = _template_title(said) if said else " / ".join(_papers_templates(chosen))
    with st.expander(as_text(f"Prompt: {summary}"), icon=":material/edit_note:", key="bench_prompt"):
        if not asked:
            st.caption("These results hold probabilities, no embeddings: their prompts cannot be changed.")
        left, right = st.columns([3, 2])
        template = left.selectbox(
            "Prompt", (AS_IN_PAPER, *_TEMPLATE_TITLES), format_func=_template_title, key="prompt",
            accept_new_options=True, bind="query-params", disabled=not asked,
            help="Type your own, with {class} where the class name goes and, if you like, {suffix} for the marker.",
        )  # fmt: skip
        left.caption(as_text(f"In the paper: {' / '.join(_papers_templates(chosen))}"))
        suffix = right.text_input(
            "Words for the marker", key="suffix_words", placeholder="indicated by a red circle", max_chars=_MAX_WORDS,
            bind="query-params", disabled=not asked,
            help="What the rows with a suffix add to the prompt. Empty: as in the paper.",
        )  # fmt: skip
        st.caption("Wording of the classes")
        words = []
        with st.container(key="bench_words"):
            for label in classes:
                own = _own_words(asked, label)
                said = st.text_input(
                    as_text(label), placeholder=own[0] if own else label, max_chars=_MAX_WORDS, key=wording_key(label),
                    bind="query-params", disabled=not own,
                ).strip()  # fmt: skip
                words += [(label, said)] if said and any(said != one for one in own) else []
    if not asked:
        return None, (), ""
    return _template_of(template), tuple(words), suffix.strip()


def _own_words(asked: Sequence[Column], label: str) -> list[str]:
    """What the results that can be asked say for a class, each that has it."""
    sets = (column.run.manifest.dataset for column in asked)
    return list(dict.fromkeys(data.class_words.get(label, label) for data in sets if label in data.classes))


def _template_of(said: str | None) -> str | None:
    """What the field says, as a template; None for the paper's.

    The browser knows an option by its title, and gives that back as if it were typed when the field was drawn anew.
    """
    text = (said or "").strip()
    by_title = {title: name for name, title in _TEMPLATE_TITLES.items()}
    return None if text in ("", AS_IN_PAPER) else by_title.get(text, text)


def _template_title(template: str) -> str:
    """Always the same for one template: in a field that takes new options, a title of before counts as typed."""
    return _TEMPLATE_TITLES.get(template, template)


def _papers_templates(chosen: Sequence[Column]) -> list[str]:
    return list(dict.fromkeys(column.run.manifest.dataset.template.replace("{suffix}", "") for column in chosen))
