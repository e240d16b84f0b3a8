"""Open a target from what a user writes: a folder, `s3://bucket/prefix`, or an archive in one."""

from __future__ import annotations

from vrdata.dataset import layout
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
        OutputConflictError: it is the folder of a run.
        StoreAccessError, StorageError: it cannot be used.
    """
    parent, name = _split(url)
    store = open_store(parent, endpoint=endpoint, region=region, profile=profile)
    target = ArchiveTarget(store, name) if name else StoreTarget(store)
    _require_apart(run, target, archive=bool(name))
    if store.head(layout.PLAN) is not None:
        raise OutputConflictError(
            f"{store.url} is the folder of a run", fix="export to another place"
        )
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
