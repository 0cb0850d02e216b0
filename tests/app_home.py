"""A small `precomputed/` for tests of the app: random models in place of the embedded ones, four drawn X-rays."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from tests.tiny_models import write_native_model
from vpe_core.settings import PROJECT_DIR

COLUMNS = ("image", "title", "finding", "x0", "y0", "x1", "y1", "side", "zone", "size_mm", "difficulty", "note")
FINDINGS = (
    ("case_a.png", "Mass in the right upper zone", "lung mass", 140, 110, 220, 200),
    ("case_a.png", "Mass in the right upper zone", "pleural effusion", 300, 360, 420, 440),
    ("case_b.png", "Large heart", "cardiomegaly", 180, 230, 380, 400),
    ("case_c.png", "No abnormality", "", "", "", "", ""),
    ("case_wide.png", "Wide image", "lung nodule", 500, 100, 540, 150),
)
SIZES_WH = {"case_a.png": (512, 512), "case_b.png": (512, 512), "case_c.png": (512, 512), "case_wide.png": (640, 400)}


def chest(size_wh: tuple[int, int], seed: int = 0) -> Image.Image:
    """A picture with the tones of a chest X-ray, mode "L"."""
    width, height = size_wh
    y, x = np.mgrid[0:height, 0:width]
    body = 205 - 70 * ((x - width / 2) / (width / 2)) ** 2
    for center_x in (0.3 * width, 0.7 * width):
        lung = ((x - center_x) / (0.15 * width)) ** 2 + ((y - 0.47 * height) / (0.33 * height)) ** 2
        body = body - 140 * np.clip(1.3 - lung, 0, 1)
    noise = np.random.default_rng(seed).normal(0, 4, body.shape)
    return Image.fromarray(np.clip(body + noise, 0, 255).astype(np.uint8))


def make_precomputed(folder: Path) -> Path:
    """Write the folder, and return it."""
    for seed, name in enumerate(("simclip", "simclip-plain")):
        write_native_model(folder / "models" / name, seed=seed)
    samples = folder / "samples"
    samples.mkdir()
    for seed, (file, size_wh) in enumerate(SIZES_WH.items()):
        chest(size_wh, seed).save(samples / file)
    with (samples / "samples.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table)
        writer.writerow(COLUMNS)
        for file, title, finding, x0, y0, x1, y1 in FINDINGS:
            writer.writerow([file, title, finding, x0, y0, x1, y1, "right", "upper", 30, "easy", "A note."])
    shutil.copy(PROJECT_DIR / "precomputed" / "real_samples.csv", folder)
    return folder


def settings_of(home: Path) -> dict[str, str]:
    """The environment of an app that uses the folder and an empty cache, and no network."""
    return {
        "VPE_PRECOMPUTED_DIR": str(home),
        "VPE_CACHE_DIR": str(home / "cache"),
        "VPE_XRAY_MIRROR": "http://127.0.0.1:9",
        "VPE_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PATH": os.environ["PATH"],
    }
