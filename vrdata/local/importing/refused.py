"""Undo the beginning of an import that is refused: it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from vrdata.dataset import layout
from vrdata.errors import VrdataError
from vrdata.local.run import Prepared


def missing_folders(url: str) -> tuple[Path, ...]:
    """The folders that an import to a folder creates, the innermost one first."""
    if "://" in url:
        return ()
    path = Path(url)
    return tuple(one for one in (path, *path.parents) if not one.exists())


def forget(prepared: Prepared, created: Iterable[Path]) -> None:
    """Delete the plan, the pinned sources and their lists of a run that has not begun.

    What cannot be deleted stays: the same import uses it, and another one ignores it.

    Args:
        prepared: the run.
        created: folders that are deleted if they are empty.
    """
    lists = (layout.items_key(planned.name) for planned in prepared.plan.generators)
    with suppress(VrdataError, OSError):
        for key in (layout.PLAN, layout.SOURCES, *lists):  # without a plan, the others are not used
            prepared.store.delete(key)
        if "://" in prepared.store.url:
            return
        run = Path(prepared.store.url)
        inside = sorted((one for one in run.rglob("*") if one.is_dir()), reverse=True)
        for folder in (*inside, run, run.parent, *created):
            with suppress(OSError):  # it is not empty
                folder.rmdir()
