"""Load the pictures of image references: each video is decoded on one way forward."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from vrdata.desktop.pictures.references import (
    MediaRoots,
    Reference,
    embedded_bytes,
    reference_of,
)
from vrdata.errors import UsageError
from vrdata.frames.pixels import Frame
from vrdata.frames.reader import CacheInfo, FrameReader
from vrdata.frames.source import MediaError, Source

OnMissing = Literal["raise", "skip"]
"""A picture that cannot be loaded: an error, or None in its place and a warning."""
Refs = Sequence[Mapping[str, Any]]
"""Rows of `image_refs`: `path` and `pts`."""
CACHE = 2**30
"""Bytes of pictures that are kept by default: 170 of 1920 x 1080 pixels."""
TOLERANCE = 10**6
"""Nanoseconds between the time of a reference and of its frame: Matroska rounds to 1 ms."""
_SECOND = 10**9


class _Wanted(NamedTuple):
    """A reference, and where its picture belongs."""

    reference: Reference
    request: int
    at: int


class Pictures:
    """Loads pictures. Each process opens the files itself: it can be sent to others.

    Args:
        max_items: pictures to keep, those that were used last; 0 = none.
        max_bytes: of the pictures that are kept.
        media_root: where the files are now; see `MediaRoots`.
        on_missing: see `OnMissing`.

    Attributes:
        missing: pictures that could not be loaded in this process.
    """

    def __init__(
        self,
        max_items: int = 1000,
        max_bytes: int = CACHE,
        *,
        media_root: str | Path | Mapping[str, str] | None = None,
        on_missing: OnMissing = "raise",
    ) -> None:
        if max_items < 0 or max_bytes < 0:
            raise UsageError("a cache cannot have a negative size", fix="use 0 to keep no pictures")
        if on_missing not in ("raise", "skip"):
            raise UsageError(f"on_missing={on_missing!r}", fix="use raise or skip")
        roots = str(media_root) if isinstance(media_root, Path) else media_root
        self._roots, self._on_missing = MediaRoots(roots), on_missing
        # Bins of a recording refer to the same frames in all its sequences: others are not needed.
        limit = max_bytes if max_items else 0
        self._reader = FrameReader(limit, cache_items=max_items, passed=False)
        self.missing = 0
        self._named: set[str] = set()

    @property
    def info(self) -> CacheInfo:
        """Hits, misses and memory of this process."""
        return self._reader.cache_info

    def load(self, refs: Refs, recording: str) -> list[Frame | None]:
        """The pictures of references of one recording; see `load_many`."""
        return self.load_many([(refs, recording)])[0]

    def load_many(self, requests: Sequence[tuple[Refs, str]]) -> list[list[Frame | None]]:
        """The pictures of several requests, in the order of their references.

        Args:
            requests: references, and the path of their recording as in the dataset.

        Returns:
            [H, W, 3] RGB, read-only; None = it cannot be loaded, with `on_missing="skip"`.

        Raises:
            MediaError: a file does not exist or cannot be decoded, or has no frame at that time.
            OSError: a file cannot be read.
        """
        found: list[list[Frame | None]] = [[None] * len(refs) for refs, _ in requests]
        files: dict[tuple[str, bool], list[_Wanted]] = {}
        for request, (refs, recording) in enumerate(requests):
            for at, ref in enumerate(refs):
                reference = reference_of(ref, recording, self._roots)
                file = reference.path or reference.uri, reference.pts_ns is None
                files.setdefault(file, []).append(_Wanted(reference, request, at))
        for group in files.values():
            for one, frame in zip(group, self._load_file(group), strict=True):
                found[one.request][one.at] = frame
        return found

    def _load_file(self, group: list[_Wanted]) -> list[Frame | None]:
        """Pictures of one file; one after the other, if not all can be loaded."""
        references = [one.reference for one in group]
        try:
            return list(self._frames(references))
        except MediaError as error:
            if self._on_missing == "raise":
                raise
            if len(group) > 1 and self._opens(references[0]):
                return [frame for one in group for frame in self._load_file([one])]
            for one in references:
                self._count(one, error)
            return [None] * len(group)

    def _opens(self, reference: Reference) -> bool:
        """Whether it is a video of which the frames are known: some of them can be loaded."""
        if reference.pts_ns is None:
            return False
        try:
            self._reader.table(_source(reference))
        except MediaError:
            return False
        return True

    def _frames(self, references: Sequence[Reference]) -> Sequence[Frame]:
        source = _source(references[0])
        times = [one.pts_ns for one in references if one.pts_ns is not None]
        if not times:
            return [self._reader.picture(source)] * len(references)
        table = self._reader.table(source)
        indexes = [table.nearest(time) for time in times]
        for time, index in zip(times, indexes, strict=True):
            _check_time(source.name, time, int(table.times[index]))
        return self._reader.frames(source, indexes, mixed=True)

    def _count(self, reference: Reference, error: MediaError) -> None:
        self.missing += 1
        if reference.name not in self._named:
            self._named.add(reference.name)
            warnings.warn(f"skipped a picture: {error}", RuntimeWarning, stacklevel=2)


def _check_time(name: str, wanted: int, nearest: int) -> None:
    if abs(wanted - nearest) > TOLERANCE:
        raise MediaError(
            f"{name} has no frame at {wanted / _SECOND:.6f} s",
            why=f"the nearest one is at {nearest / _SECOND:.6f} s",
            fix="check that it is the video of this recording, and that it is complete",
        )


def _source(reference: Reference) -> Source:
    path, uri, name = reference.path, reference.uri, reference.name
    if path is not None:
        return Source(path, name, lambda: path)
    if not reference.embedded:
        raise MediaError(
            f"{name} is a URL",
            why="training must not depend on what a server answers",
            fix="download the file, and name its folder with media_root",
        )

    def opened() -> BinaryIO:
        try:
            return io.BytesIO(embedded_bytes(uri))
        except ValueError as error:
            raise MediaError(f"{name} is not a valid data: URI", why=str(error)) from None

    return Source(hashlib.sha256(uri.encode()).digest(), name, opened)
