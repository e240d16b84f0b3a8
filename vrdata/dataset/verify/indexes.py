"""Compare the indexes of a finished run with its data."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from vrdata.dataset import layout
from vrdata.dataset.checks.problems import RESTORE, RESTORE_DATA, Problem, problem, remove_first
from vrdata.dataset.hashes import DatasetHasher
from vrdata.errors import install
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectStore


def check_indexes(
    store: ObjectStore, plan: Plan, digest: str, *, whole: bool
) -> tuple[str, tuple[Problem, ...]]:
    """The state of the indexes, and their problems; memory does not grow with rows.

    Args:
        store: the run's store.
        plan: its plan.
        digest: the dataset hash that the data give.
        whole: nothing is wrong with the data.

    Raises:
        StorageError: the store cannot be used.
    """
    if find_spec("pyarrow") is None:
        return f"not checked: pyarrow is not installed; {install('local')}", ()
    with DatasetHasher() as hasher:
        found = tuple(_problems(store, plan, hasher))
        if found:
            return "wrong", found
        if hasher.hexdigest() != digest:
            message = f"their rows give the dataset hash {hasher.hexdigest()}"
            where = layout.INDEX
            advice = remove_first(where) if whole else RESTORE_DATA
            found = (problem("DamagedIndex", where, f"{message}; {advice}"),)
            return "wrong", found
    return "verified", ()


def _problems(store: ObjectStore, plan: Plan, hasher: DatasetHasher) -> Iterator[Problem]:
    from vrdata.dataset.finish.index import (  # noqa: PLC0415 - needs an extra
        DamagedIndexError,
        read_counts,
        read_samples,
    )

    for planned in plan.generators:
        where = layout.index_key(planned.name)
        try:
            if read_counts(store, plan.hash, planned.name) is None:
                yield problem("DamagedIndex", where, f"it is missing; {RESTORE}")
                continue
            for sample in read_samples(store, planned.name):
                for name, sha256 in sample.files:
                    hasher.add(sample.id, name, sha256)
        except DamagedIndexError as error:
            yield problem("DamagedIndex", where, f"{error.why}; {RESTORE}")
