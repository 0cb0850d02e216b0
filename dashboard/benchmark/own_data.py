"""Your data, in one place: a table and its X-rays are given, checked, measured, shown and taken along."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.benchmark.filters import show_as_before
from dashboard.benchmark.results import OWN_NAME, OwnRun, columns, forget_file, loaded
from dashboard.benchmark.run import begin, is_under_way, may_start, progress_here, warn_of_few
from dashboard.benchmark.run_job import PLANS, RUN, Order
from dashboard.demo.state.address import forget_own_states
from dashboard.frame.jpeg import jpeg
from dashboard.frame.page import page_link
from dashboard.frame.progress import followed, unfollow
from dashboard.frame.rights import may, why_not
from dashboard.frame.uploads import too_large
from dashboard.frame.words import as_list, as_text
from dashboard.library.dataset_check import dataset_content
from dashboard.library.own_set import KEPT_HOURS, OwnSet, forget_own_set, is_over, keep_own_set, own_set
from vpe_core import models
from vpe_core.datasets.own_files import MAX_UNPACKED_BYTES
from vpe_core.errors import DatasetError, ImageReadError
from vpe_core.images import READABLE, load_image
from vpe_core.markers import draw_marker
from vpe_core.results.exchange.archive import pack_run, place_of

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_READ, _PICTURES, _FIELD = "own:read", "own:pictures", "own:field"
_MAX_MB = MAX_UNPACKED_BYTES // 1_000_000
_FIRST, _THUMB_PX = 6, 240


def own_data_section(*, run: bool = True) -> None:
    """The panel; where the settings let this visitor give no files, the sentence that says so.

    Args:
        run: Whether a run can be started in it, and its results are there.
    """
    own = own_set()
    with st.expander("Your data", icon=":material/folder_open:", key="bench_own", expanded=own is not None):
        if not may("uploads"):
            st.caption(as_text(why_not("uploads")))
            return
        st.caption(
            "A CSV file (comma, semicolon or tab) with the columns image, label, x0, y0, x1, y1 (the finding's box in "
            f"pixels) and its X-rays: several files or one ZIP file: {READABLE}, {_MAX_MB} MB at most. They are kept "
            f"for this session only, in a temporary folder that is removed when the session ends, "
            f"and after {KEPT_HOURS} hours at the latest."
        )
        field = f"own_files{st.session_state.get(_FIELD, '')}"
        files = st.file_uploader("Table and X-rays", accept_multiple_files=True, key=field, max_upload_size=_MAX_MB)
        _take_new(files, field)
        if is_over():
            st.info(f"Your data were removed after {KEPT_HOURS} hours. Give them again to go on.")
        if own := own_set():
            _content(own)
            if run:
                _run_row(own)
                _results(own)
            else:
                page_link("pages/benchmark.py", "Run a benchmark on it", icon=":material/play_circle:")
        if own or files:  # also what was refused: what is given next is added to it
            label = "Remove your data" if own else "Remove these files"
            st.button(label, key="own_forget", icon=":material/delete:", on_click=_forget)


def _take_new(files: list[UploadedFile], field: str) -> None:
    """Read what the field holds now, once; what cannot be used is refused until something else comes.

    An empty field takes nothing away: it is empty, too, when a person comes back from another page.
    """
    known, problem = st.session_state.get(_READ, ((), ""))
    given = tuple(file.file_id for file in files)
    if given != known:
        problem = ""
        if given:
            with st.spinner("Reading your data"):
                problem = _read(files)
        st.session_state[_READ] = (given, problem)
    for sentence in filter(None, (problem, too_large(field, given, _MAX_MB))):
        st.error(as_text(sentence), icon=":material/error:")


def _read(files: list[UploadedFile]) -> str:
    """Why the files cannot be used; empty if they can, and then they are kept."""
    st.session_state.pop(_PICTURES, None)
    try:
        keep_own_set(OwnSet((file.name, file.getvalue()) for file in files))
    except DatasetError as error:
        forget_own_set()
        return str(error)
    return ""


def _forget() -> None:
    """Nothing is left of the data and their results in this session."""
    own = own_set()
    forget_own_set()
    st.session_state.pop(_PICTURES, None)
    forget_own_states()
    if own:
        ended = followed(RUN)
        if ended and isinstance(ended.order, Order) and ended.order.own and ended.order.own() is own:
            unfollow(RUN)  # nothing says any more that they were measured
        forget_file(OWN_NAME)
        show_as_before(columns())
    st.session_state[_FIELD] = int(st.session_state.get(_FIELD) or 0) + 1


def _content(own: OwnSet) -> None:
    dataset_content(own.dataset, own.problems)
    if own.refused:
        st.warning(as_list(own.refused[:20]), icon=":material/rule:")
    pictures = _pictures(own)
    if pictures:
        with st.container(key="own_pictures"):
            for picture, words in pictures:
                st.image(picture, caption=as_text(words), width="stretch", alt=f"Your X-ray with the box of {words}")


def _pictures(own: OwnSet) -> list[tuple[bytes, str]]:
    """The first X-rays with their boxes, drawn once."""
    kept: list[tuple[bytes, str]] | None = st.session_state.get(_PICTURES)
    if kept is None:
        kept = []
        for sample in own.dataset.samples[:_FIRST]:
            try:
                image = draw_marker(load_image(sample.image_path), sample.box, "bbox" if sample.box else None)
            except ImageReadError:
                continue
            image.thumbnail((_THUMB_PX, _THUMB_PX))
            kept.append((jpeg(image, 85), f"{sample.label}, {sample.image_id}"))
        st.session_state[_PICTURES] = kept
    return kept


def _run_row(own: OwnSet) -> None:
    if not may_start():
        st.caption(as_text(why_not("start_runs")))
        return
    ready = [name for name in models.selectable_names() if models.is_ready(models.get(name))]
    if lacking := _lacking(own, bool(ready)):
        st.caption(as_text(lacking))
        return
    if is_under_way():
        progress_here()
        return
    warn_of_few(len(own.dataset), len(own.dataset.classes))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="own_run"):
        chosen = st.multiselect(
            "Models", ready, default=ready[:1], key="own_models", width=330,
            format_func=lambda name: models.get(name).title,
        )  # fmt: skip
        plan = st.selectbox("What to measure", tuple(PLANS), key="own_plan", width=290)
        if st.button(
            "Run on your data", key="own_start", type="primary", icon=":material/play_arrow:", disabled=not chosen,
            on_click=_start, args=(own, tuple(chosen), plan),
        ):  # fmt: skip
            st.rerun()


def _lacking(own: OwnSet, has_model: bool) -> str:
    """What a run of these data needs that is not here; empty if nothing is missing."""
    needs = []
    if not own.dataset.samples:
        needs.append("a row that can be used, with its X-ray")
    elif own.dataset.class_problem:
        one = len(own.dataset.classes) < 2
        needs.append("samples of two classes at least" if one else "classes that a model can be asked about")
    if not has_model:
        needs.append("a model on this machine (see Data and models)")
    return f"A run needs {' and '.join(needs)}." if needs else ""


def _start(own: OwnSet, chosen: tuple[str, ...], plan: str) -> None:
    begin(Order(own.dataset.title, own.dataset.part, chosen[0], plan, None, chosen[1:], weakref.ref(own)))


def _results(own: OwnSet) -> None:
    made = [column for column in loaded() if isinstance(column.run, OwnRun) and column.run.own is own]
    for number, column in enumerate(made):
        if isinstance(column.run, OwnRun):
            st.download_button(
                as_text(f"Results of {column.run.manifest.model.title} (ZIP)"), partial(pack_run, column.run),
                f"{place_of(column.run).replace('/', '-')}.zip", "application/zip", key=f"own_zip_{number}",
                on_click="ignore", icon=":material/folder_zip:",
            )  # fmt: skip
    if made:
        st.caption(
            "They are shown above, and stand under Model beside the others while this session lasts. "
            "A link to this page leads nobody else to them."
        )
