"""Make shards of a stored plan: what the process of the local executor and the pod share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import ValidationError

from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import ShardTask, WorkerConfig
from vrdata.dataset import layout
from vrdata.model import Model
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore, open_store
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.image.catalogues import locate
from vrdata_worker.scratch import root_of, scratch_folder
from vrdata_worker.supervisor import Supervisor


def work(
    config: WorkerConfig, tasks: Iterable[ShardTask], emit: Callable[[Model], None]
) -> WorkerExit:
    """Make every task's shard.

    Returns:
        COMMITTED, or the first failure's exit code.

    Raises:
        ShardFailedError: the stored plan is not the expected one.
        VrdataError: the store or a catalogue cannot be used.
        PreemptedError: SIGTERM arrived.
    """
    settings = config.store
    store = PrefixedStore(
        open_store(
            settings.url,
            endpoint=settings.endpoint,
            region=settings.region,
            profile=settings.aws_profile,
            checksums=settings.checksums,
        ),
        config.prefix,
    )
    plan = stored_plan(store, config.plan)
    generators = locate(tuple(Path(path) for path in config.catalogues))
    with scratch_folder(root_of(config.scratch)) as scratch:
        supervisor = Supervisor(config, plan, store, generators, scratch, emit)
        try:
            return supervisor.run(tasks)
        finally:
            supervisor.close()


def stored_plan(store: ObjectStore, expected: str) -> Plan:
    """The run's plan.

    Raises:
        ShardFailedError: it is not there, or has another hash (exit 40).
    """
    try:
        plan = Plan.model_validate_json(store.get(layout.PLAN))
    except (ObjectNotFoundError, ValidationError) as error:
        raise ShardFailedError(
            WorkerExit.CONTRACT_MISMATCH, f"{layout.PLAN} cannot be used: {error}"
        ) from None
    if plan.hash != expected:
        raise ShardFailedError(
            WorkerExit.CONTRACT_MISMATCH,
            f"the stored plan is {plan.hash}, this worker was started for {expected}",
        )
    return plan
