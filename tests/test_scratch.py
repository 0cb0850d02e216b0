"""Temporary folders go with their process, whatever ends it; those of a living one stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vpe_core import scratch

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import sys, time
from vpe_core.scratch import scratch_folder
(scratch_folder() / "patient.png").write_bytes(b"1")
print("ready", flush=True)
sys.stdin.read()
"""


def started(temporary: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env={**os.environ, "TMPDIR": str(temporary)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def files(temporary: Path) -> int:
    return len(list(temporary.rglob("patient.png")))


def test_what_a_killed_process_has_left_is_swept_and_what_a_living_one_uses_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    killed, living = started(tmp_path), started(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert files(tmp_path) == 2
    assert scratch.sweep() == 1
    assert files(tmp_path) == 1
    living.communicate("")
    assert list(tmp_path.iterdir()) == []
    assert scratch.sweep() == 0


def test_a_link_is_not_followed_by_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    (tmp_path / "visual-prompt-lab-link").symlink_to(tmp_path / "elsewhere")
    assert scratch.sweep() == 0
    assert (tmp_path / "elsewhere" / "kept").is_file()
