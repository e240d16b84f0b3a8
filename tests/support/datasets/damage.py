"""Ways to damage a finished run in a MemoryStore."""

from __future__ import annotations

import io
import json
import tarfile

from support.markers import Change, change_marker
from support.memorystore import MemoryStore
from vrdata.dataset import layout

NAME = "O-1_maze"
TAR = layout.shard_tar_key(NAME, 0)
MARKER = layout.commit_key(NAME, 0)


def change(store: MemoryStore, edit: Change) -> None:
    """Change a marker, with the digest of what it says then."""
    store.objects[MARKER] = change_marker(store.objects[MARKER], edit)


def flip(store: MemoryStore, key: str, at: int) -> None:
    """Change one bit."""
    body = bytearray(store.objects[key])
    body[at] ^= 1
    store.objects[key] = bytes(body)


def flip_in_a_member(store: MemoryStore) -> None:
    """Change one bit of a picture."""
    flip(store, TAR, store.objects[TAR].index(b"IDAT") + 6)


def cut(store: MemoryStore) -> None:
    """Truncate a shard."""
    store.objects[TAR] = store.objects[TAR][:3000]


def remove_data(store: MemoryStore) -> None:
    """Remove a shard's data."""
    del store.objects[TAR]


def remove_marker(store: MemoryStore) -> None:
    """Remove a commit marker."""
    del store.objects[MARKER]


def add_a_shard(store: MemoryStore) -> None:
    """Add an object beside the shards."""
    store.objects[layout.shard_tar_key(NAME, 77)] = b"x"


def add_a_marker(store: MemoryStore) -> None:
    """Add a marker beside the markers."""
    store.objects[layout.commit_key(NAME, 77)] = store.objects[MARKER]


def swap_shards(store: MemoryStore) -> None:
    """Exchange the data of two shards."""
    other = layout.shard_tar_key(NAME, 1)
    store.objects[TAR], store.objects[other] = store.objects[other], store.objects[TAR]


def swap_markers(store: MemoryStore) -> None:
    """Exchange the markers of two shards."""
    other = layout.commit_key(NAME, 1)
    store.objects[MARKER], store.objects[other] = store.objects[other], store.objects[MARKER]


def break_the_marker(store: MemoryStore) -> None:
    """Truncate a marker."""
    store.objects[MARKER] = store.objects[MARKER][:-20]


def drop_a_sample_from_the_marker(store: MemoryStore) -> None:
    """Remove a sample from a marker."""
    change(store, lambda _head, records: records.pop(0))


def marker_of_another_plan(store: MemoryStore) -> None:
    """Name another plan in a marker."""
    change(store, lambda head, _records: head.update(plan="sha256:" + "0" * 64))


def append_a_member(store: MemoryStore) -> None:
    """Add a file to a shard."""
    body = io.BytesIO(store.objects[TAR])
    with tarfile.open(fileobj=body, mode="a") as archive:
        info = tarfile.TarInfo(f"{NAME}-00000099.prompt.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"more"))
    store.objects[TAR] = body.getvalue()


def wrong_success(store: MemoryStore) -> None:
    """Write another hash to _SUCCESS."""
    store.objects[layout.SUCCESS] = b"0" * 64


def remove_success(store: MemoryStore) -> None:
    """Remove _SUCCESS."""
    del store.objects[layout.SUCCESS]


def wrong_summary(store: MemoryStore) -> None:
    """Count one sample too many in dataset.json."""
    summary = json.loads(store.objects[layout.DATASET])
    summary["samples"] += 1
    store.objects[layout.DATASET] = json.dumps(summary).encode()


def remove_summary(store: MemoryStore) -> None:
    """Remove dataset.json."""
    del store.objects[layout.DATASET]


def break_the_index(store: MemoryStore) -> None:
    """Overwrite the index."""
    store.objects[layout.index_key(NAME)] = b"PAR1 nothing"


def remove_the_index(store: MemoryStore) -> None:
    """Remove the index."""
    del store.objects[layout.index_key(NAME)]
