"""What the Dockerfile copies is there, reaches the build, and is all that the app needs."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_what_the_image_gets_is_there_and_is_not_kept_from_the_build() -> None:
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()]
    assert set(copied) >= {"app.py", "pages", "dashboard", "vpe_core", "precomputed"}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    assert {f"!{name}" for name in copied} <= set(ignore)


def test_the_code_comes_after_what_takes_long_to_install_and_nobody_is_root() -> None:
    places = [DOCKERFILE.index(part) for part in ("-r torch.txt", "-r requirements.txt\n", "COPY vpe_core")]
    assert places == sorted(places)
    assert DOCKERFILE.index("\nUSER vpl") < DOCKERFILE.index("\nCMD ")
