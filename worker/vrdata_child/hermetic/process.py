"""Isolate a process: randomness, clock, network, machine, folders."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from vrdata_child import own_folder
from vrdata_child.hermetic import caller, chance, clock, listing, machine, network, waits


def install(root: str) -> None:
    """Patch the process once, before the generator is imported.

    Args:
        root: the generator's folder, or "" for a first-party generator.
    """
    caller.set_folders(root)
    chance.install()
    clock.install()
    waits.install()
    listing.install()
    network.install()
    machine.install()
    machine.hide_git(root)
    sys.dont_write_bytecode = True


def enter_block(seed: int, folder: Path, root: str) -> Path:
    """Set a block's seed and private folders; returns the output folder.

    Args:
        seed: the block's seed.
        folder: the block's private folder, empty.
        root: the repository's folder, or ""; the working directory gets links to its entries.
    """
    places = {name: folder / name for name in (*own_folder.FOLDERS.values(), "cwd", "out")}
    for place in places.values():
        place.mkdir()
    os.environ.update({name: str(places[place]) for name, place in own_folder.FOLDERS.items()})
    tempfile.tempdir = str(places["tmp"])
    own_folder.move_matplotlib()
    if root:
        # Generators read files of their repository in the working directory, and write there.
        for entry in os.scandir(root):
            (places["cwd"] / entry.name).symlink_to(entry.path)
    os.chdir(places["cwd"])
    machine.hide_git(root, str(places["cwd"]))
    caller.set_folders(root, str(folder))
    clock.reset()
    chance.reset(seed)
    return places["out"]
