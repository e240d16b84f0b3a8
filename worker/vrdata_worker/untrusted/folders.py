"""Read and remove what an untrusted process created, without following its links.

At any time, the process can replace a folder that it can write to by a link. So the components of
a path are opened one by one, and each must be a real folder.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vrdata.dataset.formats.untrusted import changed

REMOVE_SECONDS = 60.0  # a process may create files as fast as they are removed
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def entered(path: Path) -> Iterator[Path]:
    """A folder under a name that stays valid when its path is replaced.

    Args:
        path: absolute, without links.

    Raises:
        OSError: a component of the path is missing or is not a folder.
    """
    handle = os.open(path.anchor, _FOLDER)
    try:
        for part in path.parts[1:]:
            outer, handle = handle, os.open(part, _FOLDER, dir_fd=handle)
            os.close(outer)
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


@contextmanager
def entered_sample(path: Path) -> Iterator[Path]:
    """As `entered`, for the folder of a finished sample.

    Raises:
        FileChangedError: it is not a folder any more.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(entered(path))
        except OSError as error:
            why = f"it cannot be opened: {error.strerror}"
            raise changed("the folder of a sample", why) from None
        yield folder


def size_of(path: Path) -> int:
    """Size of a file in bytes; 0 when it does not exist."""
    try:
        with entered(path.parent) as folder:
            return (folder / path.name).lstat().st_size
    except OSError:
        return 0


def tail_of(path: Path, limit: int) -> bytes:
    """The last bytes of a regular file, at most `limit`; b"" when it is something else."""
    try:
        with entered(path.parent) as folder:
            handle = os.open(folder / path.name, _FILE)
    except OSError:
        return b""
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            return b""
        return os.pread(handle, limit, max(0, facts.st_size - limit))
    except OSError:
        return b""
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove a folder with all it holds, of any depth; a link is removed, not what it names.

    Leaves the rest when it cannot be removed within REMOVE_SECONDS.
    """
    with contextlib.suppress(OSError), entered(path.parent) as parent:
        place = parent / path.name
        if not stat.S_ISDIR(place.lstat().st_mode):
            place.unlink()
            return
        with _opened(place) as folder:
            _empty(folder, time.monotonic() + REMOVE_SECONDS)
        place.rmdir()


@contextmanager
def _opened(path: Path) -> Iterator[Path]:
    """A folder that can be listed and changed, whatever its permissions were."""
    handle = os.open(path, _FOLDER)
    try:
        folder = Path(f"/proc/self/fd/{handle}")
        folder.chmod(0o700)
        yield folder
    finally:
        os.close(handle)


def _empty(folder: Path, deadline: float) -> None:
    """Remove all entries. What is in a folder moves up first: the depth stays the same."""
    names = (f"moved-{secrets.token_hex(4)}-{number}" for number in itertools.count())
    progress = True
    while progress and time.monotonic() < deadline:
        progress = False
        with os.scandir(folder) as scan:
            for entry in scan:
                with contextlib.suppress(OSError):
                    _remove_entry(folder / entry.name, folder, names)
                    progress = True
                if time.monotonic() > deadline:
                    return


def _remove_entry(path: Path, folder: Path, names: Iterator[str]) -> None:
    if not stat.S_ISDIR(path.lstat().st_mode):
        path.unlink()
        return
    with _opened(path) as inner, os.scandir(inner) as scan:
        for entry in scan:
            if entry.is_dir(follow_symlinks=False):
                with _opened(inner / entry.name):  # only a folder that can be changed can move
                    (inner / entry.name).rename(folder / next(names))
            else:
                (inner / entry.name).unlink()
    path.rmdir()
