"""Check one shard from the bytes in the store: marker, objects, checksums, contents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from vrdata.dataset import layout
from vrdata.dataset.formats.archive import MAX_FILE, Archive, DamagedArchiveError, Member
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import DataObject, FileRecord, SampleRecord, ShardManifest
from vrdata.dataset.markers import marker_problems
from vrdata.dataset.reader import load_manifest
from vrdata.dataset.verify.content_hash import FRAMES, PROMPT, ContentCheck
from vrdata.dataset.verify.decode import Decoder
from vrdata.dataset.verify.sample import Findings, check_file, check_required
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    ObjectNotFoundError,
    ObjectStore,
)

# What concerns one object; any other error of the store ends the verification.
_OF_ONE_OBJECT = (
    DamagedArchiveError,
    DigestMismatchError,
    InvalidInputError,
    KeyConflictError,
    ObjectNotFoundError,
)


class ShardCheck:
    """Checks shards of one run; threads may share it.

    Args:
        store: the run's store.
        plan: its plan.
        decoder: decodes images and videos; None leaves them alone.
    """

    def __init__(self, store: ObjectStore, plan: Plan, decoder: Decoder | None) -> None:
        self._store = store
        self._plan = plan
        self._plan_hash = plan.hash
        self._decoder = decoder

    def check(self, generator: str, shard: int) -> tuple[ShardManifest | None, Findings]:
        """The committed shard's marker (None when it cannot be read) and what was found.

        Memory: one file of the shard, 8 MiB, and the marker.

        Raises:
            StorageError: the store cannot be used.
        """
        findings = Findings()
        try:
            manifest = load_manifest(self._store, generator, shard)
        except _OF_ONE_OBJECT as error:
            where = layout.commit_key(generator, shard)
            findings.note("DamagedMarker", where, f"{error.what}: {error.why}")
            return None, findings
        findings.problems.extend(marker_problems(self._plan, self._plan_hash, manifest))
        _Samples(self._store, self._plan, self._decoder, manifest, findings).check()
        return manifest, findings


class _Samples:
    """The samples of one shard, each file read once and compared with the marker."""

    def __init__(
        self,
        store: ObjectStore,
        plan: Plan,
        decoder: Decoder | None,
        manifest: ShardManifest,
        findings: Findings,
    ) -> None:
        self._store = store
        self._block_size = plan.generator(manifest.generator).block_size
        self._decoder = decoder
        self._manifest = manifest
        self._format = format_of(manifest.format)
        self._findings = findings
        self._content = ContentCheck()

    def check(self) -> None:
        """Add to the findings. Raises StorageError."""
        for sample in self._manifest.samples:
            names = [file.name for file in sample.files]
            check_required(names, where=self._where(sample), findings=self._findings)
        if self._format.is_archive:
            for item in self._manifest.data:
                self._check_archive(item)
        else:
            for sample in self._manifest.samples:
                self._check_folder(sample)

    def _check_archive(self, item: DataObject) -> None:
        manifest, findings = self._manifest, self._findings
        info = next(self._store.list_after(item.key), None)
        if info is None or info.key != item.key:
            findings.note("MissingObject", item.key, "it is not there")
            return
        if info.size != item.size:
            message = f"it has {info.size} bytes, its commit marker says {item.size}"
            findings.note("ChecksumMismatch", item.key, message)
        expected = {
            self._format.path(manifest.generator, sample, record.name): (sample, record)
            for sample in manifest.samples
            for record in sample.files
        }
        archive = Archive(self._store, item.key, info.size)
        try:
            for member in archive.members():
                self._check_member(member, expected.pop(member.name, None))
            if archive.sha256() != item.sha256 and info.size == item.size:
                message = "it has other bytes than its commit marker says"
                findings.note("ChecksumMismatch", item.key, message)
        except _OF_ONE_OBJECT as error:
            findings.note("DamagedArchive", item.key, error.why or error.what)
        for path in expected:
            findings.note("MissingFile", f"{item.key}:{path}", "it is not in the archive")

    def _check_member(
        self, member: Member, expected: tuple[SampleRecord, FileRecord] | None
    ) -> None:
        manifest, findings = self._manifest, self._findings
        where = f"{manifest.data[0].key}:{member.name}"
        if expected is None:
            findings.note("ExtraFile", where, "no sample of the commit marker has it")
            return
        sample, record = expected
        if record.offset != member.offset:
            message = f"it begins at byte {member.offset}, its commit marker says {record.offset}"
            findings.note("WrongMarker", where, message)
        self._check_body(sample, record, member.body)

    def _check_folder(self, sample: SampleRecord) -> None:
        manifest, findings = self._manifest, self._findings
        folder = self._format.container(manifest, sample)
        there = {info.key: info.size for info in self._store.list_after(folder)}
        for record in sample.files:
            key = self._format.path(manifest.generator, sample, record.name)
            size = there.pop(key, None)
            if size is None:
                findings.note("MissingObject", key, "it is not there")
            elif size > MAX_FILE:
                findings.note("ChecksumMismatch", key, f"its {size} bytes are too many")
            else:
                try:
                    body = self._store.get(key)
                except _OF_ONE_OBJECT as error:
                    findings.note("MissingObject", key, error.what)
                    continue
                self._check_body(sample, record, body)

    def _check_body(self, sample: SampleRecord, record: FileRecord, body: bytes) -> None:
        findings = self._findings
        where = f"{self._where(sample)}/{record.name}"
        digest = hashlib.sha256(body).hexdigest()
        findings.files.append((sample.id, record.name, digest))
        if digest != record.sha256:
            message = "it has other bytes than its commit marker says"
            findings.note("ChecksumMismatch", where, message)
        elif len(body) != record.size:
            message = f"it has {len(body)} bytes, its commit marker says {record.size}"
            findings.note("WrongMarker", where, message)
        pixels = check_file(
            record.name,
            body,
            where=where,
            findings=findings,
            decoder=self._decoder,
            video=sample.video if sample.video and sample.video.name == record.name else None,
            metadata=self._metadata(sample),
            pixels=bool(sample.content) and record.name in FRAMES,
        )
        if digest == record.sha256:  # else the content differs, too, and that says nothing new
            part = body if record.name == PROMPT else pixels.encode()
            if not self._content.add(sample, record.name, part):
                message = "its content is not the one that its commit marker says"
                findings.note("WrongContent", self._where(sample), message)

    def _metadata(self, sample: SampleRecord) -> Mapping[str, Any]:
        """What the sample's metadata.json must say: docs/child-protocol.md, "Sample files"."""
        position = sample.index % self._block_size
        told = {"param_hash": sample.param_hash} if sample.param_hash else {}
        identity = {
            "task_id": sample.id,
            "generator": self._manifest.generator,
            "domain": sample.domain,
            "generation": {"seed": sample.seed, "block": sample.block, "position": position},
        }
        return identity | told

    def _where(self, sample: SampleRecord) -> str:
        return f"{self._manifest.generator}/{sample.id}"
