"""Check a stored run against an undisturbed one: read every byte and trust no commit marker.

Format webdataset. The plan says which objects must exist; the undisturbed run says which bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chaos.audits.archives import ID, Files, Member, Sample, hash_of, members_of
from vrdata.dataset import layout
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore
from vrdata.store.probe import PROBE_PREFIX

Kind = Literal[
    "missing", "doubled", "torn", "orphaned", "marker differs", "output differs", "hash differs"
]
_RECORDS = re.compile(rf"({layout.FAILURES}|{layout.DIFFERENCES})([^/]+)/(\d+)/\d+\.json")
_OUTPUTS = {layout.DATASET, layout.CARD, layout.SUCCESS}


@dataclass(frozen=True, order=True)
class Finding:
    """One kind of damage of one object."""

    kind: Kind
    key: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.key}{f': {self.detail}' if self.detail else ''}"


@dataclass(frozen=True)
class Undisturbed:
    """What a run stores that nobody disturbs.

    Attributes:
        plan: its plan.
        archives: sha256 of each data object.
        samples: the files of each sample.
        dataset_hash: over all files.
    """

    plan: Plan
    archives: Mapping[str, str]
    samples: Mapping[Sample, Files]
    dataset_hash: str


def undisturbed(store: ObjectStore) -> Undisturbed:
    """Read every data object of a finished run; its samples must be whole and complete."""
    plan = Plan.model_validate_json(store.get(layout.PLAN))
    archives: dict[str, str] = {}
    samples: dict[Sample, dict[str, str]] = {}
    for shard in plan.all_shards():
        body = store.get(layout.shard_tar_key(*shard))
        archives[layout.shard_tar_key(*shard)] = hashlib.sha256(body).hexdigest()
        for member in members_of(body):
            samples.setdefault((shard.generator, member.index), {}).update(member.facts)
    wanted = {(one.name, at) for one in plan.generators for at in range(one.start, one.stop)}
    assert set(samples) == wanted, "the undisturbed run is not complete"
    return Undisturbed(plan, archives, samples, hash_of(samples))


def audit(store: ObjectStore, calm: Undisturbed) -> list[Finding]:
    """All damage of a run that says it has succeeded; sorted, empty if there is none."""
    return sorted(set(_Audit(store, calm).findings()))


class _Audit:
    """Reads one run once."""

    def __init__(self, store: ObjectStore, calm: Undisturbed) -> None:
        self._store, self._calm = store, calm
        self._keys = Counter(entry.key for entry in store.list_after(""))
        self._bodies: dict[str, list[Member]] = {}
        self._samples: dict[Sample, dict[str, str]] = {}

    def findings(self) -> Iterator[Finding]:
        yield from self._objects()
        for shard in self._calm.plan.all_shards():
            yield from self._data(shard)
            yield from self._marker(shard)
        yield from self._outputs()

    def _objects(self) -> Iterator[Finding]:
        """Objects that must exist and do not, and objects that nothing explains."""
        plan = self._calm.plan
        shards = set(plan.all_shards())
        wanted = {layout.PLAN, *_OUTPUTS, *self._calm.archives}
        wanted |= {layout.commit_key(*shard) for shard in shards}
        wanted |= {layout.index_key(one.name) for one in plan.generators}
        wanted |= {f"{layout.REPORT}index.html"}
        for key in sorted(wanted - set(self._keys)):
            yield Finding("missing", key)
        for key, count in self._keys.items():
            if count > 1:
                yield Finding("doubled", key, "listed more than once")
            record = _RECORDS.fullmatch(key)
            explained = (
                key in wanted
                or key == layout.DATA_READ  # a hint
                or key.startswith((PROBE_PREFIX, layout.REPORT))  # a killed run leaves its probe
                or re.fullmatch(rf"{layout.WAVES}\d{{4,}}\.json", key)
                or (record and Shard(record[2], int(record[3])) in shards)
            )
            if not explained:
                yield Finding("orphaned", key)
            elif key.startswith(layout.DIFFERENCES):
                yield Finding("doubled", key, "an attempt generated other bytes")

    def _data(self, shard: Shard) -> Iterator[Finding]:
        key, calm = layout.shard_tar_key(*shard), self._calm
        if key not in self._keys:
            return
        body = self._store.get(key)
        same = hashlib.sha256(body).hexdigest() == calm.archives[key]
        try:
            members = members_of(body)
        except (tarfile.TarError, ValueError) as error:
            yield Finding("torn", key, str(error))
            return
        if not same:
            yield Finding("torn", key, "its bytes are not those of the undisturbed run")
        self._bodies[key] = members
        yield from self._files(shard, key, members)

    def _files(self, shard: Shard, key: str, members: list[Member]) -> Iterator[Finding]:
        """The files of an archive, against those of the undisturbed run."""
        calm = self._calm
        planned = calm.plan.generator(shard.generator).shard(shard.number)
        for name, count in Counter((one.index, one.name) for one in members).items():
            if count > 1:
                yield Finding("doubled", key, f"{name[1]} of sample {name[0]}")
        for member in members:
            sample = (shard.generator, member.index)
            if not planned.start <= member.index < planned.stop:
                yield Finding("doubled", key, f"sample {member.index} is of another shard")
            if calm.samples.get(sample, {}).get(member.name) != member.sha256:
                yield Finding("torn", key, f"{member.name} of sample {member.index} differs")
            self._samples.setdefault(sample, {}).update(member.facts)
        for index in range(planned.start, planned.stop):
            stored = self._samples.get((shard.generator, index), {})
            for name in sorted(set(calm.samples[shard.generator, index]) - set(stored)):
                yield Finding("missing", key, f"{name} of sample {index}")

    def _marker(self, shard: Shard) -> Iterator[Finding]:
        """What a marker says, against the bytes that were read."""
        key, data = layout.commit_key(*shard), layout.shard_tar_key(*shard)
        if key not in self._keys:
            return
        head_line, _, rest = self._store.get(key).partition(b"\n")
        try:
            head = json.loads(head_line)
            records = [json.loads(line) for line in rest.splitlines()]
        except ValueError as error:
            yield Finding("torn", key, str(error))
            return
        digest = self._calm.archives[data]
        said = [
            ("plan", head["plan"], self._calm.plan.hash),
            ("archive.key", head["archive"]["key"], data),
            ("archive.sha256", head["archive"]["sha256"], digest),
            ("records.sha256", head["records"]["sha256"], hashlib.sha256(rest).hexdigest()),
            ("samples", head["samples"], len({one.index for one in self._bodies.get(data, [])})),
        ]
        for name, marked, found in said:
            if marked != found and (data in self._bodies or name != "samples"):
                yield Finding("marker differs", key, f"{name} is {marked}, the data have {found}")
        if data in self._bodies and _recorded(records) != _stored(self._bodies[data]):
            yield Finding("marker differs", key, "its records are not the members of the archive")

    def _outputs(self) -> Iterator[Finding]:
        calm = self._calm
        found = hash_of(self._samples)
        if found != calm.dataset_hash:
            yield Finding("hash differs", "(all data)", f"{found}, not {calm.dataset_hash}")
        for key, read in ((layout.DATASET, _summary_hash), (layout.SUCCESS, _text)):
            if key in self._keys:
                said = read(self._store.get(key))
                if said != calm.dataset_hash:
                    yield Finding("output differs", key, f"{said}, not {calm.dataset_hash}")
        for planned in calm.plan.generators:
            key = layout.index_key(planned.name)
            if key in self._keys:
                yield from self._index(key, planned.name)

    def _index(self, key: str, generator: str) -> Iterator[Finding]:
        import pyarrow.lib
        import pyarrow.parquet as pq

        try:
            rows = (
                pq.ParquetFile(io.BytesIO(self._store.get(key))).read(use_threads=False).to_pylist()
            )
        except pyarrow.lib.ArrowException as error:
            yield Finding("torn", key, str(error))
            return
        for index, count in Counter(row["index"] for row in rows).items():
            if count > 1:
                yield Finding("doubled", key, f"sample {index}")
        found = {
            row["index"]: {file["name"]: file["sha256"] for file in row["files"]} | {ID: row["id"]}
            for row in rows
        }
        wanted = {
            at: files for (name, at), files in self._calm.samples.items() if name == generator
        }
        if found != wanted:
            yield Finding("output differs", key, "its rows are not the samples")


def _recorded(records: list[dict[str, Any]]) -> set[tuple[object, ...]]:
    return {
        (record["index"], file["name"], file["offset"], file["size"], file["sha256"])
        for record in records
        for file in record.get("files", [])
    }


def _stored(members: list[Member]) -> set[tuple[object, ...]]:
    return {(one.index, one.name, one.offset, one.size, one.sha256) for one in members}


def _summary_hash(body: bytes) -> str:
    return str(json.loads(body)["datasetHash"])


def _text(body: bytes) -> str:
    return body.decode().strip()
