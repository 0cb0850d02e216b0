"""The class's drawings, laid over one another, as the browser draws them. No streamlit here."""

from __future__ import annotations

import math
from typing import Any

from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import likeliest, marker_title
from dashboard.classroom.records import Kept, Member, MemberDrawing, RoomView, Task, TaskQuestion
from vpe_core.markers import get as get_marker
from vpe_core.markers.arrow import HEAD_SHARE
from vpe_core.types import Arrow

_HEAD_ANGLE = math.radians(28)
_FONT_SHARE = 0.035


def drawings_over(task: Task, view: RoomView, *, mine: int | None = None, clickable: bool = False) -> dict[str, Any]:
    """The drawings and the known findings, in pixels of the X-ray; small ones lie on top.

    Args:
        task: What was asked.
        view: The answers, and what is drawn and not answered yet.
        mine: The number of the member who looks, whose drawing stands out.
        clickable: Whether a click on one enlarges it.
    """
    drawn = [one for one in view.kept if one.displayed.drawing]
    drawn.sort(key=lambda one: (one.member.number == mine, -_area(one.displayed.drawing)))
    shapes = [
        _shape(task, one.displayed.drawing, one.member, mine, _title(task.question, one, view.names_shown, mine))
        | {"clickable": clickable}
        for one in drawn
        if one.displayed.drawing
    ]
    shapes += [
        _shape(task, drawing, who, mine, "A drawing that the model has yet to answer") | {"waiting": True}
        for who, drawing in view.waiting
    ]
    font_px = _FONT_SHARE * task.xray.size_wh[1]
    findings = [
        {
            "label": finding.label, "x": finding.box.x0, "y": finding.box.y0, "width": finding.box.width,
            "height": finding.box.height,
            "labelY": finding.box.y0 - font_px / 3 if finding.box.y0 > 2 * font_px else finding.box.y1 + font_px,
        }
        for finding in task.xray.findings
    ]  # fmt: skip
    label = f"{len(shapes)} drawing{'' if len(shapes) == 1 else 's'} of the class"
    return {"size": task.xray.size_wh, "label": label, "shapes": shapes, "findings": findings, "font": font_px}


def name_of(one: Kept, names: bool) -> str:
    """What a member is called where the class looks."""
    return one.member.title if names else f"Member {one.member.number}"


def in_words(question: TaskQuestion, one: Kept) -> str:
    """What was drawn and what came of it: "circle; mass: 12%; the model says consolidation (63%)"."""
    drawing = one.displayed.drawing
    return f"{marker_title(drawing)}; {outcome(question, one)}" if drawing else outcome(question, one)


def outcome(question: TaskQuestion, one: Kept) -> str:
    """What came of an answer: "mass: 12%; the model says consolidation (63%)"."""
    result = catalog.get(question.kind).result(question, one.displayed)
    model_says = likeliest(question, one.displayed.said) if one.displayed.said else ""
    if not model_says or model_says in result:
        return result
    return f"{result}; the model says {model_says}" if result else f"The model says {model_says}"


def _title(question: TaskQuestion, one: Kept, names: bool, mine: int | None) -> str:
    return f"{'Your drawing' if one.member.number == mine else name_of(one, names)}: {in_words(question, one)}"


def _shape(task: Task, drawing: MemberDrawing, who: Member, mine: int | None, title: str) -> dict[str, Any]:
    region, box = drawing.mark.region, drawing.mark.region.box
    outline: dict[str, float | str]
    if isinstance(region, Arrow):
        kind, outline = "path", {"d": _arrow(region, min(task.xray.size_wh))}
    elif get_marker(drawing.mark.marker).drawn_as == "ellipse":
        (x, y), rx, ry = box.center, box.width / 2, box.height / 2
        kind, outline = "ellipse", {"cx": x, "cy": y, "rx": rx, "ry": ry}
    else:
        kind, outline = "rect", {"x": box.x0, "y": box.y0, "width": box.width, "height": box.height}
    return {"member": who.number, "title": title, "mine": who.number == mine, "kind": kind, "outline": outline}


def _area(drawing: MemberDrawing | None) -> float:
    return drawing.mark.region.box.area if drawing else 0.0


def _arrow(arrow: Arrow, shorter_px: float) -> str:
    (x0, y0), (x1, y1) = arrow.tail, arrow.tip
    angle, head = math.atan2(y1 - y0, x1 - x0), HEAD_SHARE * shorter_px
    wings = [
        (x1 - head * math.cos(angle + turn), y1 - head * math.sin(angle + turn)) for turn in (_HEAD_ANGLE, -_HEAD_ANGLE)
    ]
    (ax, ay), (bx, by) = wings
    return f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}M{ax:.1f} {ay:.1f}L{x1:.1f} {y1:.1f}L{bx:.1f} {by:.1f}"
