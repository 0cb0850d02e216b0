"""From what went wrong on the way to one sentence that says what failed and what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vpe_core.errors import ModelDownloadError
from vpe_core.models.specs import ModelSpec

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def explained(spec: ModelSpec, folder: Path, endpoint: str | None) -> Iterator[None]:
    """Turn the errors of the hub's client, the network and the disk into `ModelDownloadError`."""
    import httpx2
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    hub = endpoint or constants.ENDPOINT
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
    except httpx2.HTTPError as error:
        raise ModelDownloadError(_interrupted(spec, folder, hub, error)) from error
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise no_space(spec, folder, spec.size_bytes) from error
        raise ModelDownloadError(
            f"Cannot write {spec.title} into {folder}: {error.strerror or error}. Make the folder writable, or set "
            "VPE_CACHE_DIR to another one."
        ) from error


def no_space(spec: ModelSpec, folder: Path, needed: int | None) -> ModelDownloadError:
    """The error for a full disk; `needed` is in bytes, None if not known."""
    need = f" It needs {needed / 1e6:,.0f} MB." if needed else ""
    return ModelDownloadError(
        f"There is no space for {spec.title}: {shutil.disk_usage(folder).free / 1e6:,.0f} MB are free in {folder}."
        f"{need} Make room, or set VPE_CACHE_DIR to a folder on another disk, and fetch again."
    )


def _refused(spec: ModelSpec, hub: str, error: Exception) -> str:
    from huggingface_hub import errors

    page = f"{hub}/{spec.location}"
    if isinstance(error, errors.GatedRepoError):
        return (
            f"{spec.title} is published under terms that each user has to accept. Accept them on {page}, sign in with "
            "`hf auth login`, and fetch again."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"The hub at {hub} has no public repository {spec.location} (404). It may have moved; if it is private, "
            "sign in with `hf auth login`."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{page} no longer has the pinned commit {spec.revision} (404). Please report it."
    if isinstance(error, errors.EntryNotFoundError):
        return f"A file of {page} is missing (404): {_first_line(error)} Fetch again later, or report it."
    status = getattr(getattr(error, "response", None), "status_code", "an error")
    return f"The hub at {hub} answered with {status} for {spec.title}. Fetch again later; what has arrived is kept."


def _interrupted(spec: ModelSpec, folder: Path, hub: str, error: Exception) -> str:
    arrived = sum(path.stat().st_size for path in folder.rglob("*.part"))
    reason = _first_line(error) or type(error).__name__
    if arrived:
        return (
            f"The download of {spec.title} broke off after {arrived / 1e6:,.1f} MB of its present file ({reason}). "
            "Fetch again: it goes on from there."
        )
    return (
        f"Cannot reach the hub at {hub} to download {spec.title} ({reason}). Check the network and the proxy settings "
        f"and fetch again, or copy the folder {folder} from a machine that has the model."
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else ""
