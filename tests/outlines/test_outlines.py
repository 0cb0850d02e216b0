"""Outlines against structures of a known shape, and SAM 2's interface with a tiny network of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vpe_core.errors import LabError, RegionError
from vpe_core.markers.marks import MAX_CONTOUR_POINTS, Mark, draw_marks, marked_area
from vpe_core.outlines import OUTLINERS, outline
from vpe_core.settings import get_settings
from vpe_core.types import Box, Polygon

CLASSICAL = ("random-walker", "chan-vese", "watershed")


def picture(x: float = 300, y: float = 210, radii: tuple[float, float] = (42, 30), step: float = 60) -> Image.Image:
    """A noisy ellipse on a slope of grey, 500 x 400."""
    rows, columns = np.mgrid[0:400, 0:500]
    inside = ((columns + 0.5 - x) / radii[0]) ** 2 + ((rows + 0.5 - y) / radii[1]) ** 2 <= 1
    noise = np.random.default_rng(1).normal(0, 8, inside.shape)
    return Image.fromarray(np.clip(70 + columns * 0.06 + step * inside + noise, 0, 255).astype(np.uint8))


def overlap(found: Polygon, x: float = 300, y: float = 210, radii: tuple[float, float] = (42, 30)) -> float:
    """IoU with the ellipse, on a grid four times as fine."""
    mask, truth = (Image.new("1", (2000, 1600)) for _ in range(2))
    ImageDraw.Draw(mask).polygon([(4 * px, 4 * py) for px, py in found.points], fill=1)
    sides = x - radii[0], y - radii[1], x + radii[0], y + radii[1]
    ImageDraw.Draw(truth).ellipse([4 * side for side in sides], fill=1)
    one, other = np.asarray(mask), np.asarray(truth)
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("step", [60, -50])
def test_what_stands_out_is_outlined_from_a_box_that_is_too_large_and_beside(method: str, step: float) -> None:
    found = outline(picture(step=step), Box(245, 165, 350, 252), method)
    assert overlap(found) > (0.85 if method == "random-walker" else 0.7)
    assert len(found.points) <= MAX_CONTOUR_POINTS


def test_a_click_is_enough_for_something_small() -> None:
    small = picture(radii=(15, 15))
    assert overlap(outline(small, (303, 208)), radii=(15, 15)) > 0.75


def test_no_outline_leaves_the_box_and_there_is_none_of_one_even_grey() -> None:
    for box in (Box(-20, -30, 60, 50), Box(440, 350, 520, 420), Box(100, 100, 103, 102)):
        found = outline(picture(), box).box
        seen = box.clipped(500, 400)
        assert found.x0 >= seen.x0 - 1
        assert found.y0 >= seen.y0 - 1
        assert found.x1 <= seen.x1 + 1
        assert found.y1 <= seen.y1 + 1
    with pytest.raises(RegionError, match="one even grey"):
        outline(Image.new("L", (500, 400), 90), Box(200, 100, 300, 180))
    for where in (Box(600, 0, 700, 20), (501.0, 10.0)):
        with pytest.raises(RegionError):
            outline(picture(), where)


def test_a_spotlight_and_a_blur_take_a_single_contour_as_it_is() -> None:
    image = Image.new("RGB", (100, 80), (120, 120, 120))
    triangle = Mark("contour", Polygon(((20, 10), (80, 10), (20, 70))))
    lit = draw_marks(image, [triangle], treatment="spotlight")
    assert lit.getpixel((30, 20)) == (120, 120, 120)
    assert lit.getpixel((75, 65)) != (120, 120, 120)
    assert marked_area([triangle], image.size, treatment="spotlight").sum() == pytest.approx(60 * 60 / 2, rel=0.02)
    assert marked_area([triangle], image.size, treatment="crop").sum() == pytest.approx(60 * 60, rel=0.01)
    other = Mark("bbox", Box(70, 60, 90, 75))
    together = draw_marks(image, [triangle, other], treatment="spotlight")
    assert together.getpixel((75, 65)) == (120, 120, 120)


@pytest.fixture
def sam2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SAM 2 for 64 x 64 pixels with random weights, saved as transformers saves the real one."""
    import torch
    from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model, Sam2Processor

    backbone = {
        "hidden_size": 8, "image_size": [64, 64], "blocks_per_stage": [1, 1, 1, 1],
        "embed_dim_per_stage": [8, 16, 32, 64], "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 2, 2, 2], "global_attention_blocks": [],
        "window_positional_embedding_background_size": [2, 2], "model_type": "sam2_hiera_det_model",
    }  # fmt: skip
    vision = {
        "backbone_config": backbone, "backbone_channel_list": [64, 32, 16, 8], "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    }  # fmt: skip
    config = Sam2Config(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 32, "image_size": 64, "patch_size": 16},
        mask_decoder_config={
            "hidden_size": 32, "mlp_dim": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "iou_head_hidden_dim": 32,
        },
    )  # fmt: skip
    torch.manual_seed(0)
    Sam2Model(config).save_pretrained(tmp_path)
    Sam2Processor(Sam2ImageProcessor(size={"height": 64, "width": 64})).save_pretrained(tmp_path)
    monkeypatch.setenv("VPE_SAM2_DIR", str(tmp_path))
    get_settings.cache_clear()
    return tmp_path


def test_sam_2_answers_boxes_and_clicks_with_the_outline_of_its_mask(sam2: Path) -> None:
    assert OUTLINERS.get("sam2").problem() == ""
    for where in (Box(245, 165, 350, 252), (300.0, 210.0)):
        found = outline(picture(), where, "sam2")
        assert all(-1 <= x <= 501 and -1 <= y <= 401 for x, y in found.points)
        assert len(found.points) <= MAX_CONTOUR_POINTS
    with pytest.raises(RegionError, match="inside the image"):
        outline(picture(), (600.0, 10.0), "sam2")


def test_without_weights_sam_2_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VPE_SAM2_DIR", raising=False)
    get_settings.cache_clear()
    assert "VPE_SAM2_DIR" in OUTLINERS.get("sam2").problem()
    with pytest.raises(LabError, match="facebook/sam2"):
        outline(picture(), (300.0, 210.0), "sam2")
    monkeypatch.setenv("VPE_SAM2_DIR", str(tmp_path))
    get_settings.cache_clear()
    with pytest.raises(LabError, match="holds no SAM 2"):
        outline(picture(), (300.0, 210.0), "sam2")
