"""The answer that follows a shape while it is dragged: of the marks and the draft, and of nothing that stays."""

from __future__ import annotations

import re
from typing import Any

from PIL import Image

from dashboard.demo.film.canvas import canvas_key
from dashboard.demo.film.fabric import write_drawing
from dashboard.demo.film.xray import CANVAS_PX, Xray
from tests.pages.test_pages import LIVE, MARK, answer_of, link_of, open_app
from vpe_core.markers.marks import Mark, marks_to_text
from vpe_core.types import Box

DRAGGED = Mark("circle", Box(300, 300, 400, 380))
HISTORIES, SENT = "demo:mark_histories", "vpl_following_answer"


def draft(*marks: Mark, **others: Any) -> dict[str, Any]:
    """What the browser sends while the last of the marks is dragged."""
    drawing = write_drawing(marks, CANVAS_PX / 512, "#ff0000", 6)
    return {
        "draft": {
            **drawing,
            "canvas": canvas_key(Xray("case_a", Image.new("L", (512, 512)))),
            "revision": 1,
            "after": 0,
            "number": 7,
            **others,
        }
    }


def said(answer: str) -> str:
    """The answer without what may differ from one time to the next."""
    return re.sub(r"\d+ ms|<section[^>]*>", "", answer)


def test_a_draft_is_answered_as_if_it_were_drawn_but_is_no_step_and_in_no_address() -> None:
    app = open_app(LIVE, {"sample": "case_a", "marks": marks_to_text(MARK)})
    plain, link, steps = answer_of(app), link_of(app), app.session_state[HISTORIES]["case_a"]
    app.session_state[SENT] = draft(*MARK, DRAGGED)
    app.run()
    assert not app.exception
    assert "data-draft" in answer_of(app)
    assert (link_of(app), app.session_state[HISTORIES]["case_a"]) == (link, steps)
    drawn = open_app(LIVE, {"sample": "case_a", "marks": marks_to_text((*MARK, DRAGGED))})
    assert said(answer_of(app)) == said(answer_of(drawn)) != said(plain)
