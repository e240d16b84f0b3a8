"""Scratch folders: private to one process, and removed after processes that were killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vrdata.store.port import StorageError

_PREFIX = "vrdata-"


def default_root() -> Path:
    """The folder that holds the scratch folders of this user's workers."""
    return Path(tempfile.gettempdir()) / f"vrdata-{os.getuid()}"


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A new private folder below `root`, removed at the end.

    Folders of processes that no longer exist are removed first.

    Raises:
        StorageError: the folder cannot be made.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(root)
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root))
    except OSError as error:
        raise StorageError(
            f"the scratch folder {root} cannot be used",
            why=error.strerror or str(error),
            fix="name a folder with free space: --scratch DIR",
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
