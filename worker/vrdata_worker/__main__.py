"""The worker: `python -m vrdata_worker --config FILE [--shard GENERATOR:INDEX]…`.

Without --shard, standard input has one line with the secrets (vrdata.privacy.handover), and then
tasks as JSON lines until it ends. Messages (vrdata.contract.messages) go to standard output as JSON
lines; the exit code is the first failure's, or 0.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from vrdata.contract.worker import ShardTask
from vrdata_worker.serve import serve


def main() -> int:
    """Run one worker process; returns its exit code."""
    arguments = _parse()
    return serve(arguments.config, arguments.shard)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vrdata_worker", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="a WorkerConfig as JSON")
    parser.add_argument(
        "--shard", action="append", default=[], type=_shard, metavar="GENERATOR:INDEX"
    )
    return parser.parse_args()


def _shard(text: str) -> ShardTask:
    name, _, index = text.rpartition(":")
    return ShardTask(generator=name, shard=int(index))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # An upload thread may still wait for the network; what it uploads would not be committed.
    os._exit(code)
