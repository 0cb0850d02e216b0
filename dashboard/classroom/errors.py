"""What can go wrong in a class, in words for whoever it happens to."""

from __future__ import annotations

from vpe_core.errors import VPEError


class RoomError(VPEError):
    """The room is not there, is full, or does not take this from this person now."""
