"""Shapes by their coordinates: the way to draw without a mouse, and to place a shape to the pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from dashboard.demo.film.canvas import select_mark, selected_mark
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.frame.words import as_text
from vpe_core.errors import RegionError
from vpe_core.markers import get as get_marker
from vpe_core.markers.base import Shape
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import MAX_MARKS, Mark, point_region, rounded
from vpe_core.types import Arrow, Box, Polygon, Region

_SIDES = ("left", "top", "right", "bottom")
_FIELDS: dict[Shape, tuple[str, ...]] = {
    "ellipse": _SIDES,
    "box": _SIDES,
    "arrow": ("tail x", "tail y", "tip x", "tip y"),
    "dot": ("x", "y"),
    "contour": _SIDES,
}
"""What says where a shape lies; of a contour, which has too many points, the box around it."""
_PROBLEM = "demo:region_problem"
_EDITED = "demo:region_shown"
_MIDDLE = (0.4, 0.4, 0.6, 0.6)


def shapes_by_coordinates(xray: Xray) -> None:
    """Fields that change a shape, and fields that add one."""
    width, height = xray.size_wh
    with st.expander("Add a shape by coordinates", key="demo_region", on_change="rerun") as part:
        if not part.open:
            return
        st.caption(f"Pixels of the X-ray, {width} wide and {height} high, from the upper left corner.")
        if session.state().marks:
            _change_fields(xray)
        _add_fields(xray)
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(as_text(problem), icon=":material/crop_free:")


@dataclass(frozen=True, slots=True)
class _Edited:
    """What the fields show. With each `turn` they are new ones, which begin with the numbers of `first`.

    What a browser sent before it knew of a turn says nothing of the fields that stand there now.
    """

    place: int = -1
    number: int = 0
    first: Mark | None = None
    latest: Mark | None = None
    turn: int = 0


def _change_fields(xray: Xray) -> None:
    marks = session.state().marks
    place = selected_mark(xray, marks)
    place = len(marks) - 1 if place is None else place
    edited: _Edited = st.session_state.get(_EDITED, _Edited())
    if (edited.place, edited.number, edited.latest) != (place, len(marks), marks[place]):
        edited = _Edited(place, len(marks), marks[place], marks[place], edited.turn + 1)
        st.session_state[_EDITED] = edited
    st.selectbox(
        "Change",
        range(len(marks)),
        place,
        format_func=lambda number: f"Shape {number + 1}: {get_marker(marks[number].marker).short_title}",
        key=_chosen(edited.turn),
        on_change=_choose,
        args=(xray, marks, edited.turn),
        help="The selected shape, or the latest one.",
    )
    first = edited.first or marks[place]
    names = _FIELDS[_shape(first.marker)]
    for column, name, value in zip(st.columns(4), names, _numbers(first), strict=False):
        column.number_input(
            name.capitalize(), value=float(value), step=1.0, format="%.1f", key=_field(f"change-{edited.turn}", name),
            on_change=_change, args=(xray, name, edited.turn),
        )  # fmt: skip


def _add_fields(xray: Xray) -> None:
    width, height = xray.size_wh
    kinds = {name: shape for shape, name in drawing_tools().items() if shape != "contour"}
    names = sorted(kinds, key=lambda name: list(_FIELDS).index(kinds[name]))
    kind = st.selectbox("New shape", names, format_func=_kind_title, key="demo_region_kind")
    limits = (width, height, width, height)
    for column, name, limit, share in zip(st.columns(4), _FIELDS[kinds[kind]], limits, _MIDDLE, strict=False):
        column.number_input(name.capitalize(), value=round(limit * share), step=1, key=_field(kind, name))
    st.button(
        "Add shape",
        key="demo_region_add",
        icon=":material/add:",
        on_click=_add,
        args=(kind, xray),
        disabled=len(session.state().marks) >= MAX_MARKS,
    )


def _field(kind: str, name: str) -> str:
    return f"demo_region_{kind}_{name}"


def _add(kind: str, xray: Xray) -> None:
    fields = _FIELDS[_shape(kind)]
    values = {name: st.session_state[_field(kind, name)] for name in fields}
    try:
        _check(values, fields, xray.size_wh)
        mark = Mark(kind, _region(kind, values, xray.size_wh))
    except RegionError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    session.change(marks=(*session.state().marks, mark))
    select_mark(xray, mark)


def _chosen(turn: int) -> str:
    return f"demo_region_chosen-{turn}"


def _choose(xray: Xray, marks: tuple[Mark, ...], turn: int) -> None:
    if turn == st.session_state[_EDITED].turn:
        select_mark(xray, marks[st.session_state[_chosen(turn)]])


def _change(xray: Xray, changed: str, turn: int) -> None:
    marks, edited = session.state().marks, st.session_state[_EDITED]
    if turn != edited.turn or edited.latest not in marks:  # fields that went are told of once more, as if changed
        return
    place = marks.index(edited.latest)
    mark = marks[place]
    values = dict(zip(_FIELDS[_shape(mark.marker)], _numbers(mark), strict=True))
    values[changed] = st.session_state[_field(f"change-{turn}", changed)]
    try:
        _check(values, (changed,), xray.size_wh)
        region = _region(mark.marker, values, xray.size_wh)
        if isinstance(mark.region, Polygon) and isinstance(region, Box):
            region = _fitted(mark.region, region)
        new = rounded(Mark(mark.marker, region))
    except RegionError as error:
        st.session_state[_PROBLEM] = f"{error} The shape stays as it was."
        st.session_state[_EDITED] = replace(edited, first=mark, turn=edited.turn + 1)
        return
    st.session_state[_EDITED] = replace(edited, latest=new)
    session.change(marks=(*marks[:place], new, *marks[place + 1 :]))
    select_mark(xray, new)


def _check(values: dict[str, float], names: tuple[str, ...], size_wh: tuple[int, int]) -> None:
    """Whether these coordinates lie on the film, and describe a shape that has a size; in the fields' own words.

    Raises:
        RegionError: They do not.
    """
    width, height = size_wh
    for name in names:
        across = name in ("left", "right") or name.endswith("x")
        limit = width if across else height
        if not 0 <= values[name] <= limit:
            raise RegionError(
                f"Expected {name} from 0 to {limit}, for the X-ray is {limit} pixels {'wide' if across else 'high'}, "
                f"but got {values[name]:g}."
            )
    for low, high in (("left", "right"), ("top", "bottom")):
        if low in values and values[low] >= values[high]:
            raise RegionError(
                f"Expected {low} to be less than {high}, but {low} is {values[low]:g} and {high} is {values[high]:g}."
            )
    if "tip x" in values and (values["tip x"], values["tip y"]) == (values["tail x"], values["tail y"]):
        raise RegionError("Expected an arrow's tail and tip in two places, but they lie in one.")


def _region(kind: str, values: dict[str, float], size_wh: tuple[int, int]) -> Region:
    match _shape(kind):
        case "arrow":
            return Arrow((values["tail x"], values["tail y"]), (values["tip x"], values["tip y"]))
        case "dot":
            return point_region(values["x"], values["y"], size_wh)
        case _:
            return Box(*values.values())


def _numbers(mark: Mark) -> tuple[float, ...]:
    """What the fields of this mark show."""
    match mark.region:
        case Arrow(tail, tip):
            return (*tail, *tip)
        case region if _shape(mark.marker) == "dot":
            return region.box.center
        case region:
            return region.box.xyxy


def _fitted(polygon: Polygon, box: Box) -> Polygon:
    """The polygon stretched into this box."""
    old = polygon.box
    wide, high = box.width / old.width, box.height / old.height
    return Polygon(tuple((box.x0 + (x - old.x0) * wide, box.y0 + (y - old.y0) * high) for x, y in polygon.points))


def _shape(marker: str) -> Shape:
    shape = get_marker(marker).drawn_as
    if shape is None:
        raise RegionError(f"Expected a marker that can be drawn, but got {marker!r}.")
    return shape


def _kind_title(name: str) -> str:
    return get_marker(name).title
