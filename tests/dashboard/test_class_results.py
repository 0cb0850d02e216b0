"""What a class has answered, counted; the route that browsers ask, who is who to it, and the QR code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.classroom.kinds.base import NOT_ASKED
from dashboard.classroom.page.invitation import reach_in_words
from dashboard.classroom.qr import QUIET_ZONE, qr_code
from dashboard.classroom.records import Kept, Member, MemberAnswer, MemberDrawing, TaskQuestion
from dashboard.classroom.results import distribution, more_words, most_surprising, ranked
from dashboard.classroom.rooms import ROOMS, Rooms
from dashboard.demo.film.xray import Xray
from dashboard.frame.rights import client_of
from dashboard.frame.server import routes
from vpe_core.markers.marks import Mark
from vpe_core.settings import PROJECT_DIR
from vpe_core.types import Box

CLASSES = ("mass", "effusion", "no abnormality")
PLAIN = (0.2, 0.1, 0.7)
CIRCLE = MemberDrawing(Mark("circle", Box(300, 300, 400, 400)))


def kept_of(number: int, *, said: tuple[float, ...] = (), score: float | None = None, choice: str = "") -> Kept:
    return Kept(Member(number, "=1+1"), MemberAnswer(choice, None if choice else CIRCLE, said, score, after_s=number))


def test_the_class_is_counted_as_by_hand() -> None:
    question = TaskQuestion(1, "fool", "x", CLASSES, "mass")
    mass, effusion, healthy = (0.8, 0.1, 0.1), (0.2, 0.5, 0.3), (0.1, 0.0, 0.9)
    kept = [
        kept_of(1, said=mass, score=0.8), kept_of(2, said=mass, score=0.8), kept_of(3, said=effusion, score=0.2),
        kept_of(4, said=healthy, score=0.1), kept_of(5, said=healthy),
    ]  # fmt: skip
    rows = distribution(question, kept, PLAIN)
    assert [(row.name, row.votes, row.named) for row in rows] == [
        ("no abnormality", 2, True), ("mass", 2, False), ("effusion", 1, False),
    ]  # fmt: skip
    assert [row.share for row in rows] == pytest.approx([0.4, 0.4, 0.2])
    assert [one.member.number for one in ranked(kept)] == [1, 2, 3, 4]
    odd = most_surprising(kept, PLAIN, ranked(kept)[0])
    assert odd is not None
    assert odd.member.number == 3
    guesses = [kept_of(1, choice="effusion"), kept_of(2, choice="effusion")]
    predict = replace(question, kind="predict", target="")
    assert [row.name for row in distribution(predict, guesses, PLAIN, at_most=2)] == ["effusion", "no abnormality"]
    shown, every = (distribution(predict, guesses, PLAIN, at_most=most) for most in (2, 3))
    left = [row for row in every if row not in shown]
    assert more_words(left, "guesses") == "and 1 more, below 21%, with no guesses"
    assert more_words(every, "guesses") == "and 3 more, all below 71%, with 2 guesses"
    assert not more_words([], "guesses")
    missed = distribution(question, [kept_of(1, said=effusion)], PLAIN, at_most=2)
    assert [row.name for row in missed] == ["no abnormality", "mass"]  # what was aimed at is never left out
    assert most_surprising(guesses, PLAIN) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_an_address_of_this_machine_alone_says_how_others_can_join(host: str) -> None:
    words = reach_in_words(f"http://{host}:8501/classroom?room=CDFGHJ")
    assert words.startswith("This address works on this machine only. For others, open this page by")
    assert f"in place of {host} (docs/deployment.md, In a classroom)" in words
    assert "## In a classroom" in (PROJECT_DIR / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert not reach_in_words("https://example.org/classroom?room=CDFGHJ")


def test_who_leaves_counts_no_more() -> None:
    room, token = Rooms().open()
    stays, goes = room.join(), room.join("Ann")
    room.ask(token, TaskQuestion(0, "predict", "x", CLASSES), Xray("x", Image.new("L", (64, 64)), public=True))
    for member in (stays, goes):
        room.answer(member, "1-0", choice=CLASSES[0], said=NOT_ASKED)
    version = room.version_for(token)
    room.leave(goes)
    assert (room.view().members, len(room.view().kept)) == (1, 1)
    assert room.version_for(token) > version
    assert not room.knows(goes)
    room.steer(token, frozen=True)
    room.leave(stays)
    assert (room.view().members, len(room.view().kept)) == (0, 1)  # what is closed stays as it is
    room.leave(token)
    assert room.steers(token)


def test_the_version_is_a_number_and_nothing_else() -> None:
    room, token = ROOMS.open("test")
    try:
        with TestClient(Starlette(routes=routes())) as client:
            told = client.get(f"/room/{room.code}/version", headers={"X-Class-Token": token})
            assert (told.status_code, told.text) == (200, str(room.view().version))
            room.join()
            assert client.get(f"/room/{room.code.lower()}/version").text == str(room.view().version)
            assert client.get("/room/CCCCCC/version").status_code == 404
            assert client.get(f"/room/{room.code}/version", headers={"X-Class-Token": "x"}).status_code == 404
    finally:
        room.end(token)


@pytest.mark.parametrize(
    ("address", "headers", "client"),
    [
        (None, {}, "127.0.0.1"),
        ("10.0.0.7", {}, "10.0.0.7"),
        ("10.0.0.7", {"X-Forwarded-For": "9.9.9.9"}, "10.0.0.7"),
        ("127.0.0.1", {"X-Forwarded-For": "made up, 10.0.0.8"}, "10.0.0.8"),
        (None, {"X-Real-Ip": "10.0.0.9"}, "10.0.0.9"),
    ],
)
def test_each_client_is_told_apart_also_behind_our_own_proxy(
    address: str | None, headers: dict[str, str], client: str
) -> None:
    assert client_of(address, headers) == client


def test_the_qr_code_is_one_and_has_its_quiet_zone() -> None:
    code = qr_code("https://example.org/lab/classroom?room=CDFGHJ")
    assert (code.side - 2 * QUIET_ZONE - 17) % 4 == 0
    assert code.path.startswith(f"M{QUIET_ZONE} {QUIET_ZONE}h7v1h-7z")  # the first finder pattern
