"""What tests of the laboratory's pages share: a region, the same as the library's scene, and waiting for studies."""

from __future__ import annotations

import time
from html import unescape

from streamlit.testing.v1 import AppTest

from dashboard.demo.state.demo_state import DemoState
from dashboard.lab.subject import lab_state, scene_of
from dashboard.library.pictures import gallery, gallery_xray
from tests.pages.test_pages import open_app
from vpe_core import jobs
from vpe_core.lab import LabScene
from vpe_core.markers.marks import marks_from_text

MARKS = "circle:140,110,220,200"
LINK = {"sample": "case_a", "marks": MARKS, "target": "lung mass"}
WAIT_S = 60


def forget_jobs() -> None:
    """End the studies of earlier tests."""
    jobs.stop_all(30)
    for key in [key for key in jobs._states if key.startswith("marker lab")]:
        jobs.forget(key)


def html_of(app: AppTest) -> str:
    """All that a page shows as HTML."""
    return unescape(" ".join(str(element.body) for element in app.get("html")))


def finished(app: AppTest) -> AppTest:
    """Run the page until no study is under way."""
    end = time.monotonic() + WAIT_S
    while any(key.startswith("marker lab") for key in jobs.running()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not app.run().exception
    return app


def open_part(page: str, name: str, query: dict[str, str] = LINK) -> AppTest:
    """A page with one part open and computed."""
    return finished(open_app(page, query, unfolded=f"lab_part_{name}"))


def scene() -> LabScene:
    """What `LINK` shows, for the library."""
    entry = next(one for one in gallery() if one.name == "case_a")
    state = lab_state(DemoState(sample="case_a", marks=marks_from_text(MARKS), target="lung mass"))
    return scene_of(gallery_xray(entry), state, "lung mass")
