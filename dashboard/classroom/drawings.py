"""What members may draw, and what a drawing is worth. It comes from a browser: nothing in it is trusted."""

from __future__ import annotations

from dashboard.classroom.errors import RoomError
from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import Said
from dashboard.classroom.records import MemberAnswer, MemberDrawing, Task
from vpe_core.markers.base import Shape
from vpe_core.markers.catalog import drawing_tools

SHAPES: tuple[Shape, ...] = ("ellipse", "box", "arrow")
"""What members can draw."""
WIDTHS = (1, 2, 3, 4, 6, 8)


def check(task: Task, drawing: MemberDrawing | None) -> MemberDrawing:
    """The drawing, if it is taken.

    Raises:
        RoomError: It is none that members can draw, or the task's kind refuses its place.
        RegionError: It lies beside the X-ray.
    """
    tools = drawing_tools()
    allowed = {tools[shape] for shape in SHAPES}
    if drawing is None or drawing.mark.marker not in allowed or drawing.width not in WIDTHS:
        raise RoomError("Draw a circle, a box or an arrow on the X-ray.")
    drawing.mark.region.box.clipped(*task.xray.size_wh)
    if refusal := catalog.get(task.question.kind).refusal(task, drawing):
        raise RoomError(refusal)
    return drawing


def checked_score(task: Task, drawing: MemberDrawing | None, said: Said) -> float | None:
    """The score of a drawing by the task's kind; None where it does not count.

    Raises:
        RoomError: As `check`, or the model has not answered it.
        RegionError: As `check`.
    """
    if len(said.marked) != len(task.question.classes):
        raise RoomError("The model has not answered this yet.")
    return catalog.get(task.question.kind).score(task, check(task, drawing), said)


def better(best: MemberAnswer | None, given: MemberAnswer) -> MemberAnswer | None:
    """The one that counts, of the best answer so far and a new one."""
    if given.score is None:
        return best
    return given if best is None or best.score is None or given.score > best.score else best
