"""Start real worker processes on a stored plan."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cli import write_run
from vrdata.api.profile import default_profile
from vrdata.api.reading.loading import load_run
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.local.run import LocalOptions, Prepared, prepare

DEADLINE_SECONDS = 120
RESULTS = ("ShardCommitted", "ShardFailure")


@dataclass(frozen=True)
class Bench:
    """A stored plan and the configuration of its workers."""

    folder: Path
    prepared: Prepared
    config: WorkerConfig

    @property
    def out(self) -> Path:
        """The run's folder."""
        return self.folder / "out" / "default" / "demo"

    @property
    def scratch(self) -> Path:
        """Where workers keep temporary files."""
        return self.folder / "scratch"

    def command(self, *shards: str, **changes: Any) -> list[str]:
        """The command of a worker for `GENERATOR:INDEX`…, with changed settings."""
        path = self.folder / "worker.json"
        path.write_bytes(self.config.model_copy(update=changes).to_json())
        chosen = [word for shard in shards for word in ("--shard", shard)]
        return [sys.executable, "-m", "vrdata_worker", "--config", str(path), *chosen]

    def start(self, *shards: str, **changes: Any) -> subprocess.Popen[str]:
        """Start a worker."""
        return subprocess.Popen(
            self.command(*shards, **changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def work(self, *shards: str, **changes: Any) -> tuple[int, list[dict[str, Any]], str]:
        """Run a worker until it ends; returns exit code, outcomes of shards, standard error."""
        return finished(self.start(*shards, **changes))


def finished(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]], str]:
    """Wait for a worker; returns exit code, outcomes of shards, standard error."""
    out, err = process.communicate(timeout=DEADLINE_SECONDS)
    messages = [json.loads(line) for line in out.splitlines()]
    return process.returncode, [each for each in messages if each["kind"] in RESULTS], err


def make_bench(folder: Path, home: Path | None, generators: dict[str, int], **run: Any) -> Bench:
    """Plan a run below `folder` and store the plan; `run` as `write_run`."""
    options = LocalOptions(
        store=StoreSettings(url=str(folder / "out")),
        catalogues=() if home is None else (home / "catalogue.json",),
    )
    loaded = load_run(write_run(folder / "run.yaml", generators, **run))
    prepared = prepare(loaded, default_profile(), options)
    (folder / "scratch").mkdir()
    config = WorkerConfig(
        store=options.store,
        prefix=prepared.prefix,
        plan=prepared.plan.hash,
        catalogues=tuple(str(path) for path in options.catalogues),
        scratch=str(folder / "scratch"),
    )
    return Bench(folder, prepared, config)
