"""Run a finished run of 1000 shards again, against a bare listing of its markers and data.

Planning, reading and reporting count on both sides; starting an interpreter counts on neither.
The table shows the seconds of the whole command beside the ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.measure import Goal, NotMeasuredError, Options, Row, interleaved, run

SHARDS = 1000
GENERATOR = "O-sliding-tiles"
GOAL = Goal(1.5, at_least=False)
DEADLINE_SECONDS = 1200
_AGAIN = """
import json, sys, time
from pathlib import Path
from vrdata.api.reading.loading import load_run
from vrdata.api.profile import default_profile
from vrdata.local.execution.executor import ExecutionResult
from vrdata.local.finish import finish
from vrdata.local.run import LocalOptions, prepare
from vrdata.store.opening import open_store
from vrdata.contract.worker import StoreSettings

def again():
    options = LocalOptions(store=StoreSettings(url=sys.argv[2]))
    prepared = prepare(load_run(Path(sys.argv[1])), default_profile(), options)
    return finish(prepared, ExecutionResult(), seconds=0, detect=False).samples

def listing():
    store = open_store(sys.argv[2])
    folders = ("default/demo/_vrdata/commits/", "default/demo/shards/")
    return sum(1 for folder in folders for _ in store.list_after(folder)) // 2

def seconds(work):
    start = time.perf_counter()
    assert work() == int(sys.argv[3])
    return time.perf_counter() - start

again(), listing()
print(json.dumps([(seconds(again), seconds(listing)) for _ in range(int(sys.argv[4]))]))
"""


def rows(options: Options) -> Iterator[Row]:
    """In a folder, and on a real S3 server."""
    from support.services.s3server import running_s3_server

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield _compared(folder, str(folder / "out"), {}, options.repeats)
        if not _has_s3_server():
            raise NotMeasuredError("noop.s3 needs versitygw: run hack/install-test-tools")
        with running_s3_server(folder / "s3") as server:
            url = f"s3://{server.make_bucket('again')}"
            yield _compared(folder, url, server.environment, options.repeats)


def _compared(folder: Path, url: str, environment: Mapping[str, str], repeats: int) -> Row:
    from support.cli import command, write_run

    path = write_run(folder / "run.yaml", {GENERATOR: SHARDS}, shard_size=1, block_size=1)
    words = command("run", path, "--local", "--out", url)
    run(words, env=environment)
    whole = min(cost for (cost,) in interleaved(2, lambda: run(words, env=environment).wall))
    done = subprocess.run(
        [sys.executable, "-c", _AGAIN, path, url, str(SHARDS), str(repeats)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        timeout=DEADLINE_SECONDS,
        check=True,
    )
    figures = tuple(ours / bare for ours, bare in json.loads(done.stdout))
    name = "noop.s3" if url.startswith("s3://") else "noop.files"
    return Row(name, f"finished run again / bare listing (command: {whole:.2f} s)", GOAL, figures)


def _has_s3_server() -> bool:
    import pytest

    from support.services.s3server import versitygw

    try:
        versitygw()
    except (pytest.skip.Exception, pytest.fail.Exception):
        return False
    return True
