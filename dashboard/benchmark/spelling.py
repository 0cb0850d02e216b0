"""Links that a person has typed: other spellings of what the page writes, such as "ece", "bbox" or "Red"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st


def spell_as_the_page(asked: Mapping[str, Sequence[str]], spelled: Mapping[str, Mapping[str, str]]) -> None:
    """Bring the address into the page's own spelling; if that changes it, the page runs again.

    Called when a link is read first, before the filters take its values over.

    Args:
        asked: The address.
        spelled: For each filter the names of its options and how links write them.
    """
    meant = {
        key: title
        for key, titles in spelled.items()
        for option, title in titles.items()
        if key in asked
        and asked[key][-1] not in titles.values()
        and _folded(asked[key][-1]) in (_folded(option), _folded(title))
    }
    if meant:
        st.query_params.update(meant)
        st.rerun()


def _folded(text: str) -> str:
    return text.casefold().replace("_", " ").replace("-", " ").strip()
