"""Write objects to a store under test."""

from __future__ import annotations

import hashlib

from vrdata.store.port import ObjectStore


def put(store: ObjectStore, key: str, body: bytes = b"x") -> bool:
    """Write `body` under `key`; True when the key was free."""
    return store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())


def keys(store: ObjectStore, prefix: str = "", after: str = "") -> list[str]:
    """The keys that a listing gives."""
    return [info.key for info in store.list_after(prefix, after)]
