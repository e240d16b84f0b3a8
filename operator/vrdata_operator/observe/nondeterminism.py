"""Shards that were generated twice with different bytes, as workers recorded them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vrdata.contract.records import DifferenceRecord
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Shard
from vrdata.store.port import ObjectStore

MAX_DIFFERENCES = 100  # of one run; the condition names the first ones


class Differences:
    """Records of one run, each read once; blocking.

    Args:
        store: the run's store.
        classes: class of each generator of the plan.
        found: called once with the class of each such shard.

    Attributes:
        objects: key of the object that was generated with other bytes, by shard.
    """

    def __init__(
        self, store: ObjectStore, classes: Mapping[str, str], found: Callable[[str], None]
    ) -> None:
        self._store = store
        self._classes = classes
        self._found = found
        self.objects: dict[Shard, str] = {}

    def refresh(self) -> None:
        """Read new records; other objects are skipped.

        Raises:
            StorageError, StoreAccessError: the store cannot be used.
        """
        for info in self._store.list_after(layout.DIFFERENCES):
            if len(self.objects) >= MAX_DIFFERENCES:
                return
            try:
                shard = layout.parse_difference_key(info.key)
            except ValueError:
                continue
            if shard in self.objects or shard[0] not in self._classes:
                continue
            self.objects[shard] = self._object(info.key)
            self._found(self._classes[shard[0]])

    def _object(self, key: str) -> str:
        """The object that the record names; a damaged record, which blocks no run, names itself."""
        try:
            return load_model(self._store, key, DifferenceRecord).object
        except InvalidInputError:
            return key
