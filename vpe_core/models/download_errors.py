"""From what went wrong on the way to one sentence that says what failed and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vpe_core.errors import ModelDownloadError
from vpe_core.folders import is_disk_full, megabytes_free, why_not_written
from vpe_core.models.catalog import MODELS
from vpe_core.models.specs import ModelSpec
from vpe_core.network import HUB, NotTheServerError, explain, explain_status, host_of, is_page

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

PUBLIC_HUB = "https://huggingface.co"
_TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def hub_address(endpoint: str | None) -> str:
    """The hub's address, without a slash at its end.

    Raises:
        ModelDownloadError: It is no address.
    """
    given = endpoint or os.environ.get("HF_ENDPOINT") or PUBLIC_HUB
    if host_of(given) is None:
        raise ModelDownloadError(
            f"HF_ENDPOINT is {given!r}, but expected the address of a hub, such as {PUBLIC_HUB}. Correct or unset it."
        )
    return given.rstrip("/")


@contextmanager
def explained(spec: ModelSpec, folder: Path, hub: str) -> Iterator[None]:
    """Turn the errors of the hub's client, the network and the disk into `ModelDownloadError`."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except HfHubHTTPError as error:
        raise ModelDownloadError(_refused(spec, hub, error)) from error
    except HFValidationError as error:
        raise ModelDownloadError(
            f"{spec.location!r} is not the id of a hub repository. Write it as hf-hub:organisation/name."
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelDownloadError(
            f"Cannot download {spec.title}, because HF_HUB_OFFLINE is set. Unset it and fetch again."
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, NotTheServerError, ImportError, ValueError, OSError) as error:
        on_disk = _on_disk(spec, folder, error) if isinstance(error, OSError) else None
        message = on_disk or _unreachable(spec, folder, hub, error)
        if message is None:  # a mistake of ours
            raise
        raise ModelDownloadError(message) from error


def no_space(spec: ModelSpec, folder: Path, needed: int | None) -> str:
    """The sentence for a full disk; `needed` is in bytes, None if not known."""
    need = f" It needs {needed / 1e6:,.0f} MB." if needed else ""
    return (
        f"There is no space for {spec.title}: {megabytes_free(folder):,.0f} MB are free in {folder}.{need} Make room, "
        "or set VPE_CACHE_DIR to a folder on another disk, and fetch again."
    )


def _on_disk(spec: ModelSpec, folder: Path, error: OSError) -> str | None:
    if is_disk_full(error):
        return no_space(spec, folder, spec.size_bytes)
    if reason := why_not_written(error, folder):
        return f"Cannot write {spec.title} into {folder}: {reason} Or set VPE_CACHE_DIR to another folder."
    return None


def _unreachable(spec: ModelSpec, folder: Path, hub: str, error: Exception) -> str | None:
    """The sentence for a hub that did not answer as a hub; None if `error` says nothing of the kind."""
    reason = _token_problem() if _cannot_be_sent(error) else explain(error, _asked(error) or hub, HUB)
    if reason is None:
        return f"Cannot download {spec.title}: {error}." if isinstance(error, OSError) else None
    arrived = sum(path.stat().st_size for path in folder.rglob("*.part")) if folder.is_dir() else 0
    if arrived:
        return (
            f"The download of {spec.title} broke off after {arrived / 1e6:,.1f} MB of its present file. {reason} "
            "Fetch again: it goes on from there."
        )
    return (
        f"Cannot reach the hub at {hub} to download {spec.title}. {reason} Then fetch again, or copy the folder "
        f"{folder} from a machine that has the model."
    )


def _asked(error: Exception) -> str | None:
    """The address of the request that failed: files come from other servers than the list of files."""
    try:
        return str(error.request.url)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):  # httpx2 raises the latter before there is a request
        return None


def _cannot_be_sent(error: Exception) -> bool:
    """Whether a header was refused before it was sent: the token's is the only one that comes from outside."""
    return isinstance(error, UnicodeEncodeError) or "illegal header" in str(error).lower()


def _token_problem() -> str:
    return f"{_token_source()} holds characters that no access token has. Correct it, or remove it for a public model."


def _token_source() -> str:
    """Where the access token comes from that the hub's client sends."""
    from huggingface_hub import constants

    return next(filter(os.environ.get, _TOKEN_VARIABLES), f"the file {constants.HF_TOKEN_PATH}")


def _refused(spec: ModelSpec, hub: str, error: HfHubHTTPError) -> str:
    """The sentence for an answer with an error status, by status, the hub's own code, and whether a token was sent."""
    response = error.response
    status, headers, host = response.status_code, response.headers, response.request.url.host
    code = headers.get("x-error-code", "")
    with_token = "authorization" in response.request.headers
    if code == "GatedRepo":
        return _gated(spec, hub, with_token)
    from_hub = host == host_of(hub)
    if from_hub and not is_page(headers) and (status == 403 or (status == 401 and (with_token or not code))):
        return _not_allowed(spec, hub, status, headers, with_token)
    if code or (from_hub and status == 404):
        return _not_there(spec, hub, code, status, str(response.url.path))
    return f"Cannot download {spec.title}: {explain_status(status, headers, host, HUB)} What has arrived is kept."


def _gated(spec: ModelSpec, hub: str, with_token: bool) -> str:
    terms = f"{spec.title} is published under terms that each user has to accept."
    ask = f"Accept them on {hub}/{spec.location}"
    if with_token:
        return (
            f"{terms} {ask} with the account whose access token is sent (from {_token_source()}), see that this token "
            "may read gated repositories, and fetch again."
        )
    return f"{terms} {ask}, sign in with `hf auth login` or set HF_TOKEN to an access token, and fetch again."


def _not_there(spec: ModelSpec, hub: str, code: str, status: int, path: str) -> str:
    page = f"{hub}/{spec.location}"
    if code == "RevisionNotFound":
        return f"{page} no longer has the pinned commit {spec.revision} ({status}). Please report it."
    if code == "EntryNotFound":
        return f"A file of {page} is missing ({status}): {path}. Fetch again later, or report it."
    if code == "RepoNotFound":
        return (
            f"The hub at {hub} has no public repository {spec.location} ({status}). It may have moved; if it is "
            "private, sign in with `hf auth login` or set HF_TOKEN."
        )
    return (
        f"The server at {hub} has no {spec.location} ({status}), and does not answer as a hub does. Check HF_ENDPOINT; "
        f"without it, {PUBLIC_HUB} is asked."
    )


def _not_allowed(spec: ModelSpec, hub: str, status: int, headers: Mapping[str, str], with_token: bool) -> str:
    """401 and 403 without the hub's own code for what is missing."""
    if headers.get("x-error-message") == "Access to this resource is disabled.":
        return f"The hub at {hub} has disabled {spec.location} ({status}). Choose another model."
    if not with_token:
        return (
            f"The hub at {hub} gives {spec.location} to nobody without an access token ({status}): it is private or "
            f"gated, or it does not exist. Ask for access on {hub}/{spec.location}, and set HF_TOKEN."
        )
    needless = "This model is public and needs none" if spec.name in MODELS else "A public model needs none"
    source = _token_source()
    removal = f"unset {source}" if source in _TOKEN_VARIABLES else f"sign out with `hf auth logout` (it is in {source})"
    fault = "is wrong or has expired" if status == 401 else "is wrong, or may not read this repository"
    return (
        f"The hub at {hub} does not accept the access token for {spec.title} ({status}): it {fault}. {needless}: "
        f"{removal}, or make a new one on {hub}/settings/tokens. Then fetch again."
    )
