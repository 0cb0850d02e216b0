"""Who may do what costs the machine something: start runs, download, give files. The settings say it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from ipaddress import IPv6Address, ip_address
from typing import Literal, TypeAlias

import streamlit as st

from vpe_core.settings import get_settings

Right: TypeAlias = Literal["start_runs", "downloads", "uploads", "admin"]
_FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")
_WHAT = {
    "start_runs": "Benchmark runs cannot be started",
    "downloads": "Models and X-rays cannot be downloaded",
    "uploads": "Files cannot be uploaded",
    "admin": "How the server does is not shown",
}
_THIS_MACHINE = "127.0.0.1"
_MAX_ADDRESS_CHARS = 64


def may(right: Right) -> bool:
    """Whether the settings let this visitor do it.

    A browser on this machine has no address here. One that comes through a proxy on this machine looks the same but
    for the headers that a proxy adds; where it adds none, the settings have to say who may.
    """
    if _is_offline(right):
        return False
    return allows(right, st.context.ip_address or _THIS_MACHINE, st.context.headers)


def allows(right: Right, address: str | None, headers: Container[str]) -> bool:
    """Whether the settings let a visitor do it who comes from this address, with these headers (of whatever case)."""
    who = getattr(get_settings(), right)
    if who == "local":
        return _is_this_machine(address) and not any(name in headers for name in _FORWARDED)
    return bool(who == "anyone")


def client_of(address: str | None, headers: Mapping[str, str]) -> str:
    """Where a visitor comes from, to count what each one tries: the address, or what our own proxy says of it.

    A proxy on this machine adds the address that it sees to the end of the header. From elsewhere the header is
    anybody's word, and is not read.
    """
    address = _as_ipv4(address) if address else _THIS_MACHINE
    told = headers.get(_FORWARDED[0]) or headers.get(_FORWARDED[1]) or ""
    if _is_this_machine(address) and told:
        return told.rpartition(",")[2].strip()[:_MAX_ADDRESS_CHARS]
    return address


def why_not(right: Right) -> str:
    """One sentence for those who may not, with the setting that says so."""
    if _is_offline(right):
        return f"{_WHAT[right]} here: the setting VPE_OFFLINE is on."
    who = getattr(get_settings(), right)
    where = " from another machine" if who == "local" else ""
    return f"{_WHAT[right]}{where} here: the setting VPE_{right.upper()} is “{who}”."


def _is_offline(right: Right) -> bool:
    return right == "downloads" and get_settings().offline


def _is_this_machine(address: str | None) -> bool:
    try:
        return address is not None and ip_address(_as_ipv4(address)).is_loopback
    except ValueError:
        return False


def _as_ipv4(address: str) -> str:
    """A server that listens to IPv4 and IPv6 by one socket sees 127.0.0.1 as ::ffff:127.0.0.1 (RFC 4291, 2.5.5.2)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(found.ipv4_mapped or found) if isinstance(found, IPv6Address) else address
