"""Integrated gradients: what each pixel adds to the score for a text on the way from an even grey to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.base import AttentionMethod

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower

N_STEPS = 32
_TOGETHER = 16
"""Pictures on the way that go through the tower at once."""


def attributions(tower: TracedTower, pixels: Tensor, text: Tensor, n_steps: int = N_STEPS) -> Tensor:
    """What each value of a picture adds to the cosine with the text, (n, 3, height, width), of either sign.

    The baseline is 0 after normalisation, the mean colour of the pictures that the model was trained on: an even grey.
    Black would be no absence on an X-ray, where it is air. The path is straight, the integral a Gauss-Legendre sum of
    `n_steps` gradients. They add up to the cosine of the picture minus that of the baseline (completeness,
    proposition 1 of the paper), up to the error of that sum.
    """
    from captum.attr import IntegratedGradients

    from vpe_core.attention.tracing import full_precision

    def score(values: Tensor, words: Tensor) -> Tensor:
        return (tower.embed(values.to(pixels.dtype)) * words).sum(dim=1)

    found: Tensor = IntegratedGradients(score).attribute(
        full_precision(pixels),
        baselines=0,
        additional_forward_args=(text,),
        n_steps=n_steps,
        method="gausslegendre",
        internal_batch_size=max(_TOGETHER, len(pixels)),
    )
    return found.detach()


def integrated_gradients(tower: TracedTower, pixels: Tensor, text: Tensor) -> Tensor:
    """The sum of `attributions` over the pixels and colours of each patch; one that speaks against the text is 0."""
    from torch.nn.functional import adaptive_avg_pool2d

    rows, columns = tower.grid_hw
    per_pixel = attributions(tower, pixels, text).sum(dim=1, keepdim=True)
    pixels_a_patch = per_pixel.shape[2] * per_pixel.shape[3] / (rows * columns)
    return (adaptive_avg_pool2d(per_pixel, (rows, columns)) * pixels_a_patch).flatten(1).clamp(min=0)


METHOD = AttentionMethod(
    name="integrated-gradients", title="Integrated gradients", reads_text=True, relevance=integrated_gradients,
    source="Sundararajan et al., Axiomatic attribution for deep networks, ICML 2017, arXiv 1703.01365",
    reason="What each part of the picture adds to the score of the class, from an even grey on; the parts add up to "
    "all of it.", slow=True, package="captum.attr",
)  # fmt: skip
