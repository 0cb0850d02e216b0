"""Temporary folders that go with the process, also with one that was killed: the next one removes what it left.

All folders of a process lie in one, beside which the process holds a lock file for as long as it lives. Whoever gets
the lock of another process's folder knows that nobody uses it any more.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX, _LOCK = "visual-prompt-lab-", ".lock"


def scratch_folder() -> Path:
    """A new, empty folder that only this user can read; whoever makes it removes it.

    Raises:
        OSError: There is no room for one.
    """
    return Path(tempfile.mkdtemp(dir=_home(os.getpid())[0])).resolve()


def leave() -> None:
    """Remove the folders of this process now, for one that ends by a signal and runs no exit handlers."""
    if _home.cache_info().currsize:
        _leave(*_home(os.getpid()), os.getpid())
        _home.cache_clear()


def sweep() -> int:
    """Remove what processes of this user have left that are gone; how many folders that were."""
    swept = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, Timeout):
            if folder.suffix == _LOCK or folder.is_symlink() or not folder.is_dir() or not _is_mine(folder):
                continue
            with FileLock(_lock_of(folder), timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
                swept += not folder.exists()
            _lock_of(folder).unlink(missing_ok=True)
    return swept


@lru_cache(maxsize=1)
def _home(pid: int) -> tuple[Path, FileLock]:  # of the process: a forked one has its own
    folder = Path(tempfile.gettempdir()) / f"{_PREFIX}{secrets.token_hex(8)}"
    lock = FileLock(_lock_of(folder))
    lock.acquire()  # before the folder is there, so that nobody takes it for a left one
    folder.mkdir(mode=0o700)
    atexit.register(_leave, folder, lock, pid)
    return folder, lock


def _leave(folder: Path, lock: FileLock, pid: int) -> None:
    if pid != os.getpid():  # a forked process has taken over the exit handler, not the folder
        return
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _is_mine(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
