"""The working folder of a block: raw data in its places, and moved absolute folders."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SOURCES = "sources.json"
ROOTS = "root"


def moved_roots(folder: Path, roots: Iterable[str]) -> dict[str, str]:
    """Where absolute folders of the code are now, longest first.

    Args:
        folder: of the block.
        roots: absolute folders.
    """
    return {root: f"{folder / ROOTS}{root}" for root in sorted(roots, key=len, reverse=True)}


def settle(folder: Path, cwd: Path, out: Path, roots: Mapping[str, str], output: str) -> None:
    """Make the places of all sources, and the folder that the script writes to.

    A place is a tree of folders with a link to each staged file: the script can add files, and
    cannot change those of the source.

    Args:
        folder: of the block; it has `sources.json`.
        cwd: the working folder.
        out: where samples are expected.
        roots: absolute folders, and where each one is now.
        output: the folder that the script writes to instead; "" = it takes the folder.

    Raises:
        OSError, ValueError: there is no list of sources, or it is damaged.
    """
    for now in roots.values():
        Path(now).mkdir(parents=True, exist_ok=True)
    sources: list[dict[str, Any]] = json.loads((folder / SOURCES).read_bytes())
    for source in sources:
        place = place_of(source["place"], folder, cwd)
        _own_folder(place, cwd)
        if source["folder"]:
            _link_tree(source["folder"], place)
    if output:
        place = place_of(output, folder, cwd)
        _own_folder(place.parent, cwd)
        if place.is_dir():  # it is a moved folder itself
            place.rmdir()
        place.symlink_to(out, target_is_directory=True)


def place_of(place: str, folder: Path, cwd: Path) -> Path:
    """Where a place is now.

    Args:
        place: relative to the working folder, or an absolute folder of the code.
        folder: of the block.
        cwd: the working folder.
    """
    return Path(f"{folder / ROOTS}{place}") if place.startswith("/") else cwd / place


def _own_folder(place: Path, cwd: Path) -> None:
    """Make a folder; what links to the repository on the way becomes a folder with links."""
    for above in (*reversed(place.parents), place):
        if cwd in above.parents and above.is_symlink():
            target = above.readlink()
            above.unlink()
            above.mkdir()
            if target.is_dir():
                for entry in os.scandir(target):
                    (above / entry.name).symlink_to(entry.path)
    place.mkdir(parents=True, exist_ok=True)


def _link_tree(source: str, place: Path) -> None:
    for folder, folders, files in os.walk(source):
        here = place / os.path.relpath(folder, source)
        for name in folders:
            (here / name).mkdir(exist_ok=True)
        # Paths relative to a descriptor cost the record of refused attempts no look at each folder.
        handle = os.open(here, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in files:
                _link(f"{folder}/{name}", name, handle)
        finally:
            os.close(handle)


def _link(target: str, name: str, folder: int) -> None:
    """Link to a file, in place of what has the name."""
    try:
        os.symlink(target, name, dir_fd=folder)
    except FileExistsError:
        os.unlink(name, dir_fd=folder)
        os.symlink(target, name, dir_fd=folder)
