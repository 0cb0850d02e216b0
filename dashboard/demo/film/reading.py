"""Reading the X-ray as on a workstation: zoom and pan, window and level, inversion, a ruler.

Zoom and ruler are the browser's alone (`assets/reading.js`). A window is the browser's while it is dragged, and
part of the state when the pointer is lifted. The model gets the X-ray as the file says, unless told to get the window.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import streamlit as st

from dashboard.demo.film.canvas import canvas_key
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.windows import MAX_WINDOW, Window, window_of_numbers
from dashboard.frame.assets import asset
from dashboard.frame.html import render
from vpe_core.images import PixelSpacing
from vpe_core.images.windowing import window_of_range

_TOOLS, _REPORTS = "demo_reading_tools", "demo:reading_reports"
_PLATE_MM = (200.0, 600.0)
"""The long side of plates and detectors: from 18 x 24 cm, for children, to 43 x 43 cm, with room for other makes."""
_WIDE, _NARROW = 1.5, 0.5


def reading_tools(xray: Xray) -> None:
    """The row under the X-ray, and what the model gets if that is not the plain picture."""
    state = session.state()
    if film := xray.browser_film:
        canvas = canvas_key(xray)
        packed = session.memory(xray).get_or_compute(("packed film", xray.content), lambda: film.packed(canvas))
        _film()(key="demo_film", data=packed, height="content")
    with st.container(key="demo_reading", horizontal=True, vertical_alignment="center", gap="small"):
        _tools()(
            key=_TOOLS,
            data={
                "canvas": canvas_key(xray),
                "window": state.window,
                "invert": state.invert,
                "reports": st.session_state.get(_REPORTS, 0),
                "fileWindow": xray.grey.window,
                "isLinear": xray.is_linear,
                "whiteIsZero": xray.grey.white_is_zero,
                "range": xray.grey.value_range,
                "hasFilm": xray.browser_film is not None,
                "size": xray.size_wh,
                "spacing": _spacing(xray.spacing, xray.image.size),
            },
            on_window_change=partial(_take_window, xray),
            height="content",
        )
        with st.popover("Set window", key="demo_window", icon=":material/tune:", on_change="rerun") as part:
            if part.open:
                _window_fields(xray)
    if words := model_words(xray):
        st.caption(words)


def model_xray(xray: Xray) -> Xray:
    """The X-ray as the model is to get it."""
    window, invert = session.state().model_window
    if window is None and not invert:
        return xray
    return session.memory(xray).get_or_compute(
        ("windowed", xray.content, window, invert), lambda: xray.in_window(window, invert)
    )


def control_in_window(picture: Xray, xray: Xray) -> Xray:
    """A control's picture in the window that the model gets of the X-ray, where both speak of the same values."""
    is_another = picture.key != xray.key and not picture.key.startswith("blank")
    return model_xray(picture) if is_another and picture.grey.window == xray.grey.window else picture


def model_words(xray: Xray) -> str:
    """What the model gets, if the reader sees something else than the file says; else empty."""
    state = session.state()
    if state.window is None and not state.invert:
        return ""
    if not state.window_for_model:
        return "Only your view is changed: the model gets the X-ray as the file says."
    inverted = ", inverted" if state.invert else ""
    return f"The model gets what you see: {_window_words(state.window or xray.grey.window)}{inverted}."


def _window_fields(xray: Xray) -> None:
    state, grey = session.state(), xray.grey
    center, width = state.window or grey.window
    with st.container(key="demo_window_presets", horizontal=True, gap="small"):
        for name, (window, words) in _presets(xray).items():
            st.button(
                name, key=f"demo_window_{name}", on_click=_set_window, args=(xray, window), help=words,
                type="primary" if window == state.window else "secondary",
            )  # fmt: skip
    left, right = st.columns(2)
    for column, label, value, least in ((left, "Centre", center, -MAX_WINDOW), (right, "Width", width, 1)):
        column.number_input(
            label, float(least), float(MAX_WINDOW), float(value), step=1.0, format="%g",
            key=_field(xray, label), on_change=_take_fields, args=(xray,),
        )  # fmt: skip
    low, high = grey.value_range
    st.caption(
        f"In the X-ray's own values, {low:g} to {high:g}. Below centre − width / 2 all is black, above "
        "centre + width / 2 white. Or drag on the X-ray with the tool Window."
    )
    st.toggle(
        "Use this window for the model too",
        state.window_for_model,
        key=session.key("window_for_model"),
        help="Off: the model gets the X-ray as the file says, whatever you look at.",
    )


def _presets(xray: Xray) -> dict[str, tuple[Window | None, str]]:
    """Windows by name; None is the file's."""
    center, width = xray.grey.window
    presets: dict[str, tuple[Window | None, str]] = {"As in the file": (None, "How the file says that it is shown")}
    whole = window_of_range(*xray.grey.value_range)
    if whole != (center, width) or not xray.is_linear:
        presets["Full range"] = whole, "From the smallest value to the largest"
    presets["Wide"] = (center, max(1.0, round(_WIDE * width))), f"{_WIDE:g} times the file's width: less contrast"
    presets["Narrow"] = (center, max(1.0, round(_NARROW * width))), "Half the file's width: more contrast"
    return presets


def _set_window(xray: Xray, window: Window | None) -> None:
    center, width = window or xray.grey.window
    for label, value in (("Centre", center), ("Width", width)):
        st.session_state[_field(xray, label)] = float(value)
    session.change(window=window)


def _take_fields(xray: Xray) -> None:
    center, width = (st.session_state[_field(xray, label)] for label in ("Centre", "Width"))
    session.change(window=window_of_numbers(center, width))


def _take_window(xray: Xray) -> None:
    """Take over what was dragged. It comes from the browser: nothing in it is trusted."""
    report = (st.session_state.get(_TOOLS) or {}).get("window") or {}
    try:
        count, invert = int(report["count"]), report["invert"] is True
        window = report["window"] and window_of_numbers(*map(float, report["window"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    st.session_state[_REPORTS] = count
    session.change(window=window or None, invert=invert)
    for label, value in zip(("Centre", "Width"), window or (), strict=False):
        if _field(xray, label) in st.session_state:
            st.session_state[_field(xray, label)] = value


def _field(xray: Xray, label: str) -> str:
    return f"{session.key('window')}-{canvas_key(xray)}-{label}"


def _window_words(window: Window) -> str:
    return "centre {:g}, width {:g}".format(*window)


def _spacing(spacing: PixelSpacing | None, size_wh: tuple[int, int]) -> dict[str, float | str] | None:
    """For the ruler; where no plate is as long as the picture, the file was often resized, and its spacing was not."""
    if spacing is None:
        return None
    where = spacing.where or f"({spacing.source})"
    long_mm = max(size_wh[0] * spacing.column_mm, size_wh[1] * spacing.row_mm)
    if not _PLATE_MM[0] <= long_mm <= _PLATE_MM[1]:
        where += f". Doubtful: by this the whole picture is {long_mm / 10:.0f} cm long"
    return {"row": spacing.row_mm, "column": spacing.column_mm, "where": where}


@cache
def _tools() -> Any:
    script = "".join(map(asset, ("reading_picture.js", "reading_view.js", "reading.js")))
    return st.components.v2.component("vpl_reading", html=render("reading"), js=script, isolate_styles=False)


@cache
def _film() -> Any:
    return st.components.v2.component("vpl_reading_film", js=asset("reading_film.js"))
