"""A very small disk of one's own, to see what happens when it is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


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
        message = f"cannot mount a small disk (needs root): {done.stderr.strip()}"
        if os.environ.get("VRDATA_REQUIRE") == "all":
            pytest.fail(message)
        pytest.skip(message)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=30)
