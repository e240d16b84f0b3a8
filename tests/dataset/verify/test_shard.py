"""Checking one shard: memory does not grow with its samples; a damaged marker is one problem."""

from __future__ import annotations

import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from support.memorystore import MemoryStore
from vrdata.bounded.sorting import SortedLines
from vrdata.dataset import commits, layout
from vrdata.dataset.finish.duplicates import RunDuplicates
from vrdata.dataset.formats import archive
from vrdata.dataset.formats.parquet import stored
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.verify.sample.check import Findings
from vrdata.dataset.verify.shard import ShardCheck
from vrdata.dataset.verify.strays import SampleFiles
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan
from vrdata.store.file.store import FileStore
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import read_chunks

NAME = "O-1_maze"
MARKER = layout.commit_key(NAME, 0)


def run_of(samples: int, output_format: OutputFormat) -> tuple[MemoryStore, Plan]:
    """A run of one shard, with two small files a sample."""

    def keep_two_files(_index: int, files: dict[str, bytes]) -> None:
        for name in set(files) - {"first_frame.png", "prompt.txt"}:
            del files[name]

    store = MemoryStore()
    plan = make_plan({NAME: samples}, shard_blocks=samples, output_format=output_format)
    build_run(store, plan, change=keep_two_files)
    return store, plan


def in_a_folder(store: MemoryStore, folder: Path) -> FileStore:
    """The same objects as files, which are listed without listing all of them."""
    for key, body in store.objects.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
    return FileStore(folder)


def check(store: ObjectStore, plan: Plan) -> tuple[int, Findings]:
    """Peak memory in bytes, and what was found."""
    with DatasetHasher() as hasher, SampleFiles(plan) as files, RunDuplicates([NAME]) as duplicates:
        tracemalloc.start()
        shard_check = ShardCheck(store, plan, None, hasher, files, duplicates)
        manifest, findings = shard_check.check(NAME, 0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert manifest is not None
    return peak, findings


# Not in a tar.gz: such small files fit into one buffer of the decompressor.
# Of a table, one row group of at most 100 samples is read at a time.
@pytest.mark.parametrize(
    ("output_format", "few", "many"),
    [("webdataset", 30, 150), ("files", 30, 150), ("parquet", 100, 300)],
)
def test_memory_does_not_grow_with_the_samples_of_a_shard(
    output_format: OutputFormat,
    few: int,
    many: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(SortedLines, "add", lambda _self, _line: None)  # its memory is bounded
    monkeypatch.setattr(commits, "CHUNK", 8192)
    monkeypatch.setattr(archive, "read_chunks", partial(read_chunks, chunk=16384))
    monkeypatch.setattr(stored, "CHUNK", 8192)
    peaks = []
    for samples in (few, many):
        store, plan = run_of(samples, output_format)
        peak, findings = check(in_a_folder(store, tmp_path / str(samples)), plan)
        assert findings.samples == samples
        assert findings.problems.counts == {}
        peaks.append(peak)
    assert peaks[1] < 1.3 * peaks[0]


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
def test_a_marker_truncated_in_its_records_is_one_problem_that_names_the_fix(
    output_format: OutputFormat,
) -> None:
    store, plan = run_of(40, output_format)
    store.objects[MARKER] = store.objects[MARKER][:-300]
    _, findings = check(store, plan)
    (problem,) = findings.problems.kept
    assert (problem.kind, problem.where) == ("DamagedMarker", MARKER)
    assert problem.message.endswith(
        f"remove {MARKER}, then run the same file again: vrdata run FILE --local --out OUT"
    )
