"""Whether a staged file is the one that was pinned."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from vrdata.sources.port import IN_PLACE, Part, PartFile

_CHUNK = 1024 * 1024
_ALGORITHMS = {"sha256": "sha256", "ranges": "sha256", "git": "sha1"}


def difference(folder: Path, part: Part) -> str:
    """How the staged files of a part differ from the pinned ones; "" = they do not.

    An `etag:…` is compared by the request that fetches the file.

    Args:
        folder: where the part is staged.
        part: the part.

    Raises:
        OSError: a file cannot be read.
    """
    return next(filter(None, (_of_file(folder, part, file) for file in part.files)), "")


def close(folder: Path) -> None:
    """Make files and folders read-only, for kernels without Landlock. Raises OSError."""
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            (Path(path) / name).chmod(0o444)
        Path(path).chmod(0o555)


def _of_file(folder: Path, part: Part, file: PartFile) -> str:
    path = folder / file.name
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return f"{file.name} is missing"
    if not stat.S_ISREG(facts.st_mode):
        return f"{file.name} is not a regular file"
    size = _size(part, file)
    if facts.st_size != size:
        return f"{file.name} has {facts.st_size} bytes instead of {size}"
    kind, _, wanted = file.digest.partition(":")
    algorithm = _ALGORITHMS.get(kind)
    if algorithm is None or (file.ranges and kind != "ranges"):
        return ""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    if kind == "git":
        digest.update(b"blob %d\0" % size)  # git-hash-object(1)
    for chunk in _chunks(path, _ranges(part, file)):
        digest.update(chunk)
    found = digest.hexdigest()
    return "" if found == wanted else f"{file.name} has the digest {kind}:{found}, not {wanted}"


def _size(part: Part, file: PartFile) -> int:
    """Bytes of a staged file: see `PartFile.ranges`."""
    if not file.ranges or part.format in IN_PLACE:
        return file.size
    return sum(stop - start for start, stop in file.ranges)


def _ranges(part: Part, file: PartFile) -> tuple[tuple[int, int], ...]:
    """The bytes of a staged file that were fetched."""
    if file.ranges and part.format in IN_PLACE:
        return file.ranges
    return ((0, _size(part, file)),)


def _chunks(path: Path, ranges: tuple[tuple[int, int], ...]) -> Iterator[bytes]:
    with path.open("rb") as stream:
        for start, stop in ranges:
            stream.seek(start)
            left = stop - start
            while left and (chunk := stream.read(min(left, _CHUNK))):
                yield chunk
                left -= len(chunk)
