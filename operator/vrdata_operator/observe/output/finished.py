"""What finalisation wrote: read after each of its Jobs, never remembered longer. Blocking."""

from __future__ import annotations

from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError
from vrdata.model import Model
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectNotFoundError, ObjectStore


class _Summary(Model, extra="ignore"):  # the fields of dataset.json that the operator reads
    plan: str
    dataset_hash: str
    duplicates: int = 0


class Outputs:
    """The outputs of one run.

    Args:
        store: the run's store.
        plan: its plan.

    Attributes:
        dataset_hash, duplicates: from dataset.json, if `_SUCCESS` has the same hash and no index is
            missing; else empty.
    """

    def __init__(self, store: ObjectStore, plan: Plan) -> None:
        self._store = store
        self._plan_hash = plan.hash
        self._indexes = frozenset(layout.index_key(item.name) for item in plan.generators)
        self._begun: set[str] = set()
        self.forget()

    def written_by(self, job: str) -> bool:
        """Whether `_SUCCESS` exists and did not when this Job of finalisation was first seen.

        It is the last object that finalisation writes. One of an earlier try proves nothing.

        Raises:
            StorageError: the store cannot be used.
        """
        exists = self._store.head(layout.SUCCESS) is not None
        if not exists:
            self._begun.add(job)
        return exists and job in self._begun

    def forget(self) -> None:
        """Drop what was read."""
        self.dataset_hash, self.duplicates = "", 0

    def read(self) -> None:
        """Read them. Raises StorageError, StoreAccessError: the store cannot be used."""
        self.forget()
        try:
            summary = load_model(self._store, layout.DATASET, _Summary)
            success = self._store.get(layout.SUCCESS).decode("utf-8", "replace").strip()
        except (ObjectNotFoundError, InvalidInputError):
            return
        stored = (info.key for info in self._store.list_after(layout.INDEX))
        whole = not self._indexes.difference(stored)
        if whole and (summary.plan, summary.dataset_hash) == (self._plan_hash, success):
            self.dataset_hash, self.duplicates = success, summary.duplicates
