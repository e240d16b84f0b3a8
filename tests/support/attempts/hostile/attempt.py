"""What an attempt is, and what it can find around itself."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .raw import Step

CLOSED = "EACCES"
FORBIDDEN = "EPERM"
OFFLINE = "ENETUNREACH"
UNKNOWN = "ENOSYS"


@dataclass(frozen=True)
class World:
    """What surrounds a block.

    Attributes:
        template, guard, supervisor, other: processes; `other` is another block, or 0.
        repository, block, scratch: folders of the generator, the block, and its template.
        secret: a file that only the user may read.
        foreign: a folder of the user.
        port, socket, abstract: a server of the user on TCP and on Unix sockets.
    """

    template: int
    guard: int
    supervisor: int
    other: int
    repository: str
    block: str
    scratch: str
    secret: str = "/etc/shadow"
    foreign: str = "/var/tmp"
    port: int = 9
    socket: str = "/run/docker.sock"
    abstract: str = "vrdata-none"
    places: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """One thing that a generator may not do, in three ways.

    Attributes:
        name: what it is.
        errors: the names of the errors that it may meet; the first one on Linux 6.12 and later.
        python: does it with Python's functions.
        raw: the system calls that do it.
        shell: a command that does it, or "".
        named: what a record calls it, or "" when only Python's function is named.
    """

    name: str
    errors: tuple[str, ...]
    python: Callable[[], object]
    raw: tuple[Step, ...] = ()
    shell: str = ""
    named: str = ""


def look_around(repository: str, block: str) -> World:
    """The world of this process; `world.json` in the repository adds to it."""
    template = os.getppid()
    guard = _parent(template)
    others = [
        int(name)
        for name in os.listdir("/proc")
        if name.isdigit() and int(name) != os.getpid() and _parent(int(name)) == template
    ]
    given: dict[str, Any] = {}
    path = Path(repository, "world.json")
    if path.exists():
        given = json.loads(path.read_text())
    return World(
        template=template,
        guard=guard,
        supervisor=_parent(guard),
        other=others[0] if others else 0,
        repository=repository,
        block=block,
        scratch=str(Path(block).parents[1]),
        **given,
    )


def home() -> str:
    """The user's own home; HOME is a private folder."""
    for line in Path("/etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if len(fields) > 5 and fields[2] == str(os.getuid()):
            return fields[5]
    return "/root"


def environment() -> str:
    """The folder of the environment's packages."""
    return next((path for path in sys.path if path.endswith("site-packages")), sys.prefix)


def _parent(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])
