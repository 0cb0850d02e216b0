"""Downloads through networks that are in the way: the real clients, a server on this machine, and the environment.

Both ways are tried: models (the hub's client) and single files (requests).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session, constants
from typer.testing import CliRunner

from tests.models.hub_server import Answer, Faults, HubServer, Repository
from vpe_core import jobs
from vpe_core.cli import app
from vpe_core.cli.doctor import network_check
from vpe_core.errors import DatasetError, ModelDownloadError
from vpe_core.fetching import fetch_file
from vpe_core.models import fetch, hub
from vpe_core.settings import get_settings

NAME = "hf-hub:org/tiny"
_FROM_OUTSIDE = ("HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy, no token, no certificates but those that a test sets; clients that read the environment anew."""
    for name in (*_FROM_OUTSIDE, "CURL_CA_BUNDLE", *(name for name in os.environ if name.lower().endswith("_proxy"))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("VPE_ALLOWED_MODELS", NAME)
    monkeypatch.setattr(hub, "_PAUSE_S", 0)
    get_settings.cache_clear()
    close_session()
    yield
    close_session()


@pytest.fixture
def server(model_root: Path) -> Iterator[HubServer]:
    with HubServer({"org/tiny": Repository.of(model_root / "native")}) as started:
        yield started


def model_error(endpoint: str, name: str = NAME) -> str:
    with pytest.raises(ModelDownloadError) as caught:
        fetch(name, endpoint=endpoint)
    return str(caught.value)


def file_error(url: str, folder: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        fetch_file(url, "0" * 64, folder / "picture.png", "Nothing is lost.")
    assert str(caught.value).endswith("Nothing is lost.")
    return str(caught.value)


def says(text: str, pattern: str) -> None:
    assert pytest.RaisesExc(ModelDownloadError, match=pattern).matches(ModelDownloadError(text)), text


@contextlib.contextmanager
def listener(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on this machine that does `behave` to each connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


ENVIRONMENTS = [
    ("HTTPS_PROXY", "socks5://127.0.0.1:9", "HTTPS_PROXY names the proxy socks5://127.0.0.1:9.*pip install {socks}"),
    ("HTTP_PROXY", "socks5h://127.0.0.1:9", "HTTP_PROXY names .*pip install {socks}.*or unset HTTP_PROXY"),
    ("all_proxy", "socks5://me:secret@127.0.0.1:9", "all_proxy names the proxy socks5://127.0.0.1:9.*{socks}"),
    ("https_proxy", "htp://127.0.0.1:9", "https_proxy names .*htp:// cannot be used here. Use one of http, https"),
    ("ALL_PROXY", "http://me:secret@pro xy:80", "ALL_PROXY is 'http://pro xy:80', but expected the address of a proxy"),
    ("http_proxy", "http://[bad", r"http_proxy is 'http://\[bad', but expected the address of a proxy"),
    ("HTTP_PROXY", "http//127.0.0.1:9", "HTTP_PROXY is 'http//127.0.0.1:9', but expected the address of a proxy"),
    ("HTTP_PROXY", "127.0.0.1:99999", "HTTP_PROXY is '127.0.0.1:99999', but expected the address of a proxy"),
]


@pytest.mark.parametrize(("variable", "value", "pattern"), ENVIRONMENTS)
def test_a_proxy_that_cannot_be_used_is_named(
    variable: str, value: str, pattern: str, server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    by_hub, by_file = model_error(server.endpoint), file_error(f"{server.endpoint}/picture.png", tmp_path)
    says(by_hub, pattern.format(socks="socksio"))
    says(by_file, pattern.format(socks="PySocks"))
    assert "secret" not in by_hub + by_file
    says(network_check().remedy, pattern.format(socks="socksio"))


def test_socks_4_is_nothing_for_the_hub_and_needs_a_package_for_files(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "socks4://127.0.0.1:9")
    says(
        model_error(server.endpoint), "socks4:// cannot be used here. Use one of http, https, socks5, socks5h, or unset"
    )
    says(file_error(server.endpoint, tmp_path), "pip install PySocks")


def test_a_proxy_that_is_not_used_is_not_blamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    endpoint = f"http://127.0.0.1:{closed_port()}"
    for text in (model_error(endpoint), file_error(endpoint, tmp_path)):
        says(text, "no connection to 127.0.0.1: it was refused")
        assert "socks" not in text


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def test_a_proxy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{closed_port()}")
    for text in (model_error("https://hub.invalid"), file_error("https://files.invalid/picture.png", tmp_path)):
        says(text, r"no connection to .*refused.*the proxy \(HTTPS_PROXY: http://127.0.0.1:\d+\)")
        assert "secret" not in text


def test_a_proxy_that_wants_a_password(server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    pattern = r"The proxy wants a name and a password \(407; .*http://NAME:PASSWORD@"
    with listener(refuse) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        says(model_error("https://hub.invalid"), pattern)
        says(file_error("https://files.invalid/picture.png", tmp_path), pattern)
    monkeypatch.delenv("HTTPS_PROXY")
    close_session()
    server.faults = Faults(instead=Answer(407))
    says(model_error(server.endpoint), pattern)
    says(file_error(server.endpoint, tmp_path), pattern)


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (None, "names the certificate file .*mine.pem, which does not exist. Correct or unset"),
        ("no certificate", "names .*mine.pem, which cannot be read as a file of certificates in PEM format"),
    ],
)
def test_a_file_of_certificates_that_is_none_is_named(
    content: str | None, pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.pem"
    if content:
        file.write_text(content)
    for variable in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(file))
    address = f"https://127.0.0.1:{closed_port()}"
    by_hub, by_file = model_error(address), file_error(address, tmp_path)
    says(by_hub, f"SSL_CERT_FILE {pattern}")
    says(by_file, f"REQUESTS_CA_BUNDLE {pattern}")
    assert "writable" not in by_hub + by_file
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    says(file_error(address, tmp_path), f"CURL_CA_BUNDLE {pattern}")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, to sign a certificate")
def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        [*command.split(), "-keyout", "key.pem", "-out", "it.pem"], cwd=tmp_path, check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "it.pem", tmp_path / "key.pem")

    def shake_hands(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    with listener(shake_hands) as port:
        pattern = "certificate of localhost is not trusted: self.signed certificate.* set {} to a file"
        says(model_error(f"https://localhost:{port}"), pattern.format("SSL_CERT_FILE"))
        says(file_error(f"https://localhost:{port}/picture.png", tmp_path), pattern.format("REQUESTS_CA_BUNDLE"))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_is_cut(scheme: str, tmp_path: Path) -> None:
    def cut(connection: socket.socket) -> None:
        connection.recv(4096)

    with listener(cut) as port:
        address = f"{scheme}://127.0.0.1:{port}"
        for text in (model_error(address), file_error(f"{address}/picture.png", tmp_path)):
            says(text, "The connection to 127.0.0.1 was cut|does not speak TLS as it should")


def test_a_server_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_TIMEOUT_S", 0.1)
    monkeypatch.setattr("vpe_core.fetching._TIMEOUT_S", 0.1)
    with listener(lambda _: time.sleep(0.4)) as port:
        for text in (model_error(f"http://127.0.0.1:{port}"), file_error(f"http://127.0.0.1:{port}/a.png", tmp_path)):
            says(text, "no answer from 127.0.0.1 in time. Check the network")


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    for text in (model_error("http://hub.invalid"), file_error("http://hub.invalid/picture.png", tmp_path)):
        says(text, "the name hub.invalid cannot be resolved. Check the network")


@pytest.mark.parametrize(
    "address", ["huggingface.co", "htp://hub.org", "https://", "https://a:99999", "http://[a", "http://a b"]
)
def test_an_address_of_a_hub_that_is_none(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ModelDownloadError, match=r"HF_ENDPOINT is .*expected the address of a hub, such as https://"):
        fetch(NAME)
    assert "HF_ENDPOINT" in network_check().remedy
    says(file_error(f"{address}/picture.png" if address != "https://" else address, tmp_path), "cannot be fetched")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder where nobody can write")
def test_a_folder_where_nobody_can_write(server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_CACHE_DIR", "/sys/kernel")
    get_settings.cache_clear()
    says(model_error(server.endpoint), "may not be written .*Make it writable. Or set VPE_CACHE_DIR")
    says(file_error(server.endpoint, Path("/sys/kernel/vpe")), "may not be written .*Make it writable")


def test_a_file_where_the_folder_should_be(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    says(model_error(server.endpoint), "cache is a file where a folder is needed. Move it away. Or set VPE_CACHE_DIR")
    says(file_error(server.endpoint, tmp_path / "cache" / "xrays"), "cache is a file where a folder is needed")


def test_the_command_line_and_the_app_say_it(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    result = CliRunner().invoke(app, ["models", "fetch", NAME])
    assert result.exit_code == 2
    says(result.output, "Error: Cannot reach the hub at .*pip install socksio")
    jobs.start("network test", lambda _: fetch(NAME))
    while (state := jobs.state("network test")) and state.running:
        time.sleep(0.01)
    says(str(state and state.error), "pip install socksio")
