"""Which maps a part makes: the quick ones, and the slow ones that are asked for."""

from __future__ import annotations

import streamlit as st

from vpe_core.lab.mapping import map_names, title_of
from vpe_core.lab.set_maps import quick_maps


def chosen_maps(part: str) -> tuple[str, ...]:
    """A field for the maps that take dozens of passes; all names that are asked for, in their usual order."""
    quick = quick_maps()
    slow = [name for name in map_names() if name not in quick]
    added = st.segmented_control(
        "Slow maps as well", slow, selection_mode="multi", format_func=title_of, key=f"lab_slow_{part}",
        help="They ask the model dozens of times for each picture: seconds to minutes, with a bar.",
    )  # fmt: skip
    return tuple(name for name in map_names() if name in quick or name in added)
