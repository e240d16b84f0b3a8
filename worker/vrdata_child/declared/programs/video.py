"""ffmpeg with a fixed number of threads, and ffprobe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from vrdata_child.declared.programs.real import NotInstalledError, find, pass_on
from vrdata_child.declared.programs.threads import fixed


def ffmpeg(folder: Path, args: Sequence[str]) -> NoReturn:
    """Become ffmpeg. Raises NotInstalledError, OSError."""
    try:
        program = find(folder, "ffmpeg")
    except NotInstalledError:
        found = _of_environment()
        if not found:
            raise
        program = found
    os.execv(program, ["ffmpeg", *fixed(args)])  # noqa: S606


def ffprobe(folder: Path, args: Sequence[str]) -> NoReturn:
    """Become ffprobe. Raises NotInstalledError, OSError."""
    pass_on(folder, "ffprobe", args)


def _of_environment() -> str:
    """The program that the package imageio-ffmpeg of the environment contains, or ""."""
    library = Path(sys.executable).parents[1] / "lib"
    places = library.glob("python3*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*")
    return next((str(path) for path in sorted(places) if os.access(path, os.X_OK)), "")
