"""What the operator adds to the time of a run, compared with the same worker Job applied by hand.

Both run shards of one sample on a node, eight pods at a time, in turn. The Job by hand is a copy of
the run's own Job: the same pods, the same plan and wave file in another folder of the bucket.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Goal, NotMeasuredError, Options, Row, interleaved

if TYPE_CHECKING:
    from support.cluster.installation import Installation
    from support.cluster.runs import Run

PARALLELISM = 8
SECONDS = 3600.0  # deadline of one way
NAMESPACE = "measured"
Json = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Seconds of one way.

    Attributes:
        total: from the request until the run is Finished, or until the Job is Complete.
        shards: from the request until the last commit marker.
    """

    total: float
    shards: float


def rows(options: Options) -> Iterator[Row]:
    """Two ratios, and the time from the last marker until the run is Finished."""
    from support.cluster.artifacts.binaries import MissingToolError
    from support.cluster.installation import install

    with tempfile.TemporaryDirectory() as empty:
        try:
            installed = install(Path(empty))
        except MissingToolError as error:
            raise NotMeasuredError(str(error)) from None
    os.environ.update(installed.bucket.environment)
    try:
        installed.helm_install(installed.values())
        ways = _Ways(installed, options.shards)
        rounds = interleaved(options.repeats, ways.by_operator, ways.by_hand, warm=False)
    finally:
        installed.node.stop()
    yield from _rows(rounds)


def _rows(rounds: list[tuple[Measured, ...]]) -> Iterator[Row]:
    whole = tuple(run.total / job.total for run, job in rounds)
    shards = tuple(run.shards / job.shards for run, job in rounds)
    ends = tuple(run.total - run.shards for run, _ in rounds)
    yield _row("run", "a run until Finished / its Job by hand until Complete", 1.05, "", whole)
    yield _row("shards", "the same until the last commit marker", 1.05, "", shards)
    yield _row("end", "from the last commit marker until Finished", 5, " s", ends)


def _row(name: str, meaning: str, bound: float, unit: str, figures: tuple[float, ...]) -> Row:
    return Row(f"cluster.{name}", meaning, Goal(bound, at_least=False, unit=unit), figures)


class _Ways:
    """Both ways of generating the same shards."""

    def __init__(self, installed: Installation, shards: int) -> None:
        from support.cluster.runs import start_run

        self._installed = installed
        self._shards = shards
        self._start = start_run
        self._numbers = itertools.count()
        self._job: Json = {}
        installed.namespace(NAMESPACE)
        # The first run of an image also reads its catalogue.
        self._finish(self._run("warm", 1))

    def by_operator(self) -> Measured:
        """Apply a run."""
        begun = time.time()
        run = self._run(f"run-{next(self._numbers)}", self._shards)
        self._finish(run)
        end = time.time()
        (self._job,) = (job for job in run.jobs() if job["metadata"]["name"].endswith("-w0"))
        return Measured(end - begun, _last_marker(run) - begun)

    def by_hand(self) -> Measured:
        """Apply the Job of a run, for another folder of the bucket."""
        run = self._run_for_copy()
        begun = time.time()
        self._create(self._copy(run))
        _poll(lambda: self._is_complete(run.name))
        return Measured(time.time() - begun, _last_marker(run) - begun)

    def _run(self, name: str, shards: int) -> Run:
        spec = {
            "parallelism": PARALLELISM,
            "shardSize": 1,
            "generators": [{"name": "O-maze", "samples": shards, "blockSize": 1}],
        }
        return self._start(self._installed, NAMESPACE, name, spec)

    def _finish(self, run: Run) -> None:
        _poll(lambda: run.condition("Finished").get("status") == "True")
        if run.condition("Succeeded")["status"] != "True":
            raise NotMeasuredError(f"the run failed: {run.condition('Succeeded')['message']}")

    def _run_for_copy(self) -> Run:
        """Where the Job by hand writes, with the plan and the wave of the run before it."""
        from support.cluster.runs import Run

        if not self._job:
            self.by_operator()
        source = Run(self._installed, NAMESPACE, self._job["metadata"]["labels"]["vrdata.dev/run"])
        target = Run(self._installed, NAMESPACE, f"job-{next(self._numbers)}")
        for key in ("_vrdata/plan.json", "_vrdata/waves/0000.json"):
            folder = self._installed.bucket.folder / "runs" / NAMESPACE
            body = (folder / source.name / key).read_bytes()
            path = folder / target.name / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return target

    def _copy(self, target: Run) -> Json:
        spec: Json = json.loads(json.dumps(self._job["spec"]))
        for field in ("selector", "manualSelector"):
            spec.pop(field, None)
        spec["template"]["metadata"] = {"labels": {"measured": target.name}}
        (container,) = spec["template"]["spec"]["containers"]
        for variable in container["env"]:
            if variable["name"] == "VRDATA_TASK":
                task = json.loads(variable["value"])
                task["shard"]["config"]["prefix"] = f"{NAMESPACE}/{target.name}/"
                variable["value"] = json.dumps(task)
        metadata = {"name": target.name, "namespace": NAMESPACE}
        # The operator lowers the parallelism when fewer shards are left.
        spec |= {"parallelism": PARALLELISM}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}

    def _create(self, manifest: Json) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(manifest, file)
            file.flush()
            self._installed.node.kubectl("create", "-f", file.name)

    def _is_complete(self, name: str) -> bool:
        text = self._installed.node.kubectl("get", "job", name, "-n", NAMESPACE, "-o", "json")
        conditions = json.loads(text).get("status", {}).get("conditions") or []
        if any(one["type"] == "Failed" and one["status"] == "True" for one in conditions):
            raise NotMeasuredError(f"the Job by hand failed: {conditions}")
        return any(one["type"] == "Complete" and one["status"] == "True" for one in conditions)


def _last_marker(run: Run) -> float:
    """When the last commit marker was written, in seconds since the epoch."""
    folder = run.installed.bucket.folder / "runs" / run.namespace / run.name / "_vrdata" / "commits"
    return max(float(path.stat().st_mtime) for path in folder.rglob("*") if path.is_file())


def _poll(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            moment = dt.datetime.now(dt.UTC).isoformat()
            raise NotMeasuredError(f"not within {SECONDS:.0f} s, at {moment}")
        time.sleep(0.3)
