import pytest
from PIL import Image

from tests.tiny_models import allow_models, model, model_root, models, noise
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.images import load_image

__all__ = ["allow_models", "model", "model_root", "models", "noise"]


@pytest.fixture
def sample() -> Image.Image:
    """A simulated X-ray of the gallery with a lung mass."""
    entry = next(one for one in simulated_gallery() if one.name == "lung-mass-easy")
    return load_image(entry.path)
