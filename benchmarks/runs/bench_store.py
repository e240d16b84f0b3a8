"""Store requests per sample, counted below the worker, at shards of 300 samples."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, Options, Row
from vrdata.contract.worker import ShardTask
from vrdata.local.run import open_settings
from vrdata.store.counting import CountingStore
from vrdata.store.opening import PrefixedStore
from vrdata_worker.image.catalogues import locate
from vrdata_worker.supervisor import Supervisor

SAMPLES = 300
GENERATOR = "O-shared"
GOAL = Goal(0.01, at_least=False)


def rows(options: Options) -> Iterator[Row]:  # noqa: ARG001 - a count does not vary
    """One shard, up to its commit marker, by a worker that is already running."""
    from support.datasets.workers import make_bench
    from support.generators.traps import add_traps

    with tempfile.TemporaryDirectory() as name:
        home = add_traps(Path(name), "shared")
        bench = make_bench(Path(name), home, {GENERATOR: SAMPLES}, shard_size=SAMPLES)
        store = CountingStore(PrefixedStore(open_settings(bench.config.store), bench.config.prefix))
        supervisor = Supervisor(
            bench.config,
            bench.prepared.plan,
            store,
            locate((home / "catalogue.json",)),
            bench.scratch,
            lambda _message: None,
        )
        try:
            supervisor.run([ShardTask(generator=GENERATOR, shard=0)])
        finally:
            supervisor.close()
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(store.counts.items()))
    yield Row("store", f"requests per sample ({counted})", GOAL, (store.total / SAMPLES,))
