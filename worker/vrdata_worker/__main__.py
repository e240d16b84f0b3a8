"""The worker: `python -m vrdata_worker --config FILE [--shard GENERATOR:INDEX]…`.

Without --shard, standard input has one line with the secrets (vrdata.privacy.handover), and then
tasks as JSON lines until it ends. Messages (vrdata.contract.messages) go to standard output as JSON
lines; the exit code is the first failure's, or 0.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from pydantic import ValidationError

from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import ShardTask, WorkerConfig
from vrdata.errors import VrdataError
from vrdata.model import Model
from vrdata.privacy.handover import take_over
from vrdata.privacy.process import close_process
from vrdata.store.patient import stop_waiting
from vrdata_worker.failures import PreemptedError, ShardFailedError, failure_of_process
from vrdata_worker.run import run_tasks

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> int:
    """Run one worker process; returns its exit code."""
    arguments = _parse()
    close_process()
    signal.signal(signal.SIGTERM, _preempt)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the executor decides, by SIGTERM
    if not arguments.shard:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        if not arguments.shard:
            take_over(sys.stdin)
        config = WorkerConfig.model_validate_json(arguments.config.read_bytes())
        return int(run_tasks(config, _tasks(arguments.shard), _emit))
    except PreemptedError:
        return int(WorkerExit.PREEMPTED)
    except ShardFailedError as error:
        return _fail(error.failure.message, error.failure.reason.exit)
    except VrdataError as error:
        failure = failure_of_process(error)
        return _fail(failure.message, failure.reason.exit)
    except (ValidationError, OSError) as error:
        return _fail(f"{arguments.config}: {error}", WorkerExit.CONTRACT_MISMATCH)


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


def _preempt(_signal: int, _frame: FrameType | None) -> None:
    stop_waiting()
    raise PreemptedError


def _fail(message: str, code: WorkerExit) -> int:
    sys.stderr.write(message + "\n")
    return int(code)


def _tasks(shards: list[ShardTask]) -> Iterator[ShardTask]:
    if shards:
        yield from shards
        return
    for line in sys.stdin:
        yield ShardTask.model_validate_json(line)


def _emit(message: Model) -> None:
    sys.stdout.write(message.model_dump_json(by_alias=True) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # An upload thread may still wait for the network; what it uploads would not be committed.
    os._exit(code)
