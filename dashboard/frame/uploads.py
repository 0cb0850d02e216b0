"""Files that people give: each is read once, whatever its name; what was wrong with one is not said of the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.frame.words import as_text
from vpe_core.errors import VPEError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile


def new_upload(file: UploadedFile | None, memory: str, take: Callable[[UploadedFile], object], doing: str) -> bool:
    """Whether a field holds a file that has just been taken over; one that cannot be is refused below the field.

    Args:
        file: What the field holds; it keeps the last file until another one comes.
        memory: Key of what this session knows of that file.
        take: Reads it; raises a `VPEError` if it cannot be used.
        doing: What the spinner says meanwhile.
    """
    said = st.empty()  # filled anew by every file, so that the sentence about the last one goes at once
    if file is None:
        st.session_state.pop(memory, None)
        return False
    known, problem = st.session_state.get(memory, ("", ""))
    is_new = known != file.file_id
    if is_new:
        problem = ""
        try:
            with said, st.spinner(doing):
                take(file)
        except VPEError as error:
            problem = str(error)
        st.session_state[memory] = (file.file_id, problem)
    if problem:
        said.error(as_text(problem), icon=":material/error:")
    return is_new and not problem
