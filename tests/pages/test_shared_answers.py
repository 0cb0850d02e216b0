"""What sessions of the live demo share: one model, and what it said about X-rays that everybody may see."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.demo.state.session import _for_everybody
from dashboard.frame import shared_models
from dashboard.frame.server_figures import as_prometheus, figures
from dashboard.frame.shared_models import served_model
from tests.app_home import chest
from tests.pages.test_pages import answer_of, open_app
from tests.serving.test_queue import DOORS, Door, Held
from vpe_core.serving import QueuedPredictor

LIVE = "pages/live_demo.py"
LINK = {"sample": "case_a", "marks": "circle:100,120,260,300"}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[Any]:
    served_model.clear()
    _for_everybody.clear()
    yield
    served_model.clear()
    _for_everybody.clear()


def test_a_link_is_computed_once_for_all_who_open_it() -> None:
    first = answer_of(open_app(LIVE, LINK))
    asked = served_model("simclip").predictor.statistics().answered
    assert asked
    cache = _for_everybody()
    n_asked, n_computed = cache.asked, cache.computed
    assert answer_of(open_app(LIVE, LINK)) == first
    assert served_model("simclip").predictor.statistics().answered == asked
    assert cache.asked > n_asked
    assert cache.computed == n_computed
    told = as_prometheus(figures())
    assert f'vpl_cache_results_total{{from="computed"}} {n_computed}\n' in told
    assert 0 < cache.n_bytes < 20_000_000


def test_too_many_askers_are_told_and_tried_again() -> None:
    model = served_model("simclip")
    usual, model.predictor = model.predictor, QueuedPredictor(model.towers, at_most=0)
    app = open_app(LIVE, LINK)
    assert not app.exception
    assert not app.error
    assert [info.value for info in app.info] == ["Many people are asking this model. Trying again by itself."]
    model.predictor = usual
    app.run()
    assert not app.info
    assert answer_of(app)


@pytest.mark.usefixtures("no_samples")
def test_what_is_computed_of_an_upload_stays_in_its_session() -> None:
    file = io.BytesIO()
    chest((200, 160)).save(file, "PNG")
    app = open_app(LIVE)
    app.file_uploader(key="demo_upload_field").set_value(("film.png", file.getvalue(), "")).run()
    assert answer_of(app)
    assert len(app.session_state["demo:memory"])
    assert len(_for_everybody()) == 0


def test_a_page_that_waits_for_others_looks_up_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up, look = threading.Event(), shared_models._stop_if_run_again
    monkeypatch.setattr(shared_models, "_stop_if_run_again", lambda: (look(), looked_up.set()))
    model = served_model("simclip")
    DOORS["other"] = Door()
    model.predictor.submit(model.towers.blank(1), Held("other"))
    opener = threading.Thread(target=lambda: (looked_up.wait(), DOORS["other"].open.set()))
    opener.start()
    app = open_app(LIVE, LINK)
    assert not app.exception
    assert answer_of(app)
    opener.join()
