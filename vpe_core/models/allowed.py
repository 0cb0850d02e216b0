"""From a name to a spec: listed models by name, others only if the settings allow them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from vpe_core.errors import ModelNotAllowedError, SettingsError
from vpe_core.folders import named_path
from vpe_core.models.catalog import MODELS
from vpe_core.models.loaders import family_in
from vpe_core.models.specs import FOLDER_PREFIX, HUB_PREFIX, ModelSpec
from vpe_core.settings import get_settings


def get(name: str) -> ModelSpec:
    """The spec of a listed model, of `hf-hub:organisation/repository`, or of a folder.

    Args:
        name: A listed name, a hub id with its prefix, or a folder (with or without `local-dir:`). Hub ids and folders
            must be allowed by `VPE_ALLOWED_MODELS`; an allowed folder allows what lies in it.

    Raises:
        ModelNotAllowedError: A hub id or a folder that the settings do not allow.
        SettingsError: VPE_ALLOWED_MODELS holds what can be no folder.
        ModelError: Any other name; the message lists the models.
    """
    if name in MODELS:
        return MODELS.get(name)
    if name.startswith(HUB_PREFIX):
        return _hub_spec(name)
    if name.startswith(FOLDER_PREFIX) or "/" in name or "\\" in name:
        return _folder_spec(name.removeprefix(FOLDER_PREFIX))
    return MODELS.get(name)


def selectable_names() -> tuple[str, ...]:
    """The listed models, then the hub ids and model folders that the settings allow."""
    hub_ids = (entry for entry in get_settings().allowed_models if entry.startswith(HUB_PREFIX))
    folders = (FOLDER_PREFIX + str(root) for root in _allowed_folders() if family_in(root))
    return (*MODELS.names(), *hub_ids, *folders)


def list_models(pattern: str | None = None) -> list[str]:
    """The names that `load_model` takes: the listed models, and what VPE_ALLOWED_MODELS adds.

    Args:
        pattern: With `*` for any characters, `?` for one and `[…]` for one of several; upper and lower case are alike.
            None lists all.

    Returns:
        Those that fit, none if none does. Some may have to be fetched first: `python -m vpe_core models list` tells.

    Example:
        >>> list_models("sim*")
        ['simclip', 'simclip-plain']
    """
    wanted = "*" if pattern is None else pattern.casefold()
    return [name for name in selectable_names() if fnmatchcase(name.casefold(), wanted)]


def _allowed_folders() -> tuple[Path, ...]:
    entries = (entry for entry in get_settings().allowed_models if not entry.startswith(HUB_PREFIX))
    try:
        return tuple(named_path(entry.removeprefix(FOLDER_PREFIX), ValueError).resolve() for entry in entries)
    except ValueError as error:
        raise SettingsError(f"The environment holds settings that are not valid. VPE_ALLOWED_MODELS: {error}") from None


def _hub_spec(name: str) -> ModelSpec:
    if name not in get_settings().allowed_models:
        raise ModelNotAllowedError(_refusal(name))
    location = name.removeprefix(HUB_PREFIX)
    return ModelSpec(name=name, title=location, scheme="hf-hub", location=location, domain="Not known; see its page.")


def _folder_spec(path: str) -> ModelSpec:
    roots = _allowed_folders()
    try:
        folder = named_path(path, ValueError).resolve()
    except ValueError:  # told no differently, for a link must not find out whose home folders there are
        raise ModelNotAllowedError(_refusal(path)) from None
    if not any(folder.is_relative_to(root) for root in roots):
        raise ModelNotAllowedError(_refusal(path))
    return ModelSpec(
        name=FOLDER_PREFIX + str(folder),
        title=folder.name,
        scheme="local-dir",
        location=str(folder),
        domain="Not known; a folder of this installation.",
        loader=family_in(folder) or "open_clip",
    )


def _refusal(name: str) -> str:
    return (
        f"The settings do not allow the model {name[:200]!r}. Choose one of {', '.join(MODELS.names())}, or add it to "
        "the environment variable VPE_ALLOWED_MODELS (hub ids and folders, comma-separated) and start again."
    )
