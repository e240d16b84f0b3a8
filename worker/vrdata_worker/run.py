"""Generate shards of a stored plan: shared by the worker process and the worker in a pod."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from vrdata.contract.messages import StoreWait
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.worker import ShardTask, StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError
from vrdata.model import Model
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore, open_settings
from vrdata.store.patient import PatientStore, Wait
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.image.catalogues import locate_planned
from vrdata_worker.scratch import root_of, scratch_folder
from vrdata_worker.supervisor import Supervisor


def run_tasks(
    config: WorkerConfig, tasks: Iterable[ShardTask], emit: Callable[[Model], None]
) -> WorkerExit:
    """Generate and commit the shard of every task.

    Returns:
        COMMITTED, or the first failure's exit code.

    Raises:
        ShardFailedError: the stored plan is not the expected one.
        VrdataError: the store or a catalogue cannot be used.
        PreemptedError: SIGTERM arrived.
    """
    store = run_store(config, emit)
    plan = expected_plan(store, config.plan)
    generators = locate_planned(tuple(Path(path) for path in config.catalogues), plan)
    with scratch_folder(root_of(config.scratch)) as scratch:
        supervisor = Supervisor(config, plan, store, generators, scratch, emit)
        try:
            return supervisor.run(tasks)
        finally:
            supervisor.close()


def run_store(config: WorkerConfig, emit: Callable[[Model], None]) -> ObjectStore:
    """The run's own part of the store; it waits while the store cannot be used, and tells it."""
    return PrefixedStore(patient_store(config.store, emit), config.prefix)


def patient_store(settings: StoreSettings, tell: Callable[[StoreWait], None]) -> ObjectStore:
    """A store that waits while it cannot be used, and tells it."""

    def told(wait: Wait) -> None:
        tell(
            StoreWait(
                why=wait.why,
                seconds=round(wait.seconds, 1),
                limit=wait.limit,
                answered=wait.answered,
            )
        )

    return PatientStore(open_settings(settings, repeats=False), told)


def expected_plan(store: ObjectStore, expected: str) -> Plan:
    """The run's plan.

    Raises:
        ShardFailedError: OutputChanged when it is missing or damaged, so that whoever keeps the run
            writes it again; ContractMismatch when it has another hash.
        StorageError, StoreAccessError: the store cannot be used.
    """
    try:
        plan = load_model(store, layout.PLAN, Plan)
    except (ObjectNotFoundError, InvalidInputError) as error:
        raise ShardFailedError(
            FailureReason.OUTPUT_CHANGED, f"{layout.PLAN} cannot be used: {error}"
        ) from None
    if plan.hash != expected:
        raise ShardFailedError(
            FailureReason.CONTRACT_MISMATCH,
            f"the stored plan is {plan.hash}, this worker was started for {expected}",
        )
    return plan
