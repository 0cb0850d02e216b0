"""What members may draw, and what a drawing is worth. It comes from a browser: nothing in it is trusted."""

from __future__ import annotations

from dashboard.classroom.errors import RoomError
from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import Said
from dashboard.classroom.records import Drawing, Task
from vpe_core.markers.base import Shape
from vpe_core.markers.catalog import drawing_tools

SHAPES: tuple[Shape, ...] = ("ellipse", "box", "arrow")
"""What members can draw."""
WIDTHS = (1, 2, 3, 4, 6, 8)


def checked_score(task: Task, drawing: Drawing | None, said: Said) -> float | None:
    """The score of a drawing by the task's kind; None where it does not count.

    Raises:
        RoomError: It is none that members can draw, the model has not answered it, or the kind refuses its place.
        RegionError: It lies beside the X-ray.
    """
    tools = drawing_tools()
    allowed = {tools[shape] for shape in SHAPES}
    if drawing is None or drawing.mark.marker not in allowed or drawing.width not in WIDTHS:
        raise RoomError("Draw a circle, a box or an arrow on the X-ray.")
    drawing.mark.region.box.clipped(*task.xray.size_wh)
    if len(said.marked) != len(task.question.classes):
        raise RoomError("The model has not answered this yet.")
    kind = catalog.get(task.question.kind)
    if refusal := kind.refusal(task, drawing):
        raise RoomError(refusal)
    return kind.score(task, drawing, said)
