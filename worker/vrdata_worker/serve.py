"""Generate the shards that standard input or the caller names, and report on standard output."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from pydantic import ValidationError

from vrdata.bounded.heap import share_heap
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


def serve(config_file: Path, shards: Sequence[ShardTask] = ()) -> int:
    """Be a worker; returns its exit code.

    Args:
        config_file: a WorkerConfig as JSON.
        shards: what to generate. Without them, standard input has one line with the secrets
            (vrdata.privacy.handover), and then tasks as JSON lines until it ends, and the worker
            ends with its parent.
    """
    close_process()
    share_heap()
    signal.signal(signal.SIGTERM, _preempt)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the executor decides, by SIGTERM
    if not shards:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        if not shards:
            take_over(sys.stdin)
        config = WorkerConfig.model_validate_json(config_file.read_bytes())
        return int(run_tasks(config, iter(shards) if shards else _tasks(), _emit))
    except PreemptedError:
        return int(WorkerExit.PREEMPTED)
    except ShardFailedError as error:
        return _fail(error.failure.message, error.failure.reason.exit)
    except VrdataError as error:
        failure = failure_of_process(error)
        return _fail(failure.message, failure.reason.exit)
    except (ValidationError, OSError) as error:
        return _fail(f"{config_file}: {error}", WorkerExit.CONTRACT_MISMATCH)


def _preempt(_signal: int, _frame: FrameType | None) -> None:
    stop_waiting()
    raise PreemptedError


def _fail(message: str, code: WorkerExit) -> int:
    sys.stderr.write(message + "\n")
    return int(code)


def _tasks() -> Iterator[ShardTask]:
    for line in sys.stdin:
        yield ShardTask.model_validate_json(line)


def _emit(message: Model) -> None:
    sys.stdout.write(message.model_dump_json(by_alias=True) + "\n")
    sys.stdout.flush()
