"""Find objects that no plan knows: a reader that lists the store would take them for data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from vrdata.dataset import layout
from vrdata.dataset.problems import Problem, ProblemLog, problem
from vrdata.plan.model import Plan
from vrdata.store.port import ObjectStore

_FILES_KEY = re.compile(r"questions/(([^/]+)/([^/]+)_task/[^/]+_([0-9]{8,}))/[^/]+")


def stray_problems(store: ObjectStore, plan: Plan) -> tuple[set[tuple[str, int]], ProblemLog]:
    """The plan's shards that have a marker, and what lies beside markers and data.

    Two listings; memory grows with shards, not with samples.

    Raises:
        StorageError: the store cannot be used.
    """
    committed: set[tuple[str, int]] = set()
    log = ProblemLog()
    shards = {planned.name: planned.shards for planned in plan.generators}
    for info in store.list_after(layout.COMMITS):
        try:
            generator, shard = layout.parse_commit_key(info.key)
        except ValueError:
            generator, shard = "", 0
        if shard < shards.get(generator, 0) and info.key == layout.commit_key(generator, shard):
            committed.add((generator, shard))
        else:
            log.extend([problem("ExtraMarker", info.key, "the plan has no such shard")])
    log.extend(_stray_data(store, plan))
    return committed, log


def _stray_data(store: ObjectStore, plan: Plan) -> Iterator[Problem]:
    known = _known_archives(plan) if plan.output.format != "files" else frozenset()
    samples = {planned.name: planned.samples for planned in plan.generators}
    for folder in ("questions/", "shards/"):
        for info in store.list_after(folder):
            if plan.output.format == "files":
                fits = _is_sample_file(info.key, samples)
            else:
                fits = info.key in known
            if not fits:
                yield problem("ExtraObject", info.key, "the plan has no such data object")


def _is_sample_file(key: str, samples: Mapping[str, int]) -> bool:
    match = _FILES_KEY.fullmatch(key)
    if match is None:
        return False
    folder, generator, domain, index = match.groups()
    planned = int(index) < samples.get(generator, 0)
    return planned and folder == layout.sample_folder(generator, domain, int(index))


def _known_archives(plan: Plan) -> frozenset[str]:
    ranges = (planned.shard(at) for planned in plan.generators for at in range(planned.shards))
    if plan.output.format == "webdataset":
        return frozenset(layout.shard_tar_key(one.generator, one.shard) for one in ranges)
    return frozenset(layout.shard_targz_key(one.generator, one.start, one.stop) for one in ranges)
