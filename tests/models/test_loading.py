from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import open_clip
import pytest
import torch
from PIL import Image

from tests.tiny_models import write_native_model
from vpe_core.errors import ModelError
from vpe_core.models import VisionLanguageModel, get, load_model
from vpe_core.models.catalog import MODELS
from vpe_core.models.hub import sha256_of
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.settings import get_settings

WEIGHTS = "open_clip_model.safetensors"


@pytest.fixture
def folder(tmp_path: Path, model_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the native model that a test may spoil."""
    monkeypatch.setenv("VPE_ALLOWED_MODELS", str(tmp_path))
    get_settings.cache_clear()
    return Path(shutil.copytree(model_root / "native", tmp_path / "model"))


def test_the_record_says_what_was_loaded(model_root: Path, models: dict[str, VisionLanguageModel]) -> None:
    record = models["native"].record
    assert record.weights_sha256 == sha256_of(model_root / "native" / WEIGHTS)
    assert (record.device, record.precision, record.revision) == ("cpu", "fp32", None)
    assert record.weights_file == WEIGHTS
    assert dict(record.versions)["torch"] == torch.__version__.partition("+")[0]
    network = open_clip.create_model(f"local-dir:{model_root / 'native'}")
    assert record.parameters == sum(parameter.numel() for parameter in network.parameters())


def test_nothing_in_a_loaded_model_learns(model: VisionLanguageModel) -> None:
    assert not any(parameter.requires_grad for parameter in model.visual.parameters())
    assert not any(module.training for module in model.visual.modules())


def test_a_truncated_checkpoint(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="open_clip cannot load model"):
        load_model(str(folder))


def test_a_checkpoint_of_another_model(folder: Path) -> None:
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["vision_cfg"]["width"] = 64
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="size mismatch"):
        load_model(str(folder))


def test_a_folder_without_a_checkpoint(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="no checkpoint"):
        load_model(str(folder))


def test_a_folder_without_a_configuration(folder: Path) -> None:
    (folder / "open_clip_config.json").unlink()
    with pytest.raises(ModelError, match=r"holds no open_clip_config\.json"):
        load_model(str(folder))


@pytest.mark.parametrize("content", ["{", "{}", '{"model_cfg": {"text_cfg": 3}}'])
def test_a_configuration_that_is_none(folder: Path, content: str) -> None:
    (folder / "open_clip_config.json").write_text(content)
    with pytest.raises(ModelError, match="open_clip cannot load model"):
        load_model(str(folder))


def test_a_missing_embedded_model_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    get_settings.cache_clear()
    with pytest.raises(ModelError, match="Restore it from the repository"):
        load_model("simclip")


def test_a_text_tower_without_its_configuration(tmp_path: Path, model_root: Path, allow_models: Path) -> None:
    folder = Path(shutil.copytree(model_root / "timm", allow_models / "no-text-tower"))
    try:
        shutil.rmtree(folder / "text_tower")
        with pytest.raises(ModelError, match=r"text tower .*\(tiny/bert\).*text_tower"):
            load_model(str(folder))
    finally:
        shutil.rmtree(folder)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code from a checkpoint was run')",)


def test_code_in_a_checkpoint_is_not_run(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with (folder / "open_clip_pytorch_model.bin").open("wb") as stream:
        pickle.dump({"state_dict": _Bomb()}, stream, protocol=2)
    with pytest.raises(ModelError, match="open_clip cannot load model"):
        load_model(str(folder))


@pytest.mark.parametrize("prefix", ["module.", ""], ids=["BMC-CLIP", "PubMedCLIP"])
def test_a_bare_checkpoint_on_a_known_architecture(
    prefix: str, folder: Path, monkeypatch: pytest.MonkeyPatch, noise: list[Image.Image], tmp_path: Path
) -> None:
    """The layout of BMC_CLIP_CF.pt (every name with `module.`) and of PubMedCLIP_ViT32.pth (without)."""
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    (tmp_path / "tiny-architecture.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "tiny-architecture.json")
    reference = load_model(str(folder))
    (folder / "open_clip_config.json").unlink()
    weights = {prefix + name: value for name, value in reference._network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": weights, "optimizer": {"state": {}}}, folder / "bare.pt")
    (folder / WEIGHTS).unlink()
    spec = replace(get("bmc-clip-cf"), scheme="local-dir", location=str(folder), architecture="tiny-architecture")
    monkeypatch.setitem(MODELS._entries, "bare", replace(spec, name="bare", weights="bare.pt"))
    monkeypatch.setattr("vpe_core.models.loading.require_ready", lambda spec: Path(spec.location))
    loaded = load_model("bare")
    # The architecture's own preprocessing crops, the folder's squashes: compare on a square picture.
    assert loaded.encode_images(noise[:1]) == pytest.approx(reference.encode_images(noise[:1]), abs=1e-6)


def test_an_embedded_model_has_our_tokenizer_and_half_the_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the training writes them: fp16 weights, tokenizer.json with whole words."""
    folder = write_native_model(tmp_path / "models" / "simclip")
    WordTokenizer.from_words(["chest", "nodule", "red"], 20).save(folder)
    weights = {name: value.half() for name, value in open_clip.create_model(f"local-dir:{folder}").state_dict().items()}
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in weights.items()}, folder / WEIGHTS)
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    get_settings.cache_clear()
    model = load_model("simclip")
    assert next(model.visual.parameters()).dtype == torch.float32
    assert model.unknown_words(["Nodule in chest", "red pneumothorax, in"]) == ("in", "pneumothorax")
    assert model.encode_texts(["nodule"]).shape == (1, 32)


@pytest.mark.parametrize(("asked", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_the_precision_is_what_was_asked_for(
    asked: str, dtype: torch.dtype, allow_models: Path, noise: list[Image.Image], models: dict[str, VisionLanguageModel]
) -> None:
    for family, reference in models.items():
        model = load_model(str(allow_models / family), precision=asked)
        assert model.record.precision == asked
        assert {parameter.dtype for parameter in model.visual.parameters()} == {dtype}
        cosines = (model.encode_images(noise) * reference.encode_images(noise)).sum(axis=1)
        assert cosines.min() > 0.999


def test_a_missing_device(allow_models: Path) -> None:
    with pytest.raises(ModelError, match="'cuda:99' is not there"):
        load_model(str(allow_models / "native"), device="cuda:99")
