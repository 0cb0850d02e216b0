"""What a session holds the lesson with: the gallery, the shared models and results, as all pages have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dashboard.demo.answers.control import picture_for
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.session import memory
from dashboard.frame.shared_models import shared_model
from dashboard.lesson.asking import Asker
from dashboard.lesson.step import Setting
from dashboard.library.pictures import gallery, gallery_xray

if TYPE_CHECKING:
    from vpe_core.leaks import BoxLeak
    from vpe_core.results.analysis.leak_card import LeakCard


def setting(model: str) -> Setting:
    """With the gallery as it is now."""
    return Setting(model, gallery(), gallery_xray, _twin)


def asker() -> Asker:
    """Who asks for this session."""
    return Asker(shared_model, memory, _card, _real_boxes)


def _twin(xray: Xray) -> Xray | None:
    """The chest without findings: everybody's, as its X-ray is."""
    twin = memory(xray).get_or_compute(("lesson twin", xray.content), lambda: picture_for("twin", xray, None))
    return replace(twin, public=xray.public, version=xray.version) if twin else None


# What follows imports pandas and more, for which nobody waits before the step that needs it.


def _real_boxes() -> Mapping[str, BoxLeak]:
    from vpe_core.leaks import stored_leaks

    return stored_leaks()


def _card(dataset: str, model: str) -> LeakCard | None:
    """By the results that the project carries, for a red circle as the benchmark page shows it first."""
    from dashboard.benchmark.leak_card import card_of_row
    from dashboard.benchmark.results import columns, is_carried
    from vpe_core.results.analysis.questions import Question
    from vpe_core.results.analysis.rows import TableRow
    from vpe_core.variants import Variant

    for column in columns():
        about = column.run.manifest
        if is_carried(column.run) and (about.dataset.name, about.model.name) == (dataset, model):
            return card_of_row(column.run, TableRow(Variant("circle")), Question(suffix=True))
    return None
