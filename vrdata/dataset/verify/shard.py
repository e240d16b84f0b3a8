"""Check one shard from the bytes in the store: commit marker, objects, checksums, contents."""

from __future__ import annotations

from collections.abc import Iterator

from vrdata.dataset import layout
from vrdata.dataset.checks.markers import checked_records, head_problems
from vrdata.dataset.checks.problems import Problem
from vrdata.dataset.commits import DamagedMarkerError, open_marker
from vrdata.dataset.finish.duplicates import RunDuplicates
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.manifest import Record, SampleRecord, ShardManifest
from vrdata.dataset.verify.objects import ObjectCheck
from vrdata.dataset.verify.sample.check import Findings, SampleCheck
from vrdata.dataset.verify.sample.decode import Decoder
from vrdata.dataset.verify.strays import SampleFiles
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectNotFoundError, ObjectStore


class ShardCheck:
    """Checks shards of one run; threads may share it.

    Args:
        store: the run's store.
        plan: its plan.
        decoder: decodes images and videos; None skips decoding.
        hasher: gets every file of a sample that was read.
        files: gets every sample of a commit marker.
        duplicates: gets the content hash of every sample of a commit marker.
    """

    def __init__(  # noqa: PLR0913 - what takes the samples
        self,
        store: ObjectStore,
        plan: Plan,
        decoder: Decoder | None,
        hasher: DatasetHasher,
        files: SampleFiles,
        duplicates: RunDuplicates,
    ) -> None:
        self._store = store
        self._plan = plan
        self._plan_hash = plan.hash
        self._decoder = decoder
        self._hasher = hasher
        self._files = files
        self._duplicates = duplicates

    def check(self, generator: str, shard: int) -> tuple[ShardManifest | None, Findings]:
        """The committed shard's manifest (None when it cannot be read) and what was found.

        Memory: one file of the shard, 8 MiB of its archive, and 1 MiB of its marker.

        Raises:
            StorageError: the store cannot be used.
        """
        findings = Findings()
        manifest = None
        try:
            marker = open_marker(self._store, generator, shard)
            manifest = marker.manifest
            findings.problems.extend(head_problems(self._plan, self._plan_hash, manifest))
            self._check_data(manifest, marker.records, findings)
        except ObjectNotFoundError as error:  # removed since it was listed
            findings.note("DamagedMarker", layout.commit_key(generator, shard), error.what)
        except DamagedMarkerError as error:
            found = f"{error.what}: {error.why}; {error.fix}"
            findings.note("DamagedMarker", layout.commit_key(generator, shard), found)
        return manifest, findings

    def _check_data(
        self, manifest: ShardManifest, records: Iterator[Record], findings: Findings
    ) -> None:
        def report(problem: Problem) -> None:
            findings.problems.extend([problem])

        checked = checked_records(self._plan, self._plan_hash, manifest, records, report)
        block_size = self._plan.generator(manifest.generator).block_size
        sample_check = SampleCheck(
            manifest.generator, block_size, self._decoder, self._hasher, findings
        )
        samples = self._counted(manifest, checked, findings)
        ObjectCheck(self._store, manifest, sample_check, findings).check(samples)

    def _counted(
        self, manifest: ShardManifest, records: Iterator[Record], findings: Findings
    ) -> Iterator[SampleRecord]:
        """The samples among the records."""
        for record in records:
            if isinstance(record, SampleRecord):
                findings.samples += 1
                self._files.add(manifest, record)
                self._duplicates.add(manifest.generator, record.id, record.index, record.content)
                yield record
            else:
                findings.dropped.add(Shard(manifest.generator, manifest.shard), record)
        self._files.add_shard(manifest)
