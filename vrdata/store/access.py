"""Find out what credentials can do in a store: list, write create-only, read, delete."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from vrdata.errors import VrdataError
from vrdata.store.limits import describe_mode
from vrdata.store.port import ObjectStore, PermissionRefusedError
from vrdata.store.probe import PROBE_PREFIX

State = Literal["ok", "warning", "failed"]
_BODY = b"written by vrdata doctor"
_PERMISSIONS = {
    "list": "s3:ListBucket",
    "write": "s3:PutObject",
    "read": "s3:GetObject",
    "delete": "s3:DeleteObject",
}
_NOT_ATOMIC = (
    "each write first checks that its key is free; do not write to one place from two machines, or "
    "use another S3 server"
)


@dataclass(frozen=True, slots=True)
class Access:
    """What one request showed.

    Attributes:
        check: `list`, `write`, `read` or `delete`.
        detail: one line; it ends with the fix if the state is not `ok`.
    """

    check: str
    state: State
    detail: str


def examine_access(store: ObjectStore) -> Iterator[Access]:
    """Try each kind of request, with one small object that is deleted afterwards.

    A request that the credentials do not allow does not end the checks; any other error does,
    because the next requests would fail for the same reason.
    """
    trial = _Trial(store)
    steps = {"list": trial.list, "write": trial.write, "read": trial.read, "delete": trial.delete}
    try:
        for check, step in steps.items():
            try:
                found = step()
            except PermissionRefusedError as error:
                yield _refused(check, error)
            except VrdataError as error:
                yield Access(check, "failed", one_line(error))
                return
            else:
                if found is not None:
                    yield Access(check, *found)
    finally:
        trial.clean()


def one_line(error: VrdataError) -> str:
    """An error as one line: what, why, fix."""
    fix = f"fix: {error.fix}" if error.fix else ""
    return "; ".join(filter(None, (error.what, error.why, fix)))


def _refused(check: str, error: VrdataError) -> Access:
    """What is not allowed, with the permission that allows it."""
    why = f"{error.what}; {error.why}; fix: allow {_PERMISSIONS[check]}"
    if check == "delete":
        return Access(check, "warning", f"{why}, to repair damaged data; the small object stays")
    return Access(check, "failed", why)


class _Trial:
    """The requests, in order; each returns what it showed, or None if there is nothing to say."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._key = f"{PROBE_PREFIX}{uuid.uuid4().hex}/access"
        self._existing = ""  # an object of the user, to read where nothing can be written
        self._written = False

    def list(self) -> tuple[State, str]:
        found = next(iter(self._store.list_after("")), None)
        self._existing = found.key if found else ""
        return "ok", f"{self._store.url} {'contains objects' if found else 'is empty'}"

    def write(self) -> tuple[State, str]:
        self._put(_BODY)
        self._written = True
        if self._put(b"other bytes"):
            return "warning", f"the server overwrites existing objects; fix: {_NOT_ATOMIC}"
        if refused := describe_mode(self._store.limits):
            return "warning", f"{refused}; fix: {_NOT_ATOMIC}"
        return "ok", "a new object is created; an existing object is kept"

    def read(self) -> tuple[State, str] | None:
        if self._written:
            if self._store.get(self._key) not in {_BODY, b"other bytes"}:
                return "failed", "the server returns other bytes; fix: use another S3 server"
            return "ok", "the object is read, with the bytes that were written"
        if self._existing:
            self._store.get_range(self._existing, 0, 1)
            return "ok", "an existing object can be read"
        return None

    def delete(self) -> tuple[State, str] | None:
        if not self._written:
            return None
        self._written = False
        self._store.delete(self._key)
        return "ok", "the object is deleted"

    def clean(self) -> None:
        """Delete the object after an error."""
        with suppress(VrdataError):
            self.delete()

    def _put(self, body: bytes) -> bool:
        return self._store.put_new(self._key, body, sha256=hashlib.sha256(body).hexdigest())
