"""The plan of a run in its store: written once, read and compared ever after."""

from __future__ import annotations

from vrdata.dataset import layout
from vrdata.dataset.commits import iter_commits, read_head
from vrdata.dataset.objects import put_model
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, NotFoundError, OutputConflictError
from vrdata.plan.planned import Plan
from vrdata.plan.stored.difference import describe_difference, differs_in_generators_only
from vrdata.store.port import ObjectNotFoundError, ObjectStore

NAME_A_RUN = (
    "name the folder of a run: {root}/{namespace}/{run}; the run of an import to data/NAME is "
    "data/.vrdata/NAME"
)
"""The fix of an error about a place that has no run."""

_FIX = (
    f"if {layout.PLAN} was damaged, delete it and run the same file again; else use another "
    "metadata.name or output; nothing was overwritten"
)


def load_plan(store: ObjectStore) -> Plan:
    """The run's plan.

    Raises:
        NotFoundError: no run is stored here.
        InvalidInputError: the plan is damaged or of another version.
        StorageError: the store cannot be used.
    """
    try:
        return load_model(store, layout.PLAN, Plan)
    except ObjectNotFoundError:
        raise NotFoundError(
            f"no run in {store.url}",
            why=f"there is no {layout.PLAN}",
            fix=NAME_A_RUN,
        ) from None


def find_plan(store: ObjectStore) -> Plan | None:
    """The plan of the run that is stored here, or None.

    Raises:
        OutputConflictError: another object is stored under the plan's key.
        StorageError: the store cannot be used.
    """
    try:
        return load_model(store, layout.PLAN, Plan)
    except ObjectNotFoundError:
        return None
    except InvalidInputError as error:
        raise OutputConflictError(error.what, why=error.why, fix=_FIX) from None


def store_plan(store: ObjectStore, plan: Plan) -> None:
    """Store the plan, unless the same plan is already stored.

    Raises:
        OutputConflictError: another plan is stored; nothing was changed.
        StorageError: the store cannot be used.
    """
    if put_model(store, layout.PLAN, plan):
        return
    stored = find_plan(store)
    if stored is None or stored.hash != plan.hash:
        raise plan_conflict(store, stored, plan)


def keep_plan(store: ObjectStore, plan: Plan) -> bool:
    """Write the plan of a run that has begun again, if it was deleted or damaged.

    Args:
        store: the run's store.
        plan: the plan that was stored there before.

    Returns:
        Whether it was written again.

    Raises:
        OutputConflictError: another plan is stored; nothing was changed.
        StorageError, StoreAccessError: the store cannot be used.
    """
    try:
        stored = find_plan(store)
    except OutputConflictError:  # it cannot be read
        store.delete(layout.PLAN)
        stored = None
    if stored is None:
        store_plan(store, plan)
    elif stored.hash != plan.hash:
        raise plan_conflict(store, stored, plan)
    return stored is None


def require_own_markers(store: ObjectStore, plan: Plan) -> None:
    """Refuse an output that has no plan, and a commit marker of another one.

    Raises:
        OutputConflictError: there is such a marker; nothing was changed.
        DamagedMarkerError: the first marker is damaged.
        StorageError: the store cannot be used.
    """
    found = next(iter_commits(store), None)
    if found is not None and read_head(store, *found).plan != plan.hash:
        raise OutputConflictError(
            f"{store.url} has no {layout.PLAN}, and commit markers of another plan",
            why=f"one is {layout.commit_key(*found)}; nothing was changed",
            fix="use another --out or metadata.name, or restore the original spec",
        )


def plan_conflict(store: ObjectStore, stored: Plan | None, plan: Plan) -> OutputConflictError:
    """The error for a store that holds another plan than the run's."""
    back = "restore the original spec"
    if stored is not None and differs_in_generators_only(stored, plan):
        back = "restore the generators and packages of the stored plan"
    return OutputConflictError(
        f"{store.url} already holds another plan; nothing was changed",
        why="; ".join(describe_difference(stored, plan)) if stored else "",
        fix=f"use another --out or metadata.name, or {back}",
    )
