"""Open a target from what a user writes: a folder, `s3://bucket/prefix`, or an archive in one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from vrdata.dataset import layout
from vrdata.dataset.discover import run_above
from vrdata.errors import OutputConflictError, UsageError
from vrdata.export.targets.archive import ENDINGS, ArchiveTarget
from vrdata.export.targets.base import Target
from vrdata.export.targets.store import StoreTarget
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore


def open_target(
    url: str, run: ObjectStore, *, endpoint: str = "", region: str = "", profile: str = ""
) -> tuple[Target, ObjectStore]:
    """The target at `url`, and the store that is written to.

    Args:
        url: an absolute path or URL; with `.tar`, `.tar.gz` or `.tgz` at its end, an archive.
        run: what is exported.
        endpoint: as `open_store`, and so are the others.

    Raises:
        UsageError: the URL is invalid, or run and target overlap.
        OutputConflictError: it is the folder of a run, or inside of one.
        StoreAccessError, StorageError: it cannot be used.
    """
    parent, name = _split(url)
    opened = partial(open_store, endpoint=endpoint, region=region, profile=profile)
    store = opened(parent)
    target = ArchiveTarget(store, name) if name else StoreTarget(store)
    _require_apart(run, target, archive=bool(name))
    _require_no_run(store, opened)
    return target, store


def _split(url: str) -> tuple[str, str]:
    """The folder and the name of an archive; "" for another target."""
    parent, slash, name = url.rpartition("/")
    if not url.lower().endswith(ENDINGS) or not slash or parent.endswith(("/", ":")):
        return url, ""
    return parent, name


def _require_apart(run: ObjectStore, target: Target, *, archive: bool) -> None:
    here, there = (f"{url.rstrip('/')}/" for url in (run.url, target.url))
    if there.startswith(here) or (here.startswith(there) and not archive):
        raise UsageError(
            "the run and the export are one folder, or one is inside the other",
            fix="name another destination",
        )


def _require_no_run(store: ObjectStore, opened: Callable[[str], ObjectStore]) -> None:
    """Refuse the folder of any run, and what is inside of it: its readers would take the files."""
    found = _run_around(store.url, opened)
    if found:
        raise OutputConflictError(
            f"{store.url} is the folder of a run, or inside of one",
            why=f"the run is in {found}",
            fix="export to another place",
        )


def _run_around(url: str, opened: Callable[[str], ObjectStore]) -> str:
    if not url.startswith("s3://"):
        folders = (Path(url), *Path(url).parents)
        return next((str(one) for one in folders if (one / layout.PLAN).is_file()), "")
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    above = run_above(opened(f"s3://{bucket}"), f"{prefix}/-")
    return "" if above is None else f"s3://{bucket}/{above}"
