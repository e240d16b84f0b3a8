"""Run a finished run of 1000 shards again, against a bare listing of its commit markers.

Both are whole processes: what a user waits for, and what listing costs in Python at all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.measure import Goal, NotMeasuredError, Options, Row, interleaved, ratios, run

SHARDS = 1000
GENERATOR = "O-sliding-tiles"
GOAL = Goal(1.5, at_least=False)
DEADLINE_SECONDS = 1200
_LIST = """
import sys
from vrdata.store.opening import open_store
found = sum(1 for _ in open_store(sys.argv[1]).list_after("default/demo/_vrdata/commits/"))
sys.exit(found != int(sys.argv[2]))
"""


def rows(options: Options) -> Iterator[Row]:
    """In a folder, and on a real S3 server."""
    from support.s3server import running_s3_server  # noqa: PLC0415 - found by benchmarks.__main__

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield _compared(folder, str(folder / "out"), {}, options.repeats)
        if not _has_s3_server():
            raise NotMeasuredError("noop.s3 needs versitygw: hack/install-test-tools")
        with running_s3_server(folder / "s3") as server:
            url = f"s3://{server.make_bucket('again')}"
            yield _compared(folder, url, server.environment, options.repeats)


def _compared(folder: Path, url: str, environment: Mapping[str, str], repeats: int) -> Row:
    from support.cli import command, write_run  # noqa: PLC0415 - found by benchmarks.__main__

    path = write_run(folder / "run.yaml", {GENERATOR: SHARDS}, shard_size=1, block_size=1)
    words = command("run", path, "--local", "--out", url)
    subprocess.run(
        words,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=DEADLINE_SECONDS,
        check=True,
    )
    rounds = interleaved(
        repeats,
        lambda: run(words, env=environment).wall,
        lambda: run([sys.executable, "-c", _LIST, url, SHARDS], env=environment).wall,
    )
    name = "noop.s3" if url.startswith("s3://") else "noop.files"
    return Row(name, "finished run again / bare listing", GOAL, ratios(rounds))


def _has_s3_server() -> bool:
    import pytest  # noqa: PLC0415 - the helper reports a missing tool the tests' way

    from support.s3server import versitygw  # noqa: PLC0415

    try:
        versitygw()
    except (pytest.skip.Exception, pytest.fail.Exception):
        return False
    return True
