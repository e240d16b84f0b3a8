"""Select objects of a store: all of them, or those of some generators of a run."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from vrdata.dataset import layout
from vrdata.dataset.plans import find_plan
from vrdata.errors import InvalidInputError, NotFoundError, OutputConflictError, UsageError
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectInfo, ObjectStore


def select(store: ObjectStore, generators: Iterable[str]) -> Iterator[ObjectInfo]:
    """All objects; or the plan, and the markers, data and index of the named generators.

    Raises:
        UsageError: generators are named and the store is not a run (it holds no plan).
        NotFoundError: the run has no generator of this name.
        InvalidInputError: the plan cannot be read.
    """
    names = sorted(set(generators))
    if not names:
        yield from store.list_after("")
        return
    plan = _read_plan(store)
    for name in names:
        _require(plan, name)
    yield from _one(store, layout.PLAN)
    for name in names:
        yield from _one(store, layout.index_key(name))
        for prefix, pattern in _places(name):
            for info in store.list_after(prefix):
                if pattern.fullmatch(info.key):
                    yield info


def _one(store: ObjectStore, key: str) -> Iterator[ObjectInfo]:
    return (info for info in store.list_after(key) if info.key == key)


def _places(generator: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Prefix and key pattern of each place of a generator's objects; see vrdata.dataset.layout."""
    places = (layout.COMMITS, *layout.DATA)
    folders = [f"{place}{generator}/" for place in places]
    archives = f"{layout.QUESTIONS}{generator}_"  # another generator's name may begin with this one
    return (
        *((folder, re.compile(re.escape(folder) + ".+", re.DOTALL)) for folder in folders),
        (archives, re.compile(re.escape(archives) + r"\d+-\d+\.tar\.gz")),
    )


def _read_plan(store: ObjectStore) -> Plan:
    try:
        plan = find_plan(store)
    except OutputConflictError as error:
        raise InvalidInputError(
            f"this version of vrdata cannot read the plan in {store.url}",
            fix="omit --generator to copy everything",
        ) from error
    if plan is None:
        raise UsageError(
            f"{store.url} is not the folder of a run, so generators cannot be selected",
            why=f"it has no {layout.PLAN}",
            fix="name the run's own folder, …/NAMESPACE/RUN, or omit --generator",
        )
    return plan


def _require(plan: Plan, name: str) -> None:
    names = [planned.name for planned in plan.generators]
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        raise NotFoundError(
            f"the run {plan.run} has no generator {name}",
            fix=f"did you mean {close[0]}?"
            if close
            else f"its generators are {', '.join(names[:10])}",
        )
