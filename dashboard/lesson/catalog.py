"""All steps of the lesson, in their order: a new one is a new file and a line here."""

from __future__ import annotations

from dashboard.lesson.step import Step
from dashboard.lesson.steps.attention import ATTENTION
from dashboard.lesson.steps.circle import CIRCLE
from dashboard.lesson.steps.fooled import FOOLED
from dashboard.lesson.steps.how_sure import HOW_SURE
from dashboard.lesson.steps.markers import MARKERS
from dashboard.lesson.steps.never_marked import NEVER_MARKED
from dashboard.lesson.steps.trust import TRUST
from dashboard.lesson.steps.two_findings import TWO_FINDINGS
from dashboard.lesson.steps.wording import WORDING
from vpe_core.errors import DatasetError
from vpe_core.registry import Registry

STEPS: Registry[Step] = Registry(
    "step of the lesson",
    DatasetError,
    {
        "wording": WORDING,
        "two_findings": TWO_FINDINGS,
        "circle": CIRCLE,
        "markers": MARKERS,
        "attention": ATTENTION,
        "never_marked": NEVER_MARKED,
        "fooled": FOOLED,
        "how_sure": HOW_SURE,
        "trust": TRUST,
    },
)
