"""Find out whether a store honours create-only writes, before anything relies on them.

Some S3 servers accept `If-None-Match: *`, answer 200 and overwrite; others check it, but not
atomically. Their answers do not show it, so the probe tries it out. Source: docs/storage.md.
"""

from __future__ import annotations

import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from vrdata.store.limits import NO_METADATA, describe_mode, describe_notes
from vrdata.store.port import DigestMismatchError, ObjectStore, StorageError, StoreAccessError

PROBE_PREFIX = "_vrdata/probe/"
WRITERS = 8  # concurrent writers of one key: enough to expose writes that are not atomic
RACES = 4


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The guarantees of a store.

    Attributes:
        mode: `strict` if an existing object can never be overwritten; `detect` if writers must
            check first and everything must be read again at the end.
        reasons: why the mode is `detect`; empty for `strict`.
        notes: other guarantees that the store does not give, e.g. to check received digests.
    """

    mode: Literal["strict", "detect"]
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def probe(store: ObjectStore) -> ProbeResult:
    """Test the store with small objects below `_vrdata/probe/{random}/`, and delete them.

    Sends at most 53 requests, 36 of them for the races.

    Raises:
        StorageError: the store cannot be used.
        StoreAccessError: no such bucket or no permission to write, read or list.
    """
    base = f"{PROBE_PREFIX}{uuid.uuid4().hex}/"
    _put(store, f"{base}again", b"first")  # an unreachable store fails here: nothing to clean up
    try:
        reasons = [*_writes(store, base), *_lists(store, base)]
        notes = [*_accepts_wrong_digest(store, base), *_forgets_digest(store, base)]
        notes = list(dict.fromkeys([*notes, *describe_notes(store.limits)]))
    finally:
        left = _clean(store, base)
    return ProbeResult("detect" if reasons else "strict", tuple(reasons), (*notes, *left))


def _put(store: ObjectStore, key: str, body: bytes) -> bool:
    return store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())


def _writes(store: ObjectStore, base: str) -> list[str]:
    refused = describe_mode(store.limits)
    if refused:  # races prove nothing more: these writes are not atomic
        return [refused]
    return [*_overwrites(store, base), *_loses_races(store, base)]


def _overwrites(store: ObjectStore, base: str) -> list[str]:
    key = f"{base}again"
    if _put(store, key, b"second"):
        return ["the server ignores create-only writes: a second write of one key succeeds"]
    if store.get(key) != b"first":
        return ["a second write of one key is refused, but changes the object"]
    return []


def _loses_races(store: ObjectStore, base: str) -> list[str]:
    with ThreadPoolExecutor(WRITERS) as pool:
        for race in range(RACES):
            key = f"{base}race-{race}"
            bodies = [f"writer {writer}".encode() for writer in range(WRITERS)]
            won = list(pool.map(lambda body, key=key: _put(store, key, body), bodies))
            winners = [body for body, first in zip(bodies, won, strict=True) if first]
            if len(winners) != 1:
                return [f"{len(winners)} of {WRITERS} concurrent writers of one key succeeded"]
            if store.get(key) != winners[0]:
                return ["an object does not have the bytes of the writer that succeeded"]
    return []


def _lists(store: ObjectStore, base: str) -> list[str]:
    """Finished shards are found by listing, so a listing must show each written object."""
    first, second = f"{base}list-1", f"{base}list-2"
    for key in (first, second):
        _put(store, key, b"x")
    prefix = f"{base}list-"
    if [info.key for info in store.list_after(prefix)] != [first, second]:
        return ["a listing does not return all written objects in order"]
    if [info.key for info in store.list_after(prefix, first)] != [second]:
        return ["a listing does not continue after a given key"]
    return []


def _accepts_wrong_digest(store: ObjectStore, base: str) -> list[str]:
    try:
        store.put_new(f"{base}digest", b"sent", sha256=hashlib.sha256(b"announced").hexdigest())
    except DigestMismatchError:
        return []
    return ["the store does not check the digest of the bytes that it receives"]


def _forgets_digest(store: ObjectStore, base: str) -> list[str]:
    info = store.head(f"{base}again")
    if info is None or info.sha256 is not None:
        return []
    return [NO_METADATA]


def _clean(store: ObjectStore, base: str) -> list[str]:
    keys = [f"{base}{name}" for name in ("again", "list-1", "list-2", "digest")]
    keys += [f"{base}race-{race}" for race in range(RACES)]
    try:
        for key in keys:
            store.delete(key)
    except StoreAccessError:
        return [f"these credentials do not allow deleting: small objects stay below {base}"]
    except StorageError as error:
        return [f"small objects stay below {base}: {error.what}: {error.why}"]
    return []
