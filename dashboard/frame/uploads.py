"""Files that people give: each is read once, whatever its name; what was wrong with one is not said of the next."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.frame.assets import asset
from dashboard.frame.words import as_text
from vpe_core.errors import VPEError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_MEGABYTE = 1_000_000  # as Streamlit's field counts


def new_upload(file: UploadedFile | None, field: str, take: Callable[[UploadedFile], object], doing: str) -> bool:
    """Whether a field holds a file that has just been taken over; one that cannot be is refused below the field.

    Args:
        file: What the field holds; it keeps the last file until another one comes.
        field: The field's key.
        take: Reads it; raises a `VPEError` if it cannot be used.
        doing: What the spinner says meanwhile.
    """
    memory = f"{field}: read"
    said = st.empty()  # filled anew by every file, so that the sentence about the last one goes at once
    held = "" if file is None else file.file_id
    known, problem = st.session_state.get(memory, ("", ""))
    is_new = known != held
    if is_new:
        problem = ""
        if file is not None:
            try:
                with said, st.spinner(doing):
                    take(file)
            except VPEError as error:
                problem = str(error)
        st.session_state[memory] = (held, problem)
    problem = too_large(field, held, st.get_option("server.maxUploadSize")) or problem
    if problem:
        said.error(as_text(problem), icon=":material/error:")
    return is_new and file is not None and not problem


def too_large(field: str, held: object, most_mb: int) -> str:
    """A sentence about a file that the field itself has refused for its size; empty once another file has come.

    Args:
        field: The field's key.
        held: What the field holds now, by which it is told from what it holds later.
        most_mb: The field's limit, in MB.
    """
    memory, reporter = f"{field}: too large", f"{field}_too_large"
    _reporter()(
        key=reporter,
        data={"field": field, "limit": most_mb * _MEGABYTE},
        on_bytes_change=partial(_keep, memory, reporter),
        height="content",
    )
    found = st.session_state.get(memory)
    if found is None:
        return ""
    size, then = found
    if then is None:
        st.session_state[memory] = size, held
    elif then != held:
        del st.session_state[memory]
        return ""
    return (
        f"The file is too large: {size / _MEGABYTE:.1f} MB, and at most {most_mb} MB can be given here. "
        "Save it smaller, or ask whoever runs this server to raise the limit."
    )


def _keep(memory: str, reporter: str) -> None:
    size = (st.session_state.get(reporter) or {}).get("bytes")
    if size:
        st.session_state[memory] = size, None


@cache
def _reporter() -> Any:
    return st.components.v2.component("vpl_too_large", js=asset("too_large.js"))
