"""Find the run below a root that a user names."""

from __future__ import annotations

from vrdata.dataset import layout
from vrdata.errors import NotFoundError, UsageError
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectStore

MAX_OBJECTS = 100_000
MAX_RUNS = 20


def open_run(store: ObjectStore) -> ObjectStore:
    """The store itself when it is at a run's prefix, else a view of the one run below it.

    Raises:
        NotFoundError: no run is there.
        UsageError: several runs are there.
    """
    if store.head(layout.PLAN) is not None:
        return store
    found: list[str] = []
    after = ""
    for _ in range(MAX_OBJECTS):
        info = next(store.list_after("", after), None)
        if info is None or len(found) > MAX_RUNS:
            break
        prefix, marker, _ = info.key.partition(layout.PLAN.partition("/")[0] + "/")
        if marker and store.head(prefix + layout.PLAN) is not None:
            found.append(prefix)
            after = prefix + "\U0010ffff"  # past every key of this run
        else:
            after = info.key
    if not found:
        raise NotFoundError(
            f"no run in {store.url}",
            why=f"there is no {layout.PLAN} in it or below it",
            fix="name the folder of a run: {root}/{namespace}/{run}",
        )
    if len(found) > 1:
        raise UsageError(
            f"several runs in {store.url}: {', '.join(found[:MAX_RUNS])}",
            fix="name one of them",
        )
    return PrefixedStore(store, found[0])
