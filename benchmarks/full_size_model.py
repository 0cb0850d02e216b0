"""A model of BiomedCLIP's full size with random weights: how fast it is does not depend on what it has learned.

timm's ViT-B/16 at 224 pixels and a BERT-base of 12 layers, as an open_clip folder with a small tokenizer (a prompt's
words all become unknown ones, which take the same time).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from vpe_core.models.specs import TEXT_TOWER
from vpe_core.settings import get_settings

NAME = "vit-b-16-bert-base"


def full_size_model(parent: Path) -> str:
    """Write the model into a folder below `parent`, allow it, and return the name that loads it."""
    import open_clip
    from safetensors.torch import save_file
    from transformers import BertConfig, BertTokenizerFast

    folder = parent / NAME
    folder.mkdir(parents=True)
    BertConfig().save_pretrained(folder / TEXT_TOWER)
    specials = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    BertTokenizerFast(vocab={word: index for index, word in enumerate(specials)}).save_pretrained(folder)
    vision = {"timm_model_name": "vit_base_patch16_224", "timm_pool": "", "timm_proj": "linear", "image_size": 224}
    text = {
        "hf_model_name": str(folder / TEXT_TOWER),
        "hf_tokenizer_name": str(folder),
        "hf_proj_type": "mlp",
        "hf_pooler_type": "cls_last_hidden_state_pooler",
        "context_length": 256,
    }
    config = {"model_cfg": {"embed_dim": 512, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    network = open_clip.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
    weights = {
        name: value.half().contiguous() for name, value in network.state_dict().items() if value.is_floating_point()
    }
    save_file(weights, folder / "open_clip_model.safetensors")
    os.environ["VPE_ALLOWED_MODELS"] = str(folder)
    get_settings.cache_clear()
    return str(folder)
