"""A small server that plays the Hugging Face hub for its real client: listing, redirects, ranges, and every failure."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_LARGE_BYTES = 100_000


@dataclass
class Repository:
    """A repository at one commit; `large` files are stored as LFS and served by redirect, as on the hub."""

    files: dict[str, bytes]
    commit: str = COMMIT

    @classmethod
    def of(cls, folder: Path, commit: str = COMMIT) -> Repository:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return cls({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}, commit)


@dataclass
class Answer:
    """What is said instead of the right thing."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def page(cls, status: int = 200, **headers: str) -> Answer:
        """As a network that wants a login gives it."""
        body = b"<html><body>Please sign in to the network.</body></html>"
        return cls(status, {"Content-Type": "text/html; charset=utf-8", **headers}, body)


@dataclass
class Faults:
    """What goes wrong with large files, or with all. A limit in bytes counts from where a transfer begins.

    `instead` is the answer to everything, `to_a_token` to what carries an access token, `for_large` to large files.
    """

    break_after: int | None = None
    break_times: int = 1_000_000
    end_after: int | None = None
    corrupt: bool = False
    ignore_ranges: bool = False
    gated: bool = False
    announce_bytes: int | None = None
    corrupt_small: str = ""
    instead: Answer | None = None
    to_a_token: Answer | None = None
    for_large: Answer | None = None


@dataclass
class HubServer:
    """The server; `requests` are (path, range) of all transfers."""

    repositories: dict[str, Repository]
    faults: Faults = field(default_factory=Faults)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> HubServer:
        hub = self

        class Handler(_Handler):
            server_hub = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def transfers(self, name: str) -> list[str]:
        """The ranges with which the file `name` was asked for; "" for a whole file."""
        return [asked for path, asked in self.requests if path.endswith(name)]


class _Handler(BaseHTTPRequestHandler):
    server_hub: HubServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        faults = self.server_hub.faults
        answer = faults.to_a_token if faults.to_a_token and self.headers.get("Authorization") else faults.instead
        if answer:
            self._say(answer)
        elif path.startswith("api/models/"):
            self._list(path.removeprefix("api/models/"))
        elif path.startswith("cdn/"):
            self._transfer(path.removeprefix("cdn/"))
        else:
            self._resolve(path)

    def _list(self, path: str) -> None:
        name, _, revision = path.partition("/revision/")
        repository = self.server_hub.repositories.get(name)
        if repository is None:
            return self._refuse(404, "RepoNotFound")
        if revision not in ("", "main", repository.commit):
            return self._refuse(404, "RevisionNotFound")
        siblings = [self._sibling(path, content) for path, content in repository.files.items()]
        return self._send(json.dumps({"id": name, "sha": repository.commit, "siblings": siblings}).encode())

    def _sibling(self, path: str, content: bytes) -> dict[str, Any]:
        size = len(content)
        oid = hashlib.sha1(b"blob %d\0" % size + content).hexdigest()
        if size < _LARGE_BYTES:
            return {"rfilename": path, "size": size, "blobId": oid}
        size = self.server_hub.faults.announce_bytes or size
        lfs = {"size": size, "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 134}
        return {"rfilename": path, "size": size, "blobId": oid, "lfs": lfs}

    def _resolve(self, path: str) -> None:
        name, _, rest = path.partition("/resolve/")
        revision, _, file = rest.partition("/")
        repository = self.server_hub.repositories[name]
        if revision != repository.commit:
            return self._refuse(404, "RevisionNotFound")
        if file not in repository.files:
            return self._refuse(404, "EntryNotFound")
        if len(repository.files[file]) < _LARGE_BYTES:
            return self._transfer(f"{name}/{file}")
        if self.server_hub.faults.gated:
            return self._refuse(403, "GatedRepo")
        if self.server_hub.faults.for_large:
            return self._say(self.server_hub.faults.for_large)
        self.send_response(302)
        self.send_header("Location", f"/cdn/{name}/{file}")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def _transfer(self, path: str) -> None:
        faults = self.server_hub.faults
        organisation, name, file = path.split("/", 2)
        content = self.server_hub.repositories[f"{organisation}/{name}"].files[file]
        asked = self.headers.get("Range", "")
        self.server_hub.requests.append((path, asked))
        large = len(content) >= _LARGE_BYTES
        if (large and faults.corrupt) or file == faults.corrupt_small:
            content = content[:-1] + bytes([content[-1] ^ 1])
        start = 0 if not asked or faults.ignore_ranges else int(asked.removeprefix("bytes=").rstrip("-"))
        rest = content[start:]
        if large and faults.end_after is not None:
            rest = rest[: faults.end_after]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if large and faults.break_after is not None and faults.break_times > 0:
            faults.break_times -= 1
            rest = rest[: faults.break_after]
            self.close_connection = True
        self.wfile.write(rest)

    def _refuse(self, status: int, code: str) -> None:
        self._say(Answer(status, {"Content-Type": "application/json", "X-Error-Code": code}, b"{}"))

    def _send(self, body: bytes) -> None:
        self._say(Answer(200, {"Content-Type": "application/json"}, body))

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Quiet."""
