"""All kinds of tasks: a new one is a new file and a line here."""

from __future__ import annotations

from dashboard.classroom.errors import RoomError
from dashboard.classroom.kinds.base import TaskKind
from dashboard.classroom.kinds.fool import FOOL
from dashboard.classroom.kinds.point import POINT
from dashboard.classroom.kinds.predict import PREDICT
from dashboard.classroom.kinds.steer import STEER
from vpe_core.registry import Registry

KINDS: Registry[TaskKind] = Registry("kind of task", RoomError)
KINDS.add("predict", PREDICT)
KINDS.add("point", POINT)
KINDS.add("fool", FOOL)
KINDS.add("steer", STEER)

names, get = KINDS.names, KINDS.get
