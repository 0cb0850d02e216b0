"""Which X-ray: the gallery, an upload, or real ones fetched on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import UPLOAD, case_code
from dashboard.demo.state.shapes_in_link import how_many
from dashboard.demo.state.undo import latest
from dashboard.frame.clicks import counted_button, take_clicks
from dashboard.frame.html import render
from dashboard.frame.progress import xrays_download
from dashboard.frame.rights import may, why_not
from dashboard.frame.uploads import new_upload
from dashboard.frame.words import as_text
from dashboard.library.pictures import gallery, gallery_xray, set_entry, thumbnail, uploaded_xray
from dashboard.library.steering import measured
from vpe_core.datasets.gallery import GalleryImage, real_xrays
from vpe_core.datasets.real_xrays import missing_xrays
from vpe_core.errors import ImageReadError, RegionError
from vpe_core.images import READABLE
from vpe_core.markers.marks import Mark
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_FIELD, _NAMED = "demo_upload_field", "demo_names"
_EASY_TO_STEER = "Easy to steer: a rough marker on the finding nearly always leads SimCLIP to it. Those come first."
_EASY_TO_SEE = " Easy or hard in a name is how well people see the finding."


def chosen_xray() -> Xray | None:
    """The X-ray that the state names; the first of the gallery if there is none of that name; None without any."""
    wanted = session.state().sample
    own = session.upload() if wanted == UPLOAD else None
    entries = gallery()
    entry = next((one for one in entries if wanted in (one.name, case_code(one.name))), None) or set_entry(wanted)
    if entry:
        session.change(sample=entry.name)
    if entry is None and own is None and wanted:
        session.leave_out(_unknown(wanted))
        session.change(sample="", marks=(), window=None, invert=False)
    entry = entry or next(iter(entries), None)
    xray = own or (gallery_xray(_as_called(entry, entries)) if entry else None)
    if xray:
        _leave_out_marks_beside(xray)
    session.say_left_out()
    return xray


def _leave_out_marks_beside(xray: Xray) -> None:
    """Leave out, and say so, what a link marks where this X-ray has nothing."""
    drawn = session.state().marks
    marks = tuple(mark for mark in drawn if _touches(mark, xray))
    if beside := len(drawn) - len(marks):
        session.change(marks=marks)
        session.leave_out(f"{how_many(beside)} {'lies' if beside == 1 else 'lie'} beside this X-ray.")


def _touches(mark: Mark, xray: Xray) -> bool:
    try:
        mark.region.box.clipped(*xray.size_wh)
    except RegionError:
        return False
    return True


def _as_called(entry: GalleryImage, entries: Sequence[GalleryImage]) -> GalleryImage:
    """The entry as it is called: by its number, which gives no finding away, and by its name with the answer."""
    return entry if session.state().findings else _unnamed(entry, entries)


def _unnamed(entry: GalleryImage, entries: Sequence[GalleryImage]) -> GalleryImage:
    title = f"Case {entries.index(entry) + 1}" if entry in entries else "A case"
    return replace(entry, title=title, note="")


def source_row(xray: Xray) -> None:
    """The row under the X-ray: which one it is, the previous and next one, and the way to others."""
    entries = gallery()
    names = [entry.name for entry in entries]
    place = names.index(xray.key) if xray.key in names else None
    # Of a gallery's X-ray also where there is nothing to find: a switch that cannot be used would give that away.
    answerable = session.state().sample != UPLOAD
    with st.container(key="demo_source_row", horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Choose X-ray", key="demo_choose", icon=":material/photo_library:"):
            _choose()
        for text, icon, step in (("Previous", "chevron_left", -1), ("Next", "chevron_right", 1)):
            key = f"demo_{text.lower()}"
            counted_button(
                text,
                key,
                partial(_turn, names, step, key),
                icon=f":material/{icon}:",
                disabled=place is None,
                help=f"{text} X-ray",
            )
        st.html(render("place", title=xray.title, note=xray.note, place=place, total=len(entries)))
        st.toggle(
            "Show answer",
            value=session.state().findings,
            key=session.key("findings"),
            disabled=not answerable,
            help="What is known of this X-ray: its name, and where its findings are."
            if answerable
            else "What is to be found in an upload is not known.",
        )


def no_xray() -> None:
    """What is shown when there is no X-ray at all."""
    st.info(
        "There is no X-ray here yet. Upload one, or restore the folder precomputed/samples "
        "(`python -m vpe_core simulate` makes new ones).",
        icon=":material/image:",
    )
    _upload_field()


@st.dialog("Choose an X-ray", width="large", on_dismiss="rerun")
def _choose() -> None:
    _upload_field()
    with st.container(horizontal=True, gap="medium"):
        is_named = st.toggle("Show names", key=_NAMED, help="Names say what there is to find, so they begin hidden.")
        st.toggle(
            "Quiz",
            session.state().hidden,
            key=session.key("hidden"),
            on_change=_begin_quiz,
            help="No hints, and no part of the laboratory uses the answer before it is shown. Links carry this on.",
        )
    entries = gallery()
    named = entries if is_named else [_unnamed(entry, entries) for entry in entries]
    for title, kind in (("Simulated", True), ("Real, public", False)):
        group = [entry for entry in named if entry.simulated is kind]
        if group:
            st.subheader(title, anchor=False)
            if kind and measured():
                st.caption(_EASY_TO_STEER + (_EASY_TO_SEE if is_named else ""))
            _thumbnails(group)
    _real_section()


def _begin_quiz() -> None:
    session.change(hidden=st.session_state[session.key("hidden")])


def _thumbnails(entries: list[GalleryImage]) -> None:
    known = measured()
    with st.container(key=f"demo_gallery_{entries[0].simulated}"):
        for entry in entries:
            kind = "Simulated" if entry.simulated else "Real"
            with st.container(key=f"demo_thumb_{entry.name}", gap=None):
                changed = entry.path.stat().st_mtime_ns if entry.path.is_file() else 0
                try:
                    st.image(thumbnail(str(entry.path), changed), width="stretch", alt=f"{kind} chest X-ray")
                except ImageReadError:
                    st.caption("damaged")
                steering = known[entry.name].in_words if entry.name in known else ""
                label = as_text(entry.title) + (f" :small[:gray[{steering}]]" if steering else "")
                if st.button(label, key=f"demo_pick_{entry.name}", type="tertiary", width="stretch"):
                    show_xray(entry.name)
                    st.rerun()


def _upload_field() -> None:
    if not may("uploads"):
        st.caption(as_text(why_not("uploads")))
        return
    # Of any name: on a hospital's CD, a DICOM file's name may have no ending. The content decides.
    # What is larger, the field refuses by itself, with no more than a sign; so the limit stands there before.
    megabytes = min(get_settings().max_image_bytes / 1e6, st.get_option("server.maxUploadSize"))
    label = f"Your own X-ray: {READABLE}, at most {megabytes:g} MB. It stays in this session."
    file = st.file_uploader(label, key=_FIELD)
    if new_upload(file, _FIELD, _take_upload, "Reading the X-ray"):
        st.rerun()


def _take_upload(file: UploadedFile) -> None:
    session.keep_upload(uploaded_xray(file.getvalue()))
    show_xray(UPLOAD)


def _real_section() -> None:
    if missing_xrays():
        st.caption("Real, public chest X-rays (NIH ChestX-ray14), kept on the machine that runs the app.")
        xrays_download()


def _turn(names: list[str], step: int, key: str) -> None:
    times = len(take_clicks(key))
    if not times:
        return
    sample = session.state().sample
    place = names.index(sample) if sample in names else 0
    show_xray(names[(place + step * times) % len(names)])


def show_xray(name: str) -> None:
    """Turn to another X-ray, with the shapes that this session has drawn on it; its answer is hidden."""
    own = session.upload() if name == UPLOAD else None
    session.change(sample=name, marks=latest(own.key if own else name), findings=False, window=None, invert=False)
    st.session_state[session.key("findings")] = False  # each X-ray begins with its answer hidden


def _unknown(name: str) -> str:
    if name == UPLOAD:
        return (
            "The uploaded X-ray is gone, with what was drawn on it: an upload lasts only until its page is loaded "
            "anew. Upload it again under Choose X-ray."
        )
    if any(name in (xray.image.name, case_code(xray.image.name)) for xray in real_xrays()):
        return "The link names a real, public X-ray that has to be fetched first: see Choose X-ray."
    return "The link names an X-ray that is not here. Here is the first sample instead."
