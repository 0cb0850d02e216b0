"""Small models with random weights in the very shapes of the real ones, written as open_clip folders; and fixtures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.settings import get_settings

WORDS = ("a", "chest", "x", "-", "ray", "with", "signs", "of", ".", "lung", "nodule", "pleural", "effusion", "red")


def write_native_model(folder: Path, *, seed: int = 0) -> Path:
    """A model of open_clip's own towers, as the embedded ones are: 3 blocks, 64 px, CLIP's tokenizer."""
    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 64, "layers": 3, "width": 48, "head_width": 16, "patch_size": 16},
        "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    }
    return _write(folder, config, {"resize_mode": "squash"}, seed)


def write_biomedclip_like_model(folder: Path, *, seed: int = 0) -> Path:
    """BiomedCLIP's shape in small: timm trunk, Hugging Face BERT, its tokenizer files; text tower named by a hub id."""
    from transformers import BertConfig, BertTokenizerFast

    tower = folder / "text_tower"
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = BertTokenizerFast(vocab={word: index for index, word in enumerate([*specials, *WORDS])})
    tokenizer.save_pretrained(folder)
    BertConfig(
        vocab_size=len(specials) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    ).save_pretrained(tower)
    text_config: dict[str, Any] = {
        "hf_tokenizer_name": "tiny/bert",
        "hf_proj_type": "mlp",
        "hf_pooler_type": "cls_last_hidden_state_pooler",
        "context_length": 32,
    }
    config = {
        "embed_dim": 32,
        "vision_cfg": {"timm_model_name": "test_vit", "timm_pool": "", "timm_proj": "linear", "image_size": 160},
        "text_cfg": {**text_config, "hf_model_name": str(tower)},
    }
    return _write(folder, config, {}, seed, hf_model_name="tiny/bert")


def _write(
    folder: Path, config: dict[str, Any], preprocessing: dict[str, Any], seed: int, hf_model_name: str | None = None
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "open_clip_config.json"
    file.write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocessing}))
    torch.manual_seed(seed)
    network = open_clip.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
    with torch.no_grad():  # fresh transformers hardly mix their tokens: make the attention uneven, as training does
        for name, parameter in network.visual.named_parameters():
            if "in_proj_weight" in name or "qkv.weight" in name:
                parameter.mul_(3)
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    if hf_model_name:
        config["text_cfg"]["hf_model_name"] = hf_model_name
        file.write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocessing}))
    return folder


@pytest.fixture(scope="session")
def model_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two models, `native` and `timm`."""
    root = tmp_path_factory.mktemp("models")
    write_native_model(root / "native")
    write_biomedclip_like_model(root / "timm")
    return root


@pytest.fixture(scope="session")
def models(model_root: Path) -> dict[str, VisionLanguageModel]:
    """Both models, loaded in fp32."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VPE_ALLOWED_MODELS", str(model_root))
        get_settings.cache_clear()
        return {family: load_model(str(model_root / family)) for family in ("native", "timm")}


@pytest.fixture(params=["native", "timm"])
def model(request: pytest.FixtureRequest, models: dict[str, VisionLanguageModel]) -> VisionLanguageModel:
    """Each of the two models in turn."""
    return models[request.param]


@pytest.fixture
def allow_models(model_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings allow the folder of the two models."""
    monkeypatch.setenv("VPE_ALLOWED_MODELS", str(model_root))
    get_settings.cache_clear()
    return model_root


@pytest.fixture(scope="session")
def noise() -> list[Image.Image]:
    """Three grey pictures of different shapes."""
    rng = np.random.default_rng(7)
    return [Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)) for shape in ((64, 64), (90, 70), (50, 120))]
