"""Check this machine: what `vrdata run --local` needs, and what its sandbox can do."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from vrdata.api.profile import ClassResources
from vrdata.api.quantities import parse_quantity
from vrdata.contract.worker import StoreSettings
from vrdata.errors import VrdataError
from vrdata.local.machine import available_memory
from vrdata.model import Model
from vrdata.store.access import examine_access, one_line
from vrdata.store.opening import bucket_settings, open_settings
from vrdata.store.port import ObjectStore
from vrdata.store.probe import probe
from vrdata.text import count, human_bytes
from vrdata_worker.child.enclose import measure_level
from vrdata_worker.scratch import root_of, scratch_folder

State = Literal["ok", "warning", "failed"]


class CheckResult(Model):
    """What one check found.

    Attributes:
        state: `warning` = generating is possible; `failed` = it is not.
        detail: one line.
    """

    check: str
    state: State
    detail: str


def examine(scratch: str, store: StoreSettings | None) -> Iterator[CheckResult]:
    """Check this machine, one result after another.

    Args:
        scratch: the folder for temporary files; "" = the default.
        store: where data will be written; None = not checked.
    """
    yield checked("sandbox", _sandbox)
    yield checked("machine", _machine)
    yield checked("scratch", lambda: _scratch(scratch))
    if store is not None:
        yield from _examine_store(store)


def checked(name: str, check: Callable[[], tuple[State, str]]) -> CheckResult:
    """The result of a check; one that raises an error has failed."""
    try:
        state, detail = check()
    except VrdataError as error:
        state, detail = "failed", one_line(error)
    except OSError as error:
        state, detail = "failed", f"{error.filename or 'the system'}: {error.strerror}"
    return CheckResult(check=name, state=state, detail=" ".join(detail.split()))


def _sandbox() -> tuple[State, str]:
    with tempfile.TemporaryDirectory() as folder:
        found = measure_level(Path(folder))
    level = f"hermetic level {found.level}"
    if found.effect:
        return "warning", f"{level}: {found.effect}; fix: {found.fix}"
    return "ok", f"{level} (Landlock {found.landlock})"


def _machine() -> tuple[State, str]:
    memory, needed = available_memory(), int(parse_quantity(ClassResources().memory))
    processors = count(len(os.sched_getaffinity(0)), "processor")
    detail = f"{processors}, {human_bytes(memory)} of memory available"
    if memory < needed:
        return "warning", f"{detail}; a generator can use {human_bytes(needed)}"
    return "ok", detail


def _scratch(scratch: str) -> tuple[State, str]:
    needed = int(parse_quantity(ClassResources().ephemeral_storage))
    with scratch_folder(root_of(scratch)) as folder:
        (folder / "file").write_bytes(b"x")
        free = shutil.disk_usage(folder).free
    detail = f"{root_of(scratch)}, {human_bytes(free)} free"
    if free < needed:
        return "warning", f"{detail}; a generator can use {human_bytes(needed)}: see --scratch"
    return "ok", detail


def _examine_store(settings: StoreSettings) -> Iterator[CheckResult]:
    """A folder: can it be written? A bucket: who asks, what is allowed, what is guaranteed?"""
    if not settings.url.startswith("s3://"):
        yield checked("store", lambda: _folder(Path(open_settings(settings).url)))
        return
    identity = checked("identity", lambda: ("ok", _identity(settings)))
    yield identity
    if identity.state == "failed":
        return
    store, usable = open_settings(settings), True
    for found in examine_access(store):
        yield CheckResult(check=found.check, state=found.state, detail=found.detail)
        usable = usable and found.state != "failed"
    if usable:
        yield checked("store", lambda: _bucket(store))


def _identity(settings: StoreSettings) -> str:
    open_settings(settings)  # refuses what no run could use, such as a long prefix
    from vrdata.store.s3.admin.identity import describe_identity  # noqa: PLC0415 - needs boto3

    return describe_identity(
        bucket_settings(
            settings.url,
            endpoint=settings.endpoint,
            region=settings.region,
            profile=settings.aws_profile,
        )
    )


def _bucket(store: ObjectStore) -> tuple[State, str]:
    found = probe(store)
    problems = "; ".join((*found.reasons, *found.notes))
    detail = f"{store.url}, mode {found.mode}"
    return ("warning", f"{detail}: {problems}") if problems else ("ok", detail)


def _folder(path: Path) -> tuple[State, str]:
    """A folder, or the one that it will be created in."""
    existing = next(one for one in (path, *path.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return "failed", f"{path} cannot be written: {existing}: {error.strerror}"
    return "ok", f"{path}, {human_bytes(shutil.disk_usage(existing).free)} free"
