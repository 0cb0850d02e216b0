"""What a hub, a server of files or something on the way answers, and what is said of it; the clients are real."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.models.hub_server import Answer, Faults, HubServer
from tests.models.test_download_network import NAME, environment, file_error, model_error, says, server
from vpe_core.fetching import fetch_file
from vpe_core.models import fetch, folder_of, get

__all__ = ["environment", "server"]

WEIGHTS = "open_clip_model.safetensors"
LOGIN = "not this server: a page or a redirection came where data was expected.*sign in"
TOKEN = "hf_" + "x" * 34
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("answer", "pattern"),
    [
        (Answer.page(), LOGIN),
        (Answer.page(302, Location="/login"), LOGIN),
        (Answer(200, JSON, b"[]"), LOGIN),
        (Answer(200, JSON, b'{"message": "please sign in"}'), LOGIN),
        (Answer(204), LOGIN),
        (Answer(401), r"gives org/tiny to nobody without an access token \(401\).*Ask for access on .*set HF_TOKEN"),
        (Answer(403), r"gives org/tiny to nobody without an access token \(403\)"),
        (Answer(403, {"X-Error-Code": "GatedRepo"}), "Accept them on .*org/tiny, sign in .* or set HF_TOKEN"),
        (Answer.page(403), "gateway on the way to 127.0.0.1 answered with 403 and a page of its own.*sign in"),
        (Answer.page(511), "gateway on the way to 127.0.0.1 answered with 511"),
        (Answer(404, {"X-Error-Code": "RepoNotFound"}), r"no public repository org/tiny \(404\)"),
        (Answer.page(404), r"has no org/tiny \(404\), and does not answer as a hub does. Check HF_ENDPOINT"),
        (Answer(429, {"Retry-After": "30"}), r"asked too often \(429\). Try again in 30 seconds"),
        (Answer(429, {"Retry-After": "900"}), r"asked too often \(429\). Try again in 15 minutes"),
        (Answer(429, {"RateLimit": '"api";r=0;t=55'}), r"asked too often \(429\). Try again in 55 seconds"),
        (Answer(429), r"asked too often \(429\). Try again later"),
        (Answer(503, {"Retry-After": "Wed, 21 Oct 2037 07:28:00 GMT"}), r"\(503\). Try again after Wed, 21 Oct 2037"),
        (Answer.page(502), r"or a proxy on the way, has a fault at present \(502\)"),
        (Answer(418), "127.0.0.1 answered 418. Try again later, or report it"),
    ],
)  # fmt: skip
def test_what_answers_is_explained(answer: Answer, pattern: str, server: HubServer) -> None:
    server.faults = Faults(instead=answer)
    says(model_error(server.endpoint + "/"), pattern)


@pytest.mark.parametrize(
    ("answer", "name", "pattern"),
    [
        (Answer(401, {"X-Error-Message": "Invalid credentials"}), "biomedclip",
         "not accept the access token for BiomedCLIP.*wrong or has expired. This model is public.*: unset HF_TOKEN"),
        (Answer(401, {"X-Error-Code": "RepoNotFound"}), NAME, "A public model needs none: unset HF_TOKEN, or make"),
        (Answer(403), NAME, r"\(403\): it is wrong, or may not read this repository.*unset HF_TOKEN"),
        (Answer(403, {"X-Error-Code": "GatedRepo"}), NAME, r"the account whose access token is sent \(from HF_TOKEN\)"),
        (Answer.page(401), NAME, "gateway on the way"),
    ],
)  # fmt: skip
def test_a_token_that_is_refused(
    answer: Answer, name: str, pattern: str, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    server.faults = Faults(to_a_token=answer)
    text = model_error(server.endpoint, name)
    says(text, pattern)
    assert TOKEN not in text
    assert "again later" not in text


def test_where_a_refused_token_comes_from(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    server.faults = Faults(to_a_token=Answer(401))
    says(model_error(server.endpoint), "sign out with `hf auth logout` .it is in the file .*token")


@pytest.mark.parametrize("token", ["hf_sécret", "hf_se\x0bcret"])
def test_a_token_that_cannot_be_one(token: str, server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    text = model_error(server.endpoint)
    says(text, "HF_TOKEN holds characters that no access token has")
    assert "cret" not in text


@pytest.mark.parametrize("answer", [Answer.page(), Answer(304)])
def test_a_page_instead_of_a_checkpoint_is_not_kept(answer: Answer, server: HubServer) -> None:
    server.faults = Faults(for_large=answer)
    says(model_error(server.endpoint), LOGIN)
    assert list(folder_of(get(NAME)).glob(f"{WEIGHTS}*")) == []
    server.faults = Faults()
    fetch(NAME, endpoint=server.endpoint)


@pytest.mark.parametrize(
    ("answer", "pattern"),
    [
        (Answer.page(), LOGIN),
        (Answer.page(302, Location="/login"), LOGIN),
        (Answer.page(403), "A gateway on the way"),
        (Answer.page(404), "the server answered 404. It may have moved"),
        (Answer(429, {"Retry-After": "30"}), "Try again in 30 seconds"),
        (Answer(503), "has a fault at present"),
        (Answer(200, {}, b"something else"), "is not the expected file and was discarded"),
    ],
)  # fmt: skip
def test_what_answers_for_a_file_is_explained(answer: Answer, pattern: str, server: HubServer, tmp_path: Path) -> None:
    server.faults = Faults(instead=answer)
    says(file_error(f"{server.endpoint}/picture.png", tmp_path), pattern)
    assert not list(tmp_path.glob("*.png"))


def test_a_small_file_arrives(server: HubServer, tmp_path: Path) -> None:
    server.faults = Faults(instead=Answer(200, {"Content-Type": "image/png"}, b"content"))
    path = fetch_file(f"{server.endpoint}/a.png", hashlib.sha256(b"content").hexdigest(), tmp_path / "a.png")
    assert path.read_bytes() == b"content"
