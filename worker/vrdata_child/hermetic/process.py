"""Make a process hermetic: chance, clock, network, folders; nothing else may reach content."""

from __future__ import annotations

import os
import resource
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from vrdata_child.hermetic import chance, clock

MAX_FILE_BYTES = 4 * 2**30


def install() -> None:
    """Patch the process once, before anything of the generator is imported."""
    chance.install()
    clock.install()
    _cut_network()
    sys.dont_write_bytecode = True


def enter_block(seed: int, folder: Path, root: str) -> Path:
    """Give this process a block's seed and private folders; returns the output folder.

    Args:
        seed: the block's seed.
        folder: the block's private folder, empty.
        root: the repository's folder, or "": its entries appear in the working directory.
    """
    places = {name: folder / name for name in ("tmp", "home", "mpl", "cwd", "out")}
    for place in places.values():
        place.mkdir()
    os.environ.update(
        TMPDIR=str(places["tmp"]), HOME=str(places["home"]), MPLCONFIGDIR=str(places["mpl"])
    )
    tempfile.tempdir = str(places["tmp"])
    if root:
        # Generators read files of their repository, and leave files, in the working directory.
        for entry in os.scandir(root):
            (places["cwd"] / entry.name).symlink_to(entry.path)
    os.chdir(places["cwd"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    clock.reset()
    chance.reset(seed)
    return places["out"]


def _cut_network() -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            _refuse()
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if self.family != socket.AF_UNIX:
            _refuse()
        return connect_ex(self, address)

    def no_names(*_: Any, **__: Any) -> NoReturn:
        _refuse()

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = guarded_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = no_names


def _refuse() -> NoReturn:
    raise PermissionError("a generator has no network: content may only depend on its seed")
