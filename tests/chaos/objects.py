"""Delete and damage stored objects, as people and broken disks do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from chaos.schedule import Step
from vrdata.dataset import layout
from vrdata.store.port import ObjectStore

DELETED = {
    "marker": (layout.COMMITS,),
    "data object": (layout.SHARDS,),
    "plan": (layout.PLAN,),
    "wave file": (layout.WAVES,),
    "index": (layout.INDEX,),
    "dataset.json": (layout.DATASET,),
    "_SUCCESS": (layout.SUCCESS,),
}
"""What can be deleted, with the start of its keys."""


@dataclass(frozen=True)
class Bucket:
    """A run's folder, as objects and as files of the server.

    Attributes:
        store: the run's folder.
        folder: where the server stores it.
    """

    store: ObjectStore
    folder: Path

    def committed(self) -> int:
        """Number of commit markers."""
        return len(self.keys("marker"))

    def keys(self, kind: str) -> list[str]:
        """Keys of one kind of `DELETED`, sorted."""
        return [entry.key for start in DELETED[kind] for entry in self.store.list_after(start)]

    def delete(self, kind: str, step: Step) -> bool:
        """Delete one object; False if there is none."""
        found = self.keys(kind)
        if found:
            self.store.delete(found[step.pick(len(found))])
        return bool(found)

    def tear(self, step: Step, *, flip: bool) -> bool:
        """Cut a data object or flip a bit of it in place: same metadata, checksum and key."""
        found = self.keys("data object")
        if not found:
            return False
        path = self.folder / found[step.pick(len(found))]
        size = path.stat().st_size
        if not flip:
            os.truncate(path, size * 2 // 3)
            return True
        with path.open("r+b") as file:
            file.seek(size // 2)
            byte = file.read(1)[0]
            file.seek(size // 2)
            file.write(bytes([byte ^ 4]))
        return True
