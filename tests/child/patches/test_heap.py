"""A child that draws frame after frame uses the same memory again."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
from vrdata_child.patches.heap import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def draw():
    frames = [bytearray(2**20) for _ in range(8)]
for _ in range(3):
    draw()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    draw()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Page faults of twenty rounds of eight frames."""
    command = [sys.executable, "-c", _FAULTS, how]
    return int(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_frames_are_drawn_into_memory_that_is_already_mapped() -> None:
    assert faults("kept") * 20 < faults("given back")
