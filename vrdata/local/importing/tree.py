"""Lay the samples of a finished run out as `{domain}_task/{id}/`; nothing is overwritten."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from vrdata.dataset.commits import open_marker
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.manifest import FailedSample, SampleRecord
from vrdata.errors import OutputConflictError
from vrdata.plan.planned import Plan, PlannedGenerator
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import sha256_file
from vrdata.text import count
from vrdata_child.sample.metadata import encode_metadata

METADATA = "metadata.json"
PARTS = {"first_frame", "final_frame", "prompt", "goal"} | {
    "ground_truth",
    "first_video",
    "last_video",
}
"""Stems of files that are part of a sample, whoever wrote them."""
MAX_NAMED = 3  # folders in an error
_CHUNK = 2**20
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES}


@dataclass(frozen=True, slots=True)
class Laid:
    """A sample in the output.

    Attributes:
        id: of the sample, and the name of its folder.
        folder: its folder.
        files: its files in the run, by name.
        metadata: the content of its metadata.json, which has the id; None = it has none.
        digests: hex sha256 of each file, by name.
    """

    id: str
    folder: Path
    files: dict[str, Path]
    metadata: bytes | None
    digests: dict[str, str]


@dataclass(slots=True)
class TreeSummary:
    """What is in the output now.

    Attributes:
        samples: number of samples.
        created: samples that were not there before.
        dataset_hash: as `vrdata verify` prints it for a folder with these samples only.
        domains: samples by domain.
    """

    samples: int = 0
    created: int = 0
    dataset_hash: str = ""
    domains: dict[str, int] = field(default_factory=dict)


class Tree:
    """The samples of one import in a folder.

    Args:
        store: the run's store.
        root: the run's folder on the disk.
        plan: of the run, in format files.
        order: the names of its generators, in the order of the ids.
        output: the folder of the user.
        partial: a folder of this import on the same disk, for samples that are not complete.
        name: the id of the sample with this index.
    """

    def __init__(  # noqa: PLR0913 - what it connects
        self,
        store: ObjectStore,
        root: Path,
        plan: Plan,
        order: Sequence[str],
        output: Path,
        partial: Path,
        name: Callable[[int], str],
    ) -> None:
        self._store, self._root = store, root
        self._offsets = dict(_offsets(plan, order))
        self._planned = [plan.generator(name) for name in self._offsets]
        self._output, self._partial, self._name = output, partial, name
        self._files = format_of("files")

    def write(self) -> TreeSummary:
        """Add what is missing; samples appear complete or not at all.

        Raises:
            OutputConflictError: a folder of a sample has other content; nothing was changed.
            OSError: the disk cannot be used; repeat it.
        """
        self._refuse_conflicts()
        summary = TreeSummary()
        shutil.rmtree(self._partial, ignore_errors=True)
        try:
            with DatasetHasher() as hasher:
                for laid in self._samples():
                    if self._compare(laid):
                        summary.created += 1
                        self._add(laid)
                    summary.samples += 1
                    domain = laid.folder.parent.name
                    summary.domains[domain] = summary.domains.get(domain, 0) + 1
                    for name, digest in laid.digests.items():
                        hasher.add(laid.id, name, digest)
                summary.dataset_hash = hasher.hexdigest()
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)
            with suppress(OSError):
                self._partial.parent.rmdir()
        return summary

    def failed(self) -> Iterator[tuple[PlannedGenerator, str, FailedSample]]:
        """The items that were not converted, each with the id that its sample would have."""
        for planned, first, record in self._records():
            if isinstance(record, FailedSample):
                yield planned, self._name(first + record.index), record

    def _refuse_conflicts(self) -> None:
        if not self._has_samples():  # then nothing is read twice
            return
        conflicts, number = [], 0
        for laid in self._samples():
            if self._compare(laid, read=True) is None:
                number += 1
                conflicts += [str(laid.folder)] if number <= MAX_NAMED else []
        if number:
            more = f" and {number - MAX_NAMED} more" if number > MAX_NAMED else ""
            raise OutputConflictError(
                f"{count(number, 'folder')} with the id of a sample and other content: "
                f"{', '.join(conflicts)}{more}",
                why="an import overwrites nothing; nothing in the output was changed",
                fix="move what is there away, or use another --output",
            )

    def _has_samples(self) -> bool:
        """Whether anything is where samples belong."""
        with suppress(FileNotFoundError, NotADirectoryError):
            return any(path.name.endswith("_task") for path in self._output.iterdir())
        return False

    def _compare(self, laid: Laid, *, read: bool = False) -> bool | None:
        """Whether files of a sample are missing; None if it has other files.

        Args:
            read: read also the files that are links to those of the run: whoever changes one
                changes both.
        """
        if not laid.folder.is_dir():
            return None if laid.folder.is_symlink() or laid.folder.exists() else True
        if any(path.stem in PARTS and path.name not in laid.digests for path in _inside(laid)):
            return None
        missing = False
        for name, digest in laid.digests.items():
            there = laid.folder / name
            try:
                if not read and name in laid.files and there.samefile(laid.files[name]):
                    continue
                if there.is_symlink() or sha256_file(there) != digest:
                    return None
            except FileNotFoundError:
                missing = True
            except OSError:
                return None
        return missing

    def _add(self, laid: Laid) -> None:
        partial = self._partial / laid.id
        partial.mkdir(parents=True)
        for name, file in laid.files.items():
            _link(file, partial / name)
        if laid.metadata is not None:
            (partial / METADATA).write_bytes(laid.metadata)
        laid.folder.parent.mkdir(parents=True, exist_ok=True)
        if not laid.folder.is_dir():
            partial.rename(laid.folder)
            return
        for name in laid.digests:  # some of its files were deleted
            if not (laid.folder / name).exists():
                (partial / name).rename(laid.folder / name)

    def _samples(self) -> Iterator[Laid]:
        for planned, first, record in self._records():
            if isinstance(record, SampleRecord):
                yield self._laid(planned, record, self._name(first + record.index))

    def _records(self) -> Iterator[tuple[PlannedGenerator, int, SampleRecord | FailedSample]]:
        for planned in self._planned:
            first = self._offsets[planned.name]
            for shard in range(planned.shards):
                for record in open_marker(self._store, planned.name, shard).records:
                    yield planned, first, record

    def _laid(self, planned: PlannedGenerator, record: SampleRecord, name: str) -> Laid:
        files = {
            file.name: self._root / self._files.path(planned.name, record, file.name)
            for file in record.files
        }
        digests = {file.name: file.sha256 for file in record.files}
        metadata = None
        if METADATA in files:
            metadata = _with_id(files.pop(METADATA).read_bytes(), name)
            digests[METADATA] = hashlib.sha256(metadata).hexdigest()
        folder = self._output / f"{record.domain}_task" / name
        return Laid(name, folder, files, metadata, digests)


def _offsets(plan: Plan, order: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each generator with the index of its first item among the items of all."""
    planned = {one.name: one for one in plan.generators}
    first = 0
    for name in order:
        if (one := planned.get(name)) is not None:
            yield name, first
            first += one.source.items if one.source is not None else one.samples


def _with_id(metadata: bytes, name: str) -> bytes:
    """The metadata of a sample with another id."""
    fields = json.loads(metadata)
    fields["task_id"] = name
    return encode_metadata(fields)


def _inside(laid: Laid) -> list[Path]:
    return list(laid.folder.iterdir())


def _link(source: Path, target: Path) -> None:
    """Link a file; copy it where the disk has no links. The name is new."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        with source.open("rb") as read, target.open("xb") as written:
            shutil.copyfileobj(read, written, _CHUNK)
