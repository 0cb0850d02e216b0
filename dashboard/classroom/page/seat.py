"""Which class this session is in, and as whom: from the address, the session, and what the browser's tab has kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from dashboard.classroom.errors import RoomError
from dashboard.classroom.page import browser
from dashboard.classroom.records import Member
from dashboard.classroom.room import GONE, Room
from dashboard.classroom.rooms import ROOMS, cleaned_code
from dashboard.frame import links
from dashboard.frame.view import PROJECTOR, view

ROOM = "room"
_PAGE = "classroom"
_CODE, _TOKENS, _PROBLEM, _LOST = "class:code", "class:tokens", "class:problem", "class:lost"
ASKED, _CHECKED = "class:asked the tab", "class:checked code"


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a class.

    Attributes:
        room: The class.
        token: By which it knows this session; empty for a projector that nobody steers.
        steers: Whether this is the lecturer.
        member: Who this is; None for the lecturer and for a projector.
    """

    room: Room
    token: str
    steers: bool
    member: Member | None

    def steer(self, action: Callable[..., object], *values: object, **settings: object) -> None:
        """Do what only the lecturer may; if the class has ended meanwhile, the page's next run says so.

        Args:
            action: A method of `Room` that takes the lecturer's token first.
            values: For it, after the token.
            settings: The same, by name.
        """
        with suppress(RoomError):
            action(self.room, self.token, *values, **settings)


def begin(arrived: bool) -> None:
    """Take over the class that the address names, if it is not the one that this session wrote there."""
    link = links.new_link(_PAGE, arrived)
    if link is None:
        return
    wanted = cleaned_code(link.get(ROOM, ""))
    if wanted != code():
        st.session_state[_CODE] = wanted
        st.session_state.pop(_PROBLEM, None)
    links.leave_out(_PAGE, links.unknown_parts(link, (ROOM,), "the class"))


def code() -> str:
    """The code of the class at hand; empty for none."""
    found: str = st.session_state.get(_CODE, "")
    return found


def write_address() -> None:
    """Name the class in the address, which so leads to it again; never a token, for the address is on the projector."""
    links.write_link(_PAGE, {ROOM: code()} if code() else {})
    links.say_left_out(_PAGE, code() or "none")


def seat() -> Seat | None:
    """The place that this session has in the class at hand; None if it has none yet, or no more."""
    tokens = _tokens()
    if code() not in tokens and (kept := browser.kept_token(code())):
        tokens[code()] = kept
    token = tokens.get(code(), "")
    if token:
        room = ROOMS.of_token(code(), token)
        if room is None:
            _lose(GONE)
            return None
        return Seat(room, token, room.steers(token), room.member(token))
    if code() and view() == PROJECTOR:
        return _unsteered()
    _check_code()
    return None


def is_in_class() -> bool:
    """Whether this session has a place in the class at hand, or shows it on a projector; asked on other pages."""
    return ROOMS.of_token(code(), _tokens().get(code(), "")) is not None or _projector_key() in st.session_state


def is_asking() -> bool:
    """Whether the tab has yet to say whether it was in this class before; it is asked meanwhile."""
    if not code() or code() in _tokens() or st.session_state.get(ASKED) == code():
        return False
    if browser.kept_token(code()) is None:
        browser.ask_what_is_kept(code())
        return True
    st.session_state[ASKED] = code()
    return False


def open_class() -> None:
    """Open a class, with this session as the lecturer."""
    try:
        room, token = ROOMS.open(browser.client())
    except RoomError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    _take(room.code, token)


def join(typed: str, nickname: str) -> None:
    """Join the class with this code."""
    try:
        room = ROOMS.find(typed, browser.client())
        _take(room.code, room.join(nickname))
    except RoomError as error:
        st.session_state[_PROBLEM] = str(error)


def leave() -> None:
    """Leave the class at hand."""
    if room := ROOMS.of_token(code(), token := _tokens().get(code(), "")):
        room.leave(token)
    _lose("")


def problem() -> str:
    """Why the last class could not be opened, joined or gone on with; empty if all is well."""
    said: str = st.session_state.get(_PROBLEM, "")
    return said


def seats_left_open() -> list[Seat]:
    """The places that this visitor has in other classes: left by Back, or by a lecturer who has closed the page."""
    browser.at_the_door(st.session_state.pop(_LOST, ""))
    steered_code, steered_token = browser.steered_before()
    found = []
    for one, token in ({steered_code: steered_token} | _tokens()).items():
        if room := ROOMS.of_token(one, token):
            found.append(Seat(room, token, room.steers(token), room.member(token)))
    return found


def take(place: Seat) -> None:
    """Go on in this place."""
    _take(place.room.code, place.token)


def _unsteered() -> Seat | None:
    """A projector with a browser of its own: it needs nothing but the code, and is asked for it once."""
    key = _projector_key()
    if key not in st.session_state:
        try:
            st.session_state[key] = ROOMS.find(code(), browser.client())
        except RoomError as error:
            _lose(str(error))
            return None
    room: Room = st.session_state[key]
    if room.is_over:
        del st.session_state[key]
        _lose(GONE)
        return None
    return Seat(room, "", steers=False, member=None)


def _check_code() -> None:
    """Say at once that a link leads to no class; asked once a code, for wrong ones are counted."""
    if not code() or st.session_state.get(_CHECKED) == code():
        return
    st.session_state[_CHECKED] = code()
    try:
        ROOMS.find(code(), browser.client())
    except RoomError as error:
        st.session_state[_PROBLEM] = str(error)


def _projector_key() -> str:
    return f"class:projector {code()}"


def _take(code_: str, token: str) -> None:
    _tokens()[code_] = token
    st.session_state[_CODE] = code_
    st.session_state.pop(_PROBLEM, None)


def _lose(why: str) -> None:
    lost = code()
    _tokens().pop(lost, None)
    st.session_state[_CODE] = ""
    st.session_state[_PROBLEM], st.session_state[_LOST] = why, lost


def _tokens() -> dict[str, str]:
    tokens: dict[str, str] = st.session_state.setdefault(_TOKENS, {})
    return tokens
