"""Versions that can change the output's bytes and are not part of a generator's digest."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from importlib import metadata, util
from pathlib import Path

_DISTRIBUTIONS = ("numpy", "Pillow", "av", "zlib-ng", "opencv-python-headless", "pyarrow")
SECONDS = 30.0  # for a program to print its version


def ffmpeg_version() -> str:
    """The version of the ffmpeg that pipelines start, or "absent"."""
    program = shutil.which("ffmpeg")
    if program is None:
        return "absent"
    try:
        done = subprocess.run(
            [program, "-version"],
            env={"PATH": os.defpath},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unusable"
    words = done.stdout.decode(errors="replace").split(maxsplit=3)
    return words[2] if words[:2] == ["ffmpeg", "version"] and len(words) > 2 else "unusable"


@cache
def child_digest() -> str:
    """First 16 hex digits of the sha256 over the sources of `vrdata_child`."""
    spec = util.find_spec("vrdata_child")
    if spec is None or spec.origin is None:
        raise RuntimeError("package vrdata_child is not installed")
    digest = hashlib.sha256()
    for path in sorted(Path(spec.origin).parent.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def content_versions() -> dict[str, str]:
    """Versions, by name, of what the worker adds to content: interpreter, encoders, child."""
    versions = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    versions["child"] = child_digest()
    return versions
