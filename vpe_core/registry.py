"""The one registry shape: markers, models and their loaders, attention methods, data sets, metrics, findings, engines.

MARKERS: Registry[Marker] = Registry("marker", MarkerError)
MARKERS.add("circle", CIRCLE)
names, get = MARKERS.names, MARKERS.get

A program that uses the library adds to a registry in the same way, at any time: whatever lists or offers the entries
asks the registry. `with MARKERS.restored(): ...` takes back what was added inside.
"""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, Mapping

    from vpe_core.errors import VPEError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named variants of one kind, in the order in which they were added.

    Args:
        kind: What an entry is, in the singular, for messages: "marker", "attention method".
        error: Raised by `get` for an unknown name.
        entries: What it begins with.
    """

    def __init__(self, kind: str, error: type[VPEError], entries: Mapping[str, T] = MappingProxyType({})) -> None:
        self._kind = kind
        self._error = error
        self._entries: dict[str, T] = dict(entries)

    def add(self, name: str, entry: T) -> T:
        """Add `entry` under `name` and return it.

        Raises:
            ValueError: The name is taken.
        """
        if name in self._entries:
            raise ValueError(f"The {self._kind} {name!r} is registered twice.")
        self._entries[name] = entry
        return entry

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator form of `add`, for functions and classes."""
        return lambda entry: self.add(name, entry)

    def names(self) -> tuple[str, ...]:
        """All names, in the order in which they were added."""
        return tuple(self._entries)

    def items(self) -> ItemsView[str, T]:
        """All names with their entries, in the order in which they were added."""
        return self._entries.items()

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Leave the registry as it was before, whatever is added inside; for tests and short-lived programs."""
        before = dict(self._entries)
        try:
            yield
        finally:
            self._entries.clear()
            self._entries.update(before)

    def get(self, name: str) -> T:
        """The entry called `name`.

        Raises:
            VPEError: There is none (the registry's own subclass); the message lists the names and the nearest one.
        """
        try:
            return self._entries[name]
        except (KeyError, TypeError):
            raise self._error(self._unknown(name)) from None

    def _unknown(self, name: object) -> str:
        near = difflib.get_close_matches(str(name)[:100].lower(), self._entries, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        shown = str(name)[:60]
        return f"There is no {self._kind} called {shown!r}.{hint} Choose one of: {', '.join(self._entries)}."

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)
