"""The plan in the store: written once, then only compared. Blocking."""

from __future__ import annotations

from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.difference import describe_difference
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectNotFoundError, ObjectStore


def existing_plan(store: ObjectStore) -> Plan | None:
    """The plan in the output, or None.

    Raises:
        OutputConflictError: the object is not a plan.
    """
    try:
        return load_model(store, layout.PLAN, Plan)
    except ObjectNotFoundError:
        return None
    except InvalidInputError as error:
        raise OutputConflictError(error.what, why=error.why, fix=_FIX) from None


def store_plan(store: ObjectStore, plan: Plan) -> None:
    """Write the plan, unless the same one is there.

    Raises:
        OutputConflictError: another plan is there; nothing was changed.
        StorageError: the store cannot be used.
    """
    if put_model(store, layout.PLAN, plan):
        return
    existing = existing_plan(store)
    if existing is None or existing.hash != plan.hash:
        why = "; ".join(describe_difference(existing, plan)) if existing else ""
        raise OutputConflictError(f"{store.url} already contains another plan", why=why, fix=_FIX)


_FIX = "use another metadata.name or output.prefix; nothing was overwritten"
