"""The projector and the stand view: in the address, on every page, and nobody else's matter."""

from __future__ import annotations

import pytest

from dashboard.demo.stand import scenes
from dashboard.demo.state.demo_state import DemoState, case_code
from tests.pages.test_pages import TITLES, link_of, open_app
from vpe_core.settings import PROJECT_DIR, get_settings


@pytest.mark.parametrize("page", TITLES)
def test_every_page_has_a_projector_view_and_the_way_out_of_it(page: str) -> None:
    app = open_app(page, {"view": "projector"})
    assert not app.exception
    assert not app.warning, "the view is no part of a link that a page does not know"
    assert link_of(app)["view"] == "projector"
    assert any("html { font-size: 20px" in str(html.body) for html in app.get("html"))
    app.button(key="vpl_view_leave").click().run()
    assert "view" not in link_of(app)
    assert not any("html { font-size: 20px" in str(html.body) for html in app.get("html"))


def test_the_view_stays_through_what_a_page_writes_into_its_address_and_from_page_to_page() -> None:
    app = open_app("pages/live_demo.py", {"sample": "case_b", "width": "6"})
    app.button(key="vpl_view_enter").click().run()
    assert link_of(app) == {"sample": case_code("case_b"), "width": "6", "view": "projector"}
    app.button(key="demo_next").click().run()
    assert link_of(app)["view"] == "projector"
    assert link_of(app)["sample"] != case_code("case_b")
    app.query_params.clear()
    app.switch_page("pages/overview.py").run()
    assert link_of(app)["view"] == "projector"


def test_a_view_that_there_is_not_is_left_out() -> None:
    app = open_app("pages/overview.py", {"view": "cinema"})
    assert not app.exception
    assert "view" not in link_of(app)


def test_scenes_show_each_xray_without_and_then_with_a_marker_on_its_only_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(PROJECT_DIR / "precomputed"))
    get_settings.cache_clear()
    shown = scenes()
    assert len(shown) >= 8
    for bare, marked in zip(shown[::2], shown[1::2], strict=True):
        assert bare == DemoState(sample=marked.sample)
        assert len(marked.marks) == 1
    assert len({bare.sample for bare in shown[::2]}) == len(shown) // 2
