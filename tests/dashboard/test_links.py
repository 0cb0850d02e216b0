"""What of a link is taken over, what is said of the rest, and for how long."""

from __future__ import annotations

from collections.abc import Mapping

from streamlit.testing.v1 import AppTest


def page() -> None:
    """Reads numbers; the address says the last one."""
    import streamlit as st

    from dashboard.frame import links

    link = links.new_link("test", arrived=st.session_state.pop("arrived", False))
    if link is not None:
        st.session_state["number"] = link.get("number", "")
        links.leave_out("test", [f"{name} means nothing." for name in link if name != "number"])
    links.say_left_out("test", st.session_state.get("number"))
    if st.session_state.pop("stop early", False):
        st.stop()
    links.write_link("test", {"number": st.session_state["number"]} if st.session_state.get("number") else {})


def opened(query: Mapping[str, str]) -> AppTest:
    return follow(AppTest.from_function(page), query)


def follow(app: AppTest, query: Mapping[str, str], **memory: object) -> AppTest:
    app.query_params.clear()
    for name, value in query.items():
        app.query_params[name] = value
    for name, known in memory.items():
        app.session_state[name] = known
    app.run()
    assert not app.exception
    return app


def test_what_is_left_out_is_said_until_something_else_is_shown_and_is_no_longer_in_the_address() -> None:
    app = opened({"number": "1", "color": "red", "size": "2"})
    assert dict(app.query_params) == {"number": "1"}
    (box,) = app.warning
    assert box.value == "- color means nothing\\.\n- size means nothing\\."
    assert [warning.value for warning in app.run().warning] == [box.value]
    app.session_state["number"] = "2"
    assert not app.run().warning
    app.session_state["number"] = "1"
    assert not app.run().warning


def test_an_address_is_a_link_unless_the_session_wrote_it_or_comes_from_another_page_without_one() -> None:
    app = opened({"number": "1"})
    app.session_state["number"] = "2"
    assert dict(app.run().query_params) == {"number": "2"}
    assert follow(app, {"number": "1"}).session_state["number"] == "1"  # the browser's Back
    assert follow(app, {}, arrived=True).session_state["number"] == "1"  # from another page
    assert dict(app.query_params) == {"number": "1"}
    assert follow(app, {}).session_state["number"] == ""  # Back to the page as it was first


def test_a_run_that_stops_before_it_writes_the_address_does_not_make_it_a_link() -> None:
    app = opened({})
    app.session_state["stop early"] = True
    app.session_state["arrived"] = True
    app.session_state["number"] = "3"
    assert app.run().session_state["number"] == "3"
    assert app.run().session_state["number"] == "3"
