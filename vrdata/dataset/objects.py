"""Write a model as one object of a run."""

from __future__ import annotations

import hashlib

from vrdata.model import Model
from vrdata.store.port import ObjectStore


def put_model(store: ObjectStore, key: str, model: Model) -> bool:
    """Write a model as JSON, create-only; False when the key is taken.

    Raises:
        StorageError, StoreAccessError: the store cannot be used.
    """
    body = model.to_json()
    digest = hashlib.sha256(body).hexdigest()
    return store.put_new(key, body, sha256=digest, content_type="application/json")
