"""Copy files of a source, atomically and never outside of the destination."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from vrdata_child.declared.sources import Found, is_safe

_PART = 64 * 1024 * 1024
_NO_COPY = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)


class Copies:
    """Copies into one folder.

    Args:
        folder: the destination.
        dry: copy nothing.
        skip_equal: keep existing files of the same size.
    """

    def __init__(self, folder: Path, *, dry: bool, skip_equal: bool) -> None:
        self._folder = folder
        self._dry = dry
        self._skip_equal = skip_equal

    def shown(self, name: str) -> Path:
        """The copy of a file."""
        return self._folder / name

    def add(self, name: str, found: Found) -> bool:
        """Copy a file; whether it was necessary. Raises OSError."""
        if not is_safe(name):
            return False
        target = self._folder / name
        if self._skip_equal and target.is_file() and target.stat().st_size == found.size:
            return False
        if not self._dry:
            copy(found, target)
        return True

    def names(self) -> Iterator[str]:
        """The files of the folder, by name."""
        for place, _, files in os.walk(self._folder):
            for file in files:
                yield str((Path(place) / file).relative_to(self._folder))

    def remove_others(self, names: Iterable[str]) -> None:
        """Remove files. Raises OSError."""
        for name in list(names):
            if not self._dry:
                (self._folder / name).unlink()


def copy(found: Found, target: Path) -> None:
    """Copy a file. A link to the staged file itself stays as it is.

    Args:
        found: an existing file of a source.
        target: the copy; its folder is made.

    Raises:
        OSError: the file cannot be read or written.
    """
    staged = found.source.path(found.name)
    if staged is not None and target.exists() and target.samefile(staged):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
    try:
        with part.open("wb") as out, found.source.open(found.name) as file:
            if staged is None or not _cloned(staged, out.fileno(), found.size or 0):
                shutil.copyfileobj(file, out, 1024 * 1024)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _cloned(staged: Path, out: int, size: int) -> bool:
    """Let the kernel copy, which shares the blocks where it can; False if it cannot copy at all."""
    file = os.open(staged, os.O_RDONLY | os.O_CLOEXEC)
    try:
        at = 0
        while at < size:
            copied = os.copy_file_range(file, out, min(_PART, size - at))
            if copied == 0:
                return at > 0 and _fail(staged)
            at += copied
    except OSError as error:
        if error.errno in _NO_COPY and os.lseek(out, 0, os.SEEK_CUR) == 0:
            return False
        raise
    finally:
        os.close(file)
    return True


def _fail(staged: Path) -> bool:
    raise OSError(f"{staged} became smaller while it was copied")
