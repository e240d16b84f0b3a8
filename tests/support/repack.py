"""Change a sample of a finished run and update every checksum, as if it had been generated so."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vrdata.dataset import layout
from vrdata.dataset.finish.finalise import finalise, succeed
from vrdata.dataset.formats.base import SourceFile
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import ShardManifest
from vrdata.dataset.reader import iter_commits, iter_samples, load_manifest, load_plan
from vrdata.plan.planned import ShardRange
from vrdata.store.opening import open_store

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
        manifest = load_manifest(store, generator, shard)
        if manifest.start <= step["sample"] < manifest.stop:
            files = {sample.index: body for sample, body in iter_samples(store, manifest)}
            if "copy_of" in step:
                files[step["sample"]] = files[step["copy_of"]]
            else:
                files[step["sample"]][step["file"]] = step["text"].encode()
            _commit(folder, plan.generator(generator).shard(shard), manifest, files)
    for name in (layout.DATASET, layout.INDEX, layout.SUCCESS):
        (folder / name).unlink()
    succeed(store, finalise(store, plan))


def _commit(
    folder: Path, shard: ShardRange, manifest: ShardManifest, files: Mapping[int, Files]
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        writer = format_of(manifest.format).open_writer(Path(scratch), shard)
        samples = tuple(
            sample.model_copy(
                update={
                    "files": writer.add(
                        sample.index,
                        sample.domain,
                        _sources(Path(scratch) / str(sample.index), files[sample.index]),
                    )
                }
            )
            for sample in manifest.samples
        )
        pending = writer.finish()
        for item in pending:
            shutil.copyfile(item.path, folder / item.key)
    data = tuple(item.data_object() for item in pending)
    marker = manifest.model_copy(update={"samples": samples, "data": data})
    key = layout.commit_key(manifest.generator, manifest.shard)
    (folder / key).write_bytes(marker.to_json())


def _sources(folder: Path, files: Files) -> list[SourceFile]:
    folder.mkdir()
    sources = []
    for name, body in sorted(files.items()):
        (folder / name).write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        sources.append(SourceFile(name, folder / name, len(body), digest))
    return sources
