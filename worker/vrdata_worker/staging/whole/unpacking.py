"""Unpack an archive in a sandbox, and check what came out."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from vrdata.contract.reasons import FailureReason
from vrdata.text import printable
from vrdata_worker.child.channel import Channel
from vrdata_worker.child.enclose import enclosed, packages
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.cache import no_space
from vrdata_worker.staging.fetch import require_wanted

MAX_FILES = 2_000_000
START_SECONDS = 120.0
SLOWEST = 2**21  # bytes of the archive and of its files a second, after that
_POLL = 0.1
_ANSWER_BYTES = 8192
_RUN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    "from vrdata_child.archives.__main__ import main; main()"
)
_FIX = "unpack it yourself, check it, and name the folder as the source"


def unpack(archive: Path, folder: Path, what: str, limit: int, stopped: Callable[[], bool]) -> None:
    """Unpack an archive. What is in the folder then must be checked, by `close`.

    Args:
        archive: a file; it is not changed.
        folder: an existing folder.
        what: the archive, for errors.
        limit: bytes that its files can take on the disk.
        stopped: whether to wait no longer.

    Raises:
        ShardFailedError: InvalidSource when the archive is unsafe, damaged or not supported,
            StorageUnavailable when the file system is full.
    """
    answer = _run(archive, folder, limit, stopped)
    if answer.get("errno") in (errno.ENOSPC, errno.EDQUOT):
        raise no_space(f"{what} does not fit when it is unpacked", "the sources of a pipeline")
    why = answer["error"]
    if why:
        raise _invalid(what, printable(str(why)))


def _run(archive: Path, folder: Path, limit: int, stopped: Callable[[], bool]) -> dict[str, Any]:
    """What the program in the sandbox answers."""
    deadline = time.monotonic() + START_SECONDS + (archive.stat().st_size + limit) / SLOWEST
    program = [sys.executable, "-I", "-S", "-c", _RUN, packages()]
    program += [str(archive), str(folder), str(limit), str(MAX_FILES)]
    channel = Channel()
    with channel.theirs as theirs:
        process = subprocess.Popen(
            enclosed(
                program,
                report=theirs.fileno(),
                python=sys.executable,
                read=(archive, Path(packages())),
                write=(folder,),
            ),
            cwd=folder,
            env={"PATH": os.defpath},
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        while process.poll() is None:
            require_wanted(stopped)
            if time.monotonic() > deadline:
                return {"error": "unpacking takes too long"}
            time.sleep(_POLL)
        return _answer(process)
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None  # noqa: S101 - a pipe
        process.stdout.close()
        channel.close()


def _answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - a pipe
    body = process.stdout.read(_ANSWER_BYTES)
    with suppress(ValueError):
        found = json.loads(body)
        if process.returncode == 0 and isinstance(found, dict) and "error" in found:
            return found
    return {"error": f"the program that unpacks it ended with code {process.returncode}"}


def close(folder: Path, what: str) -> int:
    """Make unpacked files and their folders read-only; the folder itself stays writable.

    Args:
        folder: the folder; the program that unpacked is not trusted.
        what: the archive, for errors.

    Returns:
        The bytes that the files take on the disk.

    Raises:
        ShardFailedError: InvalidSource when something is not a regular file.
    """
    size = 0
    for path in folder.iterdir():
        facts = path.lstat()
        if stat.S_ISDIR(facts.st_mode):
            path.chmod(0o700)
            size += close(path, what)
            path.chmod(0o555)
        elif stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1:
            path.chmod(0o444)
        else:
            raise _invalid(what, f"{path.name!r} is not a regular file")
        size += facts.st_blocks * 512
    return size


def _invalid(what: str, why: str) -> ShardFailedError:
    message = f"{what} cannot be unpacked: {why}; fix: {_FIX}"
    return ShardFailedError(FailureReason.INVALID_SOURCE, message)
