"""Change a sample of a finished run and update every checksum, as if it had been generated so."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.markers import marker_bytes
from vrdata.dataset import layout
from vrdata.dataset.commits import iter_commits, iter_records, read_head
from vrdata.dataset.formats.base import SourceFile
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import Record, SampleRecord, ShardManifest
from vrdata.dataset.outputs import succeed, summarise
from vrdata.dataset.plans import load_plan
from vrdata.dataset.reader import iter_samples
from vrdata.plan.planned import ShardRange
from vrdata.store.opening import open_store
from vrdata_worker.draft import describe_data

Files = dict[str, bytes]


def repack(folder: Path, step: Mapping[str, Any]) -> None:
    """Write a shard of a run again, with its marker, index, summary and hash.

    Args:
        folder: the run.
        step: `sample` (index) and either `file` and its new `text`, or `copy_of` (index of the
            sample in the same shard whose files it gets).
    """
    store = open_store(str(folder))
    plan = load_plan(store)
    for generator, shard in list(iter_commits(store)):
        manifest = read_head(store, generator, shard)
        if manifest.start <= step["sample"] < manifest.stop:
            files = {sample.index: body for sample, body in iter_samples(store, manifest)}
            if "copy_of" in step:
                files[step["sample"]] = files[step["copy_of"]]
            else:
                files[step["sample"]][step["file"]] = step["text"].encode()
            records = list(iter_records(store, manifest))
            _commit(folder, plan.generator(generator).shard(shard), manifest, records, files)
    (folder / layout.SUCCESS).unlink()
    shutil.rmtree(folder / layout.INDEX)
    summary, _ = summarise(store, plan, detect=False)
    succeed(store, summary)


def _commit(
    folder: Path,
    shard: ShardRange,
    manifest: ShardManifest,
    records: Sequence[Record],
    files: Mapping[int, Files],
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        writer = format_of(manifest.format).open_writer(Path(scratch), shard)
        packed = [
            record.model_copy(
                update={
                    "files": writer.add(
                        record.index,
                        record.domain,
                        _sources(Path(scratch) / str(record.index), files[record.index]),
                    )
                }
            )
            if isinstance(record, SampleRecord)
            else record
            for record in records
        ]
        pending = writer.finish()
        for item in pending:
            shutil.copyfile(item.path, folder / item.key)
    archive, _ = describe_data(manifest.format, [item.data_object() for item in pending])
    key = layout.commit_key(manifest.generator, manifest.shard)
    body = marker_bytes(manifest.model_copy(update={"archive": archive}), packed)
    (folder / key).write_bytes(body)


def _sources(folder: Path, files: Files) -> list[SourceFile]:
    folder.mkdir()
    sources = []
    for name, body in sorted(files.items()):
        (folder / name).write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        sources.append(SourceFile(name, folder / name, len(body), digest))
    return sources
