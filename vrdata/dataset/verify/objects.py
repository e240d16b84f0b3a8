"""Compare a shard's data objects with the records of its commit marker, with flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vrdata.dataset.checks.problems import RESTORE, remove_first
from vrdata.dataset.formats.archive import MAX_FILE, DamagedArchiveError, Member
from vrdata.dataset.formats.archived import ArchiveFormat
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import DataObject, FileRecord, SampleRecord, ShardManifest
from vrdata.dataset.verify.sample.check import Findings, SampleCheck
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    ObjectNotFoundError,
    ObjectStore,
)

# Errors of one object; any other error of the store ends the verification.
_OF_ONE_OBJECT = (DamagedArchiveError, DigestMismatchError, KeyConflictError, ObjectNotFoundError)
_NOT_IN_ARCHIVE = "it is not in the archive, or not in the order of the samples"


class ObjectCheck:
    """Reads the data objects of one shard once, in step with its samples.

    Args:
        store: the run's store.
        manifest: the shard's manifest.
        sample_check: checks each file.
        findings: gets what is found.
    """

    def __init__(
        self,
        store: ObjectStore,
        manifest: ShardManifest,
        sample_check: SampleCheck,
        findings: Findings,
    ) -> None:
        self._store = store
        self._manifest = manifest
        self._format = format_of(manifest.format)
        self._sample_check = sample_check
        self._findings = findings

    def check(self, samples: Iterator[SampleRecord]) -> None:
        """Add to the findings.

        Args:
            samples: the shard's samples; all of them are taken.

        Raises:
            DamagedMarkerError: from `samples`.
            StorageError: the store cannot be used.
        """
        samples = map(self._with_required_files, samples)
        item = self._manifest.archive
        if item is not None and isinstance(self._format, ArchiveFormat):
            self._check_archive(self._format, item, samples)
            return
        for sample in samples:
            self._check_folder(sample)

    def _with_required_files(self, sample: SampleRecord) -> SampleRecord:
        self._sample_check.check_names(sample)
        return sample

    def _check_archive(
        self, output: ArchiveFormat, item: DataObject, samples: Iterator[SampleRecord]
    ) -> None:
        findings = self._findings
        expected = _ExpectedFiles(
            self._manifest,
            samples,
            lambda path: findings.note("MissingFile", f"{item.key}:{path}", _NOT_IN_ARCHIVE),
        )
        info = next(self._store.list_after(item.key), None)
        if info is None or info.key != item.key:
            findings.note("MissingObject", item.key, f"it is missing; {RESTORE}")
            for _ in samples:  # the records are still checked
                pass
            return
        if info.size != item.size:
            message = f"it has {info.size} bytes, its commit marker says {item.size}; {RESTORE}"
            findings.note("ChecksumMismatch", item.key, message)
        archive = output.open_archive(self._store, item.key, info.size)
        try:
            for member in archive.members():
                self._check_member(item.key, member, expected.take(member.name))
            if archive.sha256() != item.sha256 and info.size == item.size:
                message = f"its bytes differ from its commit marker; {remove_first(item.key)}"
                findings.note("ChecksumMismatch", item.key, message)
        except _OF_ONE_OBJECT as error:
            findings.note("DamagedArchive", item.key, error.why or error.what)
        expected.finish()

    def _check_member(
        self, key: str, member: Member, expected: tuple[SampleRecord, FileRecord] | None
    ) -> None:
        where = f"{key}:{member.name}"
        if expected is None:
            message = "no sample of the commit marker has this file"
            self._findings.note("ExtraFile", where, message)
            return
        sample, record = expected
        if record.offset != member.offset:
            message = f"it begins at byte {member.offset}, its commit marker says {record.offset}"
            self._findings.note("WrongMarker", where, message)
        self._sample_check.check_body(sample, record, member.body)

    def _check_folder(self, sample: SampleRecord) -> None:
        manifest, findings = self._manifest, self._findings
        folder = self._format.container(manifest, sample)
        sizes = {info.key: info.size for info in self._store.list_after(folder)}
        for record in sample.files:
            key = self._format.path(manifest.generator, sample, record.name)
            size = sizes.get(key)
            if size is None:
                findings.note("MissingObject", key, f"it is missing; {RESTORE}")
                continue
            if size > MAX_FILE:
                findings.note("ChecksumMismatch", key, f"its {size} bytes are more than {MAX_FILE}")
                continue
            try:
                body = self._store.get(key)
            except _OF_ONE_OBJECT as error:
                findings.note("MissingObject", key, error.what)
                continue
            fix = RESTORE if size != record.size else remove_first(key)
            self._sample_check.check_body(sample, record, body, fix)


class _ExpectedFiles:
    """The files that an archive should have, taken in step with its members.

    Memory holds the files of one sample: members of one sample may have any order, samples must
    be in index order.

    Args:
        manifest: the shard's manifest.
        samples: its samples.
        on_missing: called with the path of each file that was not taken.
    """

    def __init__(
        self,
        manifest: ShardManifest,
        samples: Iterator[SampleRecord],
        on_missing: Callable[[str], None],
    ) -> None:
        self._manifest = manifest
        self._format = format_of(manifest.format)
        self._samples = samples
        self._on_missing = on_missing
        self._index = -1
        self._files: dict[str, tuple[SampleRecord, FileRecord]] = {}

    def take(self, path: str) -> tuple[SampleRecord, FileRecord] | None:
        """The sample and record of an archive's next member; None when no sample has it."""
        manifest = self._manifest
        try:
            index, _ = self._format.locate(path)
        except ValueError:
            return None
        if not manifest.start <= index < manifest.stop:
            return None
        while self._index < index and self._next_sample():
            pass
        return self._files.pop(path, None)

    def finish(self) -> None:
        """Report every file that was not taken."""
        while self._next_sample():
            pass

    def _next_sample(self) -> bool:
        for path in self._files:
            self._on_missing(path)
        self._files = {}
        sample = next(self._samples, None)
        if sample is None:
            return False
        self._index = sample.index
        generator = self._manifest.generator
        self._files = {
            self._format.path(generator, sample, file.name): (sample, file) for file in sample.files
        }
        return True
