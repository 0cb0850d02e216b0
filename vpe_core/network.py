"""What stands between this machine and a server, in sentences: proxies, certificates, gateways, names, statuses.

Two HTTP clients download, each with rules of its own: httpx2 (under `huggingface_hub`) the models, requests (under
pooch) single files. Their errors are told apart by the names of their classes, so neither has to be imported here.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from vpe_core.extras import is_installed


class NotTheServerError(Exception):
    """Something on the way answered in the server's place, such as the login page of a network."""


@dataclass(frozen=True, slots=True)
class Client:
    """What a HTTP client reads from the environment.

    Attributes:
        socks: Kinds of SOCKS proxies that it can use.
        socks_module: The module that it needs for them.
        socks_package: The package that holds this module.
        certificates: Variables that may name a file with certificates, the one that counts first.
        every_proxy: Whether it looks at all proxies when it starts, not only at the one that it uses.
        way_out: What to do where the server cannot be reached.
    """

    socks: tuple[str, ...]
    socks_module: str
    socks_package: str
    certificates: tuple[str, ...]
    every_proxy: bool
    way_out: str


HUB = Client(
    socks=("socks5", "socks5h"),
    socks_module="socksio",
    socks_package="socksio",
    certificates=("SSL_CERT_FILE",),
    every_proxy=True,
    way_out="set HF_ENDPOINT to a hub that this network lets through",
)
FILES = Client(
    socks=("socks4", "socks4a", "socks5", "socks5h"),
    socks_module="socks",
    socks_package="PySocks",
    certificates=("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    every_proxy=False,
    way_out="use another network",
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that the environment (or the system) names: the variable, and the address as it stands there."""

    variable: str
    address: str

    @property
    def redacted(self) -> str:
        """The address without name and password."""
        return re.sub(r"^([A-Za-z][\w+.-]*://)?.*@", r"\1", self.address)


def proxies() -> tuple[Proxy, ...]:
    """The proxies that both clients read; none if `NO_PROXY` switches all of them off."""
    named = getproxies()
    if "*" in (part.strip() for part in named.get("no", "").split(",")):
        return ()
    found = {scheme: named[scheme] for scheme in ("https", "http", "all") if named.get(scheme)}
    return tuple(Proxy(_variable(scheme, address), address) for scheme, address in found.items())


def _variable(scheme: str, address: str) -> str:
    names = [name for name, value in os.environ.items() if name.lower() == f"{scheme}_proxy" and value == address]
    return names[0] if names else f"the system's {scheme} proxy"


def host_of(address: str, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """The host of an address of one of these schemes; None if it is no such address."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises unless it is a number below 65,536
    except ValueError:
        return None
    return None if parts.scheme not in schemes or re.search(r"[\s\x00-\x1f]", address) else parts.hostname or None


def environment_problems(client: Client) -> tuple[str, ...]:
    """What of the environment keeps a client from working, each with what to do about it. Needs no network."""
    read = proxies() if client.every_proxy else proxies()[:1]  # downloads are https
    problems = [_proxy_problem(proxy, client) for proxy in read]
    return tuple(problem for problem in (*problems, _certificate_problem(client)) if problem)


def _proxy_problem(proxy: Proxy, client: Client) -> str | None:
    address = proxy.address if "://" in proxy.address else f"http://{proxy.address}"
    scheme = address.partition("://")[0].lower()
    kinds = ("http", "https", *client.socks)
    names = f"{proxy.variable} names the proxy {proxy.redacted}"
    if scheme not in kinds:
        return f"{names}, but {scheme}:// cannot be used here. Use one of {', '.join(kinds)}, or unset it."
    if host_of(address, kinds) is None or "//" in address.partition("://")[2]:
        return (
            f"{proxy.variable} is {proxy.redacted!r}, but expected the address of a proxy, such as "
            "http://proxy.example.org:8080. Correct or unset it."
        )
    if scheme in client.socks and not is_installed(client.socks_module):
        return (
            f"{names}, and for SOCKS proxies a package is missing. Run `pip install {client.socks_package}`, set an "
            f"http:// proxy, or unset {proxy.variable}."
        )
    return None


def _certificate_problem(client: Client) -> str | None:
    set_ones = ((name, os.environ[name]) for name in client.certificates if os.environ.get(name))
    variable, value = next(set_ones, ("", ""))
    path = Path(value)
    if not variable or (path.is_dir() and variable != "SSL_CERT_FILE"):  # requests takes a folder as well
        return None
    if not path.exists():
        return f"{variable} names the certificate file {path}, which does not exist. Correct or unset {variable}."
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror
        return (
            f"{variable} names {path}, which cannot be read as a file of certificates in PEM format ({reason}). "
            f"Correct or unset {variable}."
        )
    return None


def explain(error: BaseException, address: str, client: Client) -> str | None:
    """What went wrong on the way to `address` and what to do; None if `error` has nothing to do with the network."""
    links = tuple(_chain(error))
    classes = {cls for link in links for cls in type(link).__mro__}
    names = {cls.__name__ for cls in classes} | {f"{cls.__module__}.{cls.__name__}" for cls in classes}
    host = host_of(address) or address
    if names & {"NotTheServerError", "JSONDecodeError", "TooManyRedirects"}:
        return (
            f"What answers in place of {host} is not this server: a page or a redirection came where data was "
            f"expected, as in a network that wants a login. {_sign_in(client)}"
        )
    if "SSLCertVerificationError" in names:
        return _untrusted(links, host, client)
    if names & _NETWORK:
        return " ".join(environment_problems(client)) or _no_connection(links, names, host)
    if names & _BEFORE_A_REQUEST:
        return " ".join(environment_problems(client)) or None
    return None


def _no_connection(links: tuple[BaseException, ...], names: set[str], host: str) -> str:
    if "ProxyError" in names and any(re.search(r"\b407\b", str(link)) for link in links):
        return _proxy_wants_a_name()
    fitting = (sentence for kinds, sentence in _SENTENCES.items() if names & set(kinds.split()))
    sentence = next(fitting, f"There is no connection to {{host}} ({last_line(links[0])}).")
    return f"{sentence.format(host=host)} {how_to_connect()}"


_SENTENCES = {
    "gaierror NameResolutionError": "There is no connection: the name {host} cannot be resolved.",
    "ConnectionRefusedError": "There is no connection to {host}: it was refused.",
    "TimeoutException Timeout ReadTimeoutError builtins.TimeoutError": "There is no answer from {host} in time.",
    "SSLError": "There is no connection to {host}: what answers does not speak TLS as it should.",
    "ConnectionResetError BrokenPipeError RemoteProtocolError ReadError IncompleteRead ProtocolError": (
        "The connection to {host} was cut."
    ),
    "ProxyError": "The proxy does not lead to {host}.",
}
"""By classes of both clients and of Python, the most telling first."""

_UNREACHED = frozenset(("gaierror", "NameResolutionError", "ConnectionRefusedError", "NewConnectionError"))
_NETWORK = frozenset(
    ["TransportError", "RequestException", "InvalidURL", "ConnectionError", "SSLError", "gaierror", "DecodingError"]
)
_BEFORE_A_REQUEST = frozenset(("ImportError", "ValueError", "OSError"))
"""What the clients raise while they read the environment: a missing package, an unknown scheme, a missing file."""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, from the outside in."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def last_line(error: BaseException) -> str:
    """The last line of what an error says, where clients put the reason; else the name of its class."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def _untrusted(links: tuple[BaseException, ...], host: str, client: Client) -> str:
    found = next((link for link in links if isinstance(link, ssl.SSLCertVerificationError)), None)
    reason = getattr(found, "verify_message", "") or "it cannot be verified"
    if "expired" in reason or "not yet valid" in reason:
        return f"The certificate of {host} is not trusted: {reason}. Check this machine's clock."
    return (
        f"The certificate of {host} is not trusted: {reason}. Some networks put a certificate of their own in its "
        f"place: set {client.certificates[0]} to a file (PEM) that holds your network's certificates."
    )


def is_without_connection(error: BaseException) -> bool:
    """Whether a download failed because nothing could be reached, neither a server nor a proxy."""
    names = {cls.__name__ for link in _chain(error) for cls in type(link).__mro__}
    return bool(names & _UNREACHED) and "ProxyError" not in names


def how_to_connect() -> str:
    """What to look at where there is no connection."""
    named = proxies()
    if not named:
        return "Check the network, and whether it needs a proxy (HTTPS_PROXY)."
    return f"Check the network and the proxy ({', '.join(f'{proxy.variable}: {proxy.redacted}' for proxy in named)})."


def _proxy_wants_a_name() -> str:
    which = (
        ", ".join(f"{proxy.variable}: {proxy.redacted}" for proxy in proxies()) or "none is named in the environment"
    )
    return (
        f"The proxy wants a name and a password (407; {which}). Put them into its address, as in "
        "http://NAME:PASSWORD@proxy.example.org:8080; if they are there, it does not take them."
    )


def explain_status(status: int, headers: Mapping[str, str], host: str, client: Client) -> str:
    """What an answer with an error status means, whoever asked, and what to do."""
    if status == 407:
        return _proxy_wants_a_name()
    if status == 429:
        return f"{host} is asked too often (429). Try again {_when(headers)}."
    if status >= 500 and status != 511:
        return f"{host}, or a proxy on the way, has a fault at present ({status}). Try again {_when(headers)}."
    if status == 511 or (is_page(headers) and status != 404):
        return f"A gateway on the way to {host} answered with {status} and a page of its own. {_sign_in(client)}"
    return f"{host} answered {status}. Try again later, or report it."


def is_page(headers: Mapping[str, str]) -> bool:
    """Whether an answer is a page for people, not data."""
    return headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml"))


def _sign_in(client: Client) -> str:
    return f"Open any page in a browser on this machine and sign in, or {client.way_out}."


def _when(headers: Mapping[str, str]) -> str:
    value = headers.get("retry-after", "").strip()
    waits = re.search(r"\bt\s*=\s*(\d+)", headers.get("ratelimit", ""))
    seconds = value if value.isdecimal() else waits[1] if waits and not value else ""
    if seconds:
        return f"in {int(seconds)} seconds" if int(seconds) < 120 else f"in {-(-int(seconds) // 60)} minutes"
    return f"after {value}" if value else "later"
