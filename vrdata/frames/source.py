"""Where a clip or a picture comes from, and its container format."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vrdata.errors import InvalidInputError

# FFmpeg may not guess: it could take the content for a playlist, which names other files to open.
_ENDINGS = {
    ".avi": "avi",
    ".m4v": "mp4",
    ".mkv": "matroska",
    ".mov": "mov",
    ".mp4": "mp4",
    ".webm": "matroska",
}
_HEAD = 12


class MediaError(InvalidInputError, ValueError):
    """An image or a clip that cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of media.

    Attributes:
        key: equal keys have equal bytes.
        name: for messages, and for the format.
        open: a file to read and seek in, or the path of a local one: FFmpeg reads it faster.
    """

    key: Hashable
    name: str
    open: Callable[[], BinaryIO | str]

    def opened(self) -> BinaryIO | str:
        """What `open` returns; a path is that of a regular file that can be read.

        Raises:
            MediaError: it is not.
        """
        found = self.open()
        if not isinstance(found, str):
            return found
        try:
            # A pipe without a writer would keep the reader waiting for ever.
            descriptor = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise MediaError(f"{self.name} does not exist", fix="restore it") from None
        except (OSError, ValueError) as error:  # a name with a null byte
            raise MediaError(
                f"{self.name} cannot be read",
                why=getattr(error, "strerror", None) or str(error),
                fix="check its path and its permissions",
            ) from None
        try:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        finally:
            os.close(descriptor)
        if not regular:
            raise MediaError(f"{self.name} is not a file", fix="name a file with media")
        return str(Path(found).absolute())  # FFmpeg takes http://… and pipe:… for other things


def container_format(source: Source, opened: BinaryIO | str) -> str:
    """FFmpeg's name of the container: by the ending of the name, else by the first bytes.

    Raises:
        MediaError: it is none of those that vrdata reads.
    """
    name = source.name.lower()
    for ending, found in _ENDINGS.items():
        if name.endswith(ending):
            return found
    head = _head(opened)
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:] == b"AVI ":
        return "avi"
    raise MediaError(
        f"{source.name} is not in a video format that vrdata reads",
        fix=f"use one of {' '.join(_ENDINGS)}",
    )


def _head(opened: BinaryIO | str) -> bytes:
    if isinstance(opened, str):
        with Path(opened).open("rb") as stream:
            return stream.read(_HEAD)
    head = opened.read(_HEAD)
    opened.seek(0)
    return head
