"""Find recordings, and what stands beside them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.text import decode, printable

SUFFIX = ".mcap"
SIDECAR_SUFFIX = ".instruction.txt"
MAX_SIDECAR_BYTES = 64 * 1024
_CHARACTER_BYTES = 4  # at most


def find_recordings(folder: Path, *, recursive: bool) -> list[Path]:
    """The recordings in a folder, sorted; a folder below it counts only if `recursive`.

    Raises:
        NotFoundError: there are none.
        InvalidInputError: the path of one is not UTF-8.
        OSError: the folder cannot be read.
    """
    if folder.is_file():
        return [folder.absolute()]
    if not folder.is_dir():
        raise NotFoundError(f"{folder} does not exist", fix="name a folder with .mcap files")
    pattern = f"**/*{SUFFIX}" if recursive else f"*{SUFFIX}"
    paths = (path.absolute() for path in folder.glob(pattern) if path.is_file())
    found = sorted(paths, key=os.fsencode)  # as sources and tables sort
    for path in found:
        _require_utf8(path)
    if not found:
        below = "" if recursive else ", or add --recursive for the folders below it"
        raise NotFoundError(f"{folder} has no {SUFFIX} file", fix=f"name another folder{below}")
    return found


def _require_utf8(path: Path) -> None:
    try:
        str(path).encode()  # the tables have it
    except UnicodeEncodeError:
        raise InvalidInputError(
            f"the path {printable(str(path), '?')} is not UTF-8", fix="rename the file or folder"
        ) from None


def instruction_beside(recording: Path) -> str | None:
    """The text of `NAME.instruction.txt` beside `NAME.mcap`; None = there is none.

    Raises:
        OSError: it cannot be read.
        InvalidInputError: it is not a text.
    """
    path = recording.with_suffix(SIDECAR_SUFFIX)
    return read_instruction(path) if path.is_file() else None


def read_instruction(path: Path) -> str | None:
    """The text of such a file; None = it is empty. Raises as `instruction_beside`."""
    with path.open("rb") as file:
        body = file.read(MAX_SIDECAR_BYTES)
    try:
        return printable(_decoded(body)).strip() or None
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{path} is not UTF-8 text: byte {error.start} is invalid", fix="save it as UTF-8"
        ) from None


def _decoded(body: bytes) -> str:
    """A text; of a longer one, without the character in which it was cut."""
    try:
        return decode(body)
    except UnicodeDecodeError as error:
        cut = len(error.object) - error.start
        if len(body) < MAX_SIDECAR_BYTES or cut >= _CHARACTER_BYTES:
            raise
        return decode(body[:-cut])


def _is_file(path: str) -> bool:
    """Also False for a name that is too long, and in a folder that may not be read."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


class MediaCheck:
    """Which media files of a recording are missing.

    Args:
        exists: whether a path is a file.

    Attributes:
        missing: the number of screen events for each missing file.
    """

    def __init__(self, exists: Callable[[str], bool] = _is_file) -> None:
        self._exists = exists
        self._known: dict[str, bool] = {}
        self.missing: dict[str, int] = {}

    def see(self, path: str, number: int = 1) -> None:
        """Count references to a file."""
        if path not in self._known:
            self._known[path] = self._exists(path)
        if not self._known[path]:
            self.missing[path] = self.missing.get(path, 0) + number
