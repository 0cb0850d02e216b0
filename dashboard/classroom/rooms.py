"""All classes of a server: opened, found by a code that cannot be guessed, and ended when nobody steers them any more.

They live in the memory of one process and nowhere else: nothing of a class is written to disk or logged.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from dashboard.classroom.errors import RoomError
from dashboard.classroom.room import Room
from dashboard.classroom.tries import Tries

ALPHABET = "CDFGHJKLMNPQRTWX346789"
"""Without look-alikes, such as 0 and O, and without vowels: no code is a word on a projector."""
CODE_CHARS = 6
MAX_ROOMS, MAX_ROOMS_A_CLIENT = 20, 5
SILENT_FOR_S = 1800.0
"""So long after the lecturer's last sign of life a class ends by itself."""


class Rooms:
    """The classes of this server. Every method may be called by any thread.

    Args:
        clock: Seconds that only grow; tests give their own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._rooms: dict[str, Room] = {}
        self._tries = Tries(clock)

    def __len__(self) -> int:
        self.sweep()
        return len(self._rooms)

    def open(self, client: str = "") -> tuple[Room, str]:
        """Open a class; returns it with the token that steers it.

        Args:
            client: Where the lecturer comes from.

        Raises:
            RoomError: There are too many.
        """
        with self._lock:
            self._sweep()
            of_client = sum(room.opened_by == client for room in self._rooms.values())
            if len(self._rooms) >= MAX_ROOMS or of_client >= MAX_ROOMS_A_CLIENT:
                raise RoomError("Too many classes are open on this server. End one, or wait until one has ended.")
            code = new_code()
            while code in self._rooms:
                code = new_code()
            room = self._rooms[code] = Room(code, client, self._clock)
            return room, room.steering_token

    def find(self, code: str, client: str = "") -> Room:
        """The class with this code. Who tries too many wrong ones has to wait.

        Raises:
            RoomError: There is none, or this client may not try now.
        """
        with self._lock:
            self._sweep()
            wanted = cleaned_code(code)
            if len(wanted) == CODE_CHARS and (never := sorted(set(wanted) - set(ALPHABET))):
                raise RoomError(f"No code has {' or '.join(never)} in it. Compare yours with the projector.")
            if not is_code(wanted):
                raise RoomError(f"A code has {CODE_CHARS} characters, such as {ALPHABET[:3]}-{ALPHABET[-3:]}.")
            if not self._tries.may_try(client):
                raise RoomError("Too many wrong codes were tried. Wait ten minutes.")
            room = self._rooms.get(wanted)
            if room is None:
                self._tries.was_wrong(client)
                raise RoomError("There is no class with this code. It may have ended.")
            return room

    def of_token(self, code: str, token: str) -> Room | None:
        """The class with this code, for whom it knows; for others there is none, whatever the code."""
        with self._lock:
            self._sweep()
            room = self._rooms.get(code)
        return room if room is not None and room.knows(token) else None

    def version(self, code: str, token: str, client: str) -> int | None:
        """The number that changes with the class; None where there is none for this visitor."""
        if token:
            room = self.of_token(code, token)
        else:
            try:
                room = self.find(code, client)
            except RoomError:
                return None
        return None if room is None else room.version_for(token)

    def sweep(self) -> None:
        """End the classes that nobody steers any more."""
        with self._lock:
            self._sweep()

    def _sweep(self) -> None:
        for code, room in list(self._rooms.items()):
            if room.is_over or room.silent_s >= SILENT_FOR_S:
                room.close()
                del self._rooms[code]


def new_code() -> str:
    """A code that nobody can foresee."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))


def cleaned_code(text: str) -> str:
    """A code as it may be typed: in small letters, with spaces or a hyphen."""
    return "".join(sign for sign in text[:40].upper() if sign not in " -")


def is_code(text: str) -> bool:
    """Whether it has the form of a code."""
    return len(text) == CODE_CHARS and all(sign in ALPHABET for sign in text)


def spaced(code: str) -> str:
    """The code as it is read aloud: two groups of three."""
    return f"{code[:3]} {code[3:]}"


ROOMS = Rooms()
"""The classes of this process."""
