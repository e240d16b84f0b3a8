"""Names in an archive: inside its folder, and each one once. Pure."""

from __future__ import annotations

import unicodedata

MAX_NAME_BYTES = 1024
MAX_PART_BYTES = 255  # of one name on the usual file systems
_RESERVED = ".vrdata-tmp"  # of vrdata's own unfinished files


class UnsafeArchiveError(Exception):
    """The archive is not unpacked; the message says why."""


class Names:
    """The names of an archive so far."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, bool]] = {}  # name and whether it is a folder
        self._files: set[str] = set()

    def add(self, name: str, *, folder: bool) -> str:
        """A name as a path below the archive's folder; "" for this folder itself.

        Args:
            name: as the archive has it.
            folder: whether it is a folder.

        Raises:
            UnsafeArchiveError: it leads out of the archive's folder, cannot be the name of a file,
                or was added before, also with other capital letters.
        """
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or ".." in parts:
            raise UnsafeArchiveError(f"{name!r} leads out of the archive's folder")
        problem = _problem(parts)
        if problem:
            raise UnsafeArchiveError(f"{name!r} {problem}")
        if not parts and not folder:
            raise UnsafeArchiveError("a file has no name")
        for end in range(1, len(parts)):
            self._remember("/".join(parts[:end]), folder=True)
        path = "/".join(parts)
        if path:
            self._remember(path, folder=folder)
        return path

    def _remember(self, path: str, *, folder: bool) -> None:
        key = unicodedata.normalize("NFC", path).casefold()
        before = self._known.setdefault(key, (path, folder))
        if before[0] != path:
            why = f"{before[0]!r} and {path!r} differ only in capital letters or accents"
            raise UnsafeArchiveError(why)
        if before[1] != folder:
            raise UnsafeArchiveError(f"{path!r} is a file and a folder")
        if not folder:
            if key in self._files:
                raise UnsafeArchiveError(f"{path!r} occurs twice")
            self._files.add(key)


def _problem(parts: list[str]) -> str:
    path = "/".join(parts)
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    if any(ord(char) < 32 or ord(char) == 127 for char in path):
        return "has a control character"
    if "\\" in path:
        return "has a backslash, which other programs read as a slash"
    if _RESERVED in parts:
        return "is a name of vrdata's own files"
    if len(encoded) > MAX_NAME_BYTES or any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        return "is too long"
    return ""
