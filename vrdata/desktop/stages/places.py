"""Where recordings are: in a folder of this machine, or in a bucket."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from vrdata.api.source import SourceSpec
from vrdata.desktop.recordings.folder import (
    SIDECAR_SUFFIX,
    SUFFIX,
    MediaCheck,
    find_recordings,
)
from vrdata.errors import UsageError
from vrdata.sources.opening import open_source
from vrdata.sources.port import Part
from vrdata.store.keys import key_problem
from vrdata.store.opening import open_store

BUCKET = "s3://"
_WHY = "it has white space, a password, or one of ? # %"
_FIX = "use s3://BUCKET/PREFIX, and environment variables for credentials (AWS_…)"


class Opened(NamedTuple):
    """A recording that can be read now: its file, and what finds its media files."""

    path: Path
    media: MediaCheck


@dataclass(frozen=True)
class LocalRecording:
    """A recording in a folder.

    Attributes:
        path: absolute.
        name: its path below the folder.
    """

    path: Path
    name: str

    @property
    def file_path(self) -> str:
        """As tables name it."""
        return str(self.path)

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """Nothing needs to be fetched."""
        yield Opened(self.path, MediaCheck())


@dataclass(frozen=True)
class BucketRecording:
    """A recording in a bucket.

    Attributes:
        url: of the source.
        part: its files; the first is the recording.
    """

    url: str
    part: Part

    @property
    def name(self) -> str:
        """Its key below the URL."""
        return self.part.files[0].name

    @property
    def file_path(self) -> str:
        """As tables name it: as in a run, it does not depend on the bucket."""
        return self.name

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """Fetch the recording and its instruction, without its videos.

        Raises:
            VrdataError: it cannot be fetched.
            OSError: there is no space for it.
        """
        needed = (self.name, self.name.removesuffix(SUFFIX) + SIDECAR_SUFFIX)
        files = tuple(one for one in self.part.files if one.name in needed)
        with tempfile.TemporaryDirectory(prefix="vrdata-recording-") as folder:
            source = open_source(SourceSpec(url=self.url))
            source.stage(replace(self.part, files=files), Path(folder))
            yield Opened(Path(folder) / self.name, MediaCheck(self._exists))

    def _exists(self, path: str) -> bool:
        key = posixpath.normpath(path)
        if any(one.name == key for one in self.part.files):
            return True
        return not key_problem(key) and open_store(self.url).head(key) is not None


Place = LocalRecording | BucketRecording


def find_places(folder: str, *, recursive: bool) -> list[Place]:
    """The recordings in a folder or below an `s3://` URL, in the order of their names.

    Raises:
        NotFoundError: there are none.
        UsageError: the URL is not valid.
        VrdataError: the bucket cannot be listed.
        OSError: the folder cannot be read.
    """
    if folder.startswith(BUCKET):
        pattern = f"*{SUFFIX}" if recursive else f"/*{SUFFIX}"
        try:
            spec = SourceSpec(url=folder, include=(pattern,))
        except ValidationError:
            raise UsageError("the s3:// URL is not valid", why=_WHY, fix=_FIX) from None
        return [BucketRecording(folder, part) for part in open_source(spec).resolve(None).parts]
    root = Path(folder).absolute()
    paths = find_recordings(Path(folder), recursive=recursive)
    return [LocalRecording(path, path.relative_to(root).as_posix()) for path in paths]
