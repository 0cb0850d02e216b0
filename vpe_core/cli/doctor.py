"""`doctor`: what is on this machine, what is missing, and what to do about it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from vpe_core import __version__
from vpe_core.extras import is_installed
from vpe_core.folders import megabytes_free
from vpe_core.settings import IN_CHECKOUT, Settings, get_settings

_PACKAGES = ("torch", "open_clip_torch", "timm", "transformers", "pillow")
_EXTRAS = {
    "streamlit": ("streamlit", "app"),
    "pydicom": ("pydicom", "dicom"),
    "nibabel": ("nibabel", "simulate"),
    "skimage": ("scikit-image", "outline"),
}
"""Module -> its distribution, and the extra that brings it."""
_LOW_SPACE_MB = 2_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: The thing.
        found: What is there.
        remedy: What to do about it; empty if nothing is missing.
    """

    what: str
    found: str
    remedy: str = ""


def doctor() -> None:
    """Show device, versions, models and data, and what to do about what is missing."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in run_checks():
        mark = "[yellow]--[/]" if check.remedy else "[green]ok[/]"
        remedy = f"\n[yellow]{escape(check.remedy)}[/]" if check.remedy else ""
        table.add_row(mark, escape(check.what), escape(check.found) + remedy)
    Console().print(table)


def run_checks() -> Iterator[Check]:
    """All checks, in the order in which they are shown."""
    settings = get_settings()
    yield Check("Program", f"vpe_core {__version__}, Python {platform.python_version()}")
    yield Check("Libraries", ", ".join(f"{package} {version(package)}" for package in _PACKAGES))
    yield from _extras()
    yield _device(settings)
    yield _cache(settings)
    yield network_check()
    yield from _models()
    yield _samples(settings.precomputed_dir / "samples")
    yield from _data_sets(settings)
    yield _simulator(settings.ct_dir)


def _extras() -> Iterator[Check]:
    """The packages that only some uses need."""
    for module, (package, extra) in _EXTRAS.items():
        if is_installed(module):
            yield Check(f"Extra {extra}", f"{package} {version(package)}")
        else:
            yield Check(f"Extra {extra}", f"no {package}", f'pip install "visual-prompt-lab[{extra}]"')


def _carried(what: str) -> str:
    """What to do where something is missing that comes with the project's repository."""
    return f"Restore {what} from the repository." if IN_CHECKOUT else f"It is {what} of the project's repository."


def _device(settings: Settings) -> Check:
    from vpe_core.models.device import LARGE_PARAMETERS, device_title, resolve_device, resolve_precision

    device = resolve_device(settings.device)
    precision = resolve_precision(settings.precision, device, LARGE_PARAMETERS)
    return Check("Device", f"{device_title(device)}; large models compute in {precision}")


def _cache(settings: Settings) -> Check:
    folder = settings.cache_dir
    free_mb = megabytes_free(folder)
    found = f"{folder}, {free_mb / 1e3:.0f} GB free"
    low = "" if free_mb > _LOW_SPACE_MB else "Make room, or set VPE_CACHE_DIR to a folder on another disk."
    return Check("Cache", found, low)


def network_check() -> Check:
    """What the environment says about the way to the servers; none of them is asked."""
    from vpe_core.errors import ModelDownloadError
    from vpe_core.models.download_errors import hub_address
    from vpe_core.network import FILES, HUB, environment_problems, proxies

    problems = [*environment_problems(HUB), *environment_problems(FILES)]
    try:
        hub = hub_address(None)
    except ModelDownloadError as error:
        hub = "no address"
        problems.append(str(error))
    named = ", ".join(f"{proxy.variable} {proxy.redacted}" for proxy in proxies()) or "no proxy is set"
    return Check("Network", f"hub {hub}, {named}", " ".join(dict.fromkeys(problems)))


def _models() -> Iterator[Check]:
    from vpe_core.models import folder_of, get, is_ready, selectable_names

    for name in selectable_names():
        spec = get(name)
        if is_ready(spec):
            yield Check(f"Model {name}", str(folder_of(spec)))
        elif spec.scheme == "embedded":
            yield Check(f"Model {name}", "missing", _carried("precomputed/models"))
        else:
            yield Check(f"Model {name}", "not downloaded", f"python -m vpe_core models fetch {name}")


def _samples(folder: Path) -> Check:
    count = sum(path.suffix in (".png", ".webp") for path in folder.glob("*"))
    remedy = "" if count else _carried("precomputed/samples")
    return Check("Sample X-rays", f"{count} simulated X-rays in {folder}", remedy)


def _data_sets(settings: Settings) -> Iterator[Check]:
    """The simulated sets, which the project carries, then the others; none of the others has to be here."""
    from vpe_core import datasets

    specs = [datasets.get(name) for name in datasets.names()]
    for spec in (spec for spec in specs if spec.simulated):
        here = datasets.is_here(spec.name)
        remedy = "" if here else _carried("precomputed/datasets")
        yield Check(f"Data set {spec.name}", "simulated, carried by the project" if here else "missing", remedy)
    parent = settings.datasets_dir
    if parent is None:
        names = ", ".join(spec.name for spec in specs if not spec.simulated)
        remedy = f"Set VPE_DATASETS_DIR to a folder with a sub-folder for each that you have: {names}."
        yield Check("Other data sets", "VPE_DATASETS_DIR is not set (only needed for real X-rays)", remedy)
        return
    if not parent.is_dir():
        yield Check("Other data sets", f"VPE_DATASETS_DIR is {parent}, which is no folder", "Correct the setting.")
        return
    for spec in (spec for spec in specs if not spec.simulated):
        here = datasets.is_here(spec.name)
        found = f"{parent / spec.name}{'' if here else ' does not exist'}"
        how = "" if here else "`python -m vpe_core datasets list` says how to get it."
        yield Check(f"Data set {spec.name}", found, how)


def _simulator(ct_dir: Path | None) -> Check:
    from vpe_core.simulation.ct import CT_FILE, HOW_TO_GET

    if ct_dir and (ct_dir / CT_FILE).is_file():
        return Check("Simulator's CT", str(ct_dir))
    return Check("Simulator's CT", "not set (only needed to simulate and to train)", HOW_TO_GET)
