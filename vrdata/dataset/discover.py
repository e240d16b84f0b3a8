"""Find the runs below a root that a user names."""

from __future__ import annotations

from collections.abc import Iterator

from vrdata.dataset import layout
from vrdata.dataset.plans import NAME_A_RUN, load_plan
from vrdata.errors import InvalidInputError, NotFoundError, OutputConflictError, UsageError
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectStore, StoreAccessError

MAX_OBJECTS = 100_000
"""Objects that are listed; objects of runs that were found do not count."""

MAX_RUNS = 20
MAX_COMPARED = 100
"""Runs whose plans `other_plans` reads: three requests each."""

MAX_INSIDE = 10_000
"""Objects of a new run's folder that are listed to find another run in it."""

_PRIVATE = layout.PLAN.partition("/")[0] + "/"


def find_run(store: ObjectStore) -> ObjectStore | None:
    """The store itself when it is a run's, a view of the one run below it, or None.

    Raises:
        UsageError: there are several runs.
        StorageError, StoreAccessError: the store cannot be used.
    """
    if store.head(layout.PLAN) is not None:
        return store
    found = find_runs(store)
    if not found:
        return None
    if len(found) > 1:
        names = ", ".join(prefix.rstrip("/") for prefix in found[:MAX_RUNS])
        more = " and more" if len(found) > MAX_RUNS else ""
        raise UsageError(
            f"there are several runs in {store.url}: {names}{more}",
            fix=f"name one of them: {store.url.rstrip('/')}/{found[0].rstrip('/')}",
        )
    return PrefixedStore(store, found[0])


def open_run(store: ObjectStore) -> ObjectStore:
    """As `find_run`, but a missing run is an error.

    Raises:
        NotFoundError: there is no run.
        UsageError: there are several runs.
        StorageError, StoreAccessError: the store cannot be used.
    """
    run = find_run(store)
    if run is None:
        raise NotFoundError(
            f"no run in {store.url}",
            why=f"there is no {layout.PLAN} in it or below it",
            fix=NAME_A_RUN,
        )
    return run


def other_plans(root: ObjectStore, namespace: str, own: str) -> Iterator[tuple[str, Plan]]:
    """The plans of a namespace's other runs, each with the run's path below the root.

    Reads at most MAX_COMPARED runs; damaged plans and those of other versions are skipped.

    Args:
        root: the store that holds the namespaces.
        own: the path of the run to skip, `{namespace}/{prefix}/{run}/`.

    Raises:
        StorageError, StoreAccessError: the store cannot be used.
    """
    for prefix in find_runs(PrefixedStore(root, namespace), limit=MAX_COMPARED):
        path = f"{namespace}/{prefix}"
        if path == own:
            continue
        try:
            yield path.rstrip("/"), load_plan(PrefixedStore(root, path))
        except (InvalidInputError, NotFoundError):
            continue


def require_apart(root: ObjectStore, path: str) -> None:
    """Check that a new run's folder is neither inside another run's folder nor around one.

    One request for each folder above the run's, and usually one listing. Two runs that begin at
    the same time may not see each other: even then no key of one is among the data of the other,
    because no name in a path is one of `layout.TOP_LEVEL`.

    Args:
        root: the store that holds the namespaces.
        path: the run's folder below it, `{namespace}/{prefix}/{run}/`.

    Raises:
        OutputConflictError: it is; nothing was written.
        StorageError, StoreAccessError: the store cannot be used.
    """
    where = f"{root.url.rstrip('/')}/"
    above = run_above(root, path)
    if above is not None:
        raise _overlapping(f"{where}{path} is inside the folder of another run, {where}{above}")
    inside = find_runs(PrefixedStore(root, path), limit=0, objects=MAX_INSIDE)
    if inside:
        raise _overlapping(f"{where}{path} already contains another run, {where}{path}{inside[0]}")


def run_above(root: ObjectStore, path: str) -> str | None:
    """The folder of a run, with a closing slash, that a folder is inside of; None = there is none.

    One request for each folder above; those that the credentials do not allow are skipped.

    Args:
        root: a store that holds runs.
        path: of the folder, below it.

    Raises:
        StorageError: the store cannot be used.
    """
    folders = path.strip("/").split("/")
    paths = ("".join(f"{one}/" for one in folders[:depth]) for depth in range(len(folders)))
    return next((above for above in paths if _is_run(root, above)), None)


def _is_run(root: ObjectStore, folder: str) -> bool:
    try:
        return root.head(folder + layout.PLAN) is not None
    except StoreAccessError:  # credentials may be limited to the run's own folder
        return False


def _overlapping(what: str) -> OutputConflictError:
    return OutputConflictError(
        what,
        why="the folder of a run belongs to that run alone",
        fix="use another metadata.name, output.prefix or --out",
    )


def find_runs(
    store: ObjectStore, *, limit: int = MAX_RUNS, objects: int = MAX_OBJECTS
) -> list[str]:
    """Prefixes of the runs below a root, in order; a run's own objects are not listed through.

    Stops after `limit` + 1 runs, and after `objects` objects that belong to none.
    """
    found: list[str] = []
    after: str | None = ""
    budget, looked = objects, ""
    while after is not None and len(found) <= limit:
        start, after = after, None
        for info in store.list_after("", start):
            prefix, marker, _ = info.key.partition(_PRIVATE)
            if marker and prefix.endswith("/") and prefix != looked:
                looked = prefix
                if store.head(prefix + layout.PLAN) is not None:
                    found.append(prefix)
                    after = prefix[:-1] + "0"  # "0" follows "/": the first key after the run
                    break
            budget -= 1
            if budget <= 0:
                break
    return found
