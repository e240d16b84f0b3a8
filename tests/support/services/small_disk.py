"""A very small disk, to test what happens when it is full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.tools import missing


@contextmanager
def mounted_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a tmpfs with these options (`size=…`, `ro`); needs root, or the test is skipped."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    if done.returncode:
        missing(f"cannot mount a small disk, run as root: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=30)
