"""Whether results say anything: a model that has seen only simulated X-rays is out of its domain on real ones."""

from __future__ import annotations

from collections.abc import Iterable

from vpe_core.models.catalog import MODELS
from vpe_core.results.store.manifest import Manifest


def is_out_of_domain(manifest: Manifest) -> bool:
    """Whether a model that has seen only simulated X-rays met real ones.

    A table of scores names its model without saying what it was trained on; then the list of models is asked.
    """
    known = manifest.model.name in MODELS and MODELS.get(manifest.model.name).simulated_only
    return (manifest.model.simulated_only or known) and not manifest.dataset.simulated


def out_of_domain(manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """A sentence for each model that met real X-rays and has seen only simulated ones."""
    met: dict[str, list[str]] = {}
    for one in filter(is_out_of_domain, manifests):
        met.setdefault(one.model.title, []).append(one.dataset.name)
    return tuple(
        f"Out of its domain: {title} has seen only simulated X-rays. Its numbers on the real ones of "
        f"{', '.join(dict.fromkeys(names))} say nothing about how it reads X-rays."
        for title, names in met.items()
    )
