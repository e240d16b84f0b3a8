"""Whether the kernel has killed processes because memory ran out, by its own count (Linux).

Signal 9 alone proves nothing: anything can send it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_COUNTER = "oom_kill"
_FILES = {"cgroup2": "memory.events", "cgroup": "memory.oom_control"}


@dataclass(frozen=True, slots=True)
class MemoryWatch:
    """The count at one time. Immutable; reading it costs one small file.

    Attributes:
        source: the file with the count; None = this system has none.
        before: the count.
    """

    source: Path | None
    before: int = 0

    @classmethod
    def begin(cls) -> Self:
        """The count now."""
        source = _own_source()
        count = None if source is None else read_count(source)
        return cls(None) if count is None else cls(source, count)

    def ran_out(self) -> bool | None:
        """Whether the kernel has killed a process since then; None = not reported here."""
        count = None if self.source is None else read_count(self.source)
        return None if count is None else count > self.before


@cache
def _own_source() -> Path | None:
    return find_source(_PROC)


def told(ran_out: bool | None) -> str:
    """The answer of `MemoryWatch.ran_out` as a part of a sentence."""
    if ran_out is None:
        return "this system does not report whether memory ran out"
    return "memory ran out" if ran_out else "memory did not run out"


def find_source(proc: Path) -> Path | None:
    """The file that counts the killed processes of this process's cgroup, or else of the machine.

    Sources: cgroup-v2.rst, memory.events; cgroup-v1/memory.rst, memory.oom_control; proc(5),
    /proc/vmstat. The root cgroup of version 2 has no count, and kernels before 4.13 have none.

    Args:
        proc: where proc(5) is mounted.
    """
    files = [*_cgroup_files(proc), proc / "vmstat"]
    return next((path for path in files if read_count(path) is not None), None)


def read_count(source: Path) -> int | None:
    """The count in a file; None = it has none."""
    try:
        lines = source.read_text().splitlines()
        pairs = (line.split() for line in lines)
        return next((int(pair[1]) for pair in pairs if pair[:1] == [_COUNTER]), None)
    except (OSError, ValueError, IndexError):
        return None


def _cgroup_files(proc: Path) -> Iterator[Path]:
    """Where the count of the cgroup can be: in it, or in the nearest one above it that counts."""
    for kind, mount, root in _mounts(proc):
        inside = _own_cgroup(proc, kind)
        if inside is None:
            continue
        # A container without a cgroup namespace sees the path on the host, and only its own part.
        below = inside.removeprefix(root.rstrip("/")).strip("/")
        folder = mount / below
        while True:
            yield folder / _FILES[kind]
            if folder == mount:
                break
            folder = folder.parent


def _mounts(proc: Path) -> Iterator[tuple[str, Path, str]]:
    """Kind, place and root of the mounted cgroups that can count (proc(5), mountinfo)."""
    try:
        lines = (proc / "self/mountinfo").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()[:1]
        if len(fields) < 5 or not kind or kind[0] not in _FILES:
            continue
        if kind[0] == "cgroup2" or "memory" in after.split()[-1].split(","):
            yield kind[0], Path(fields[4]), fields[3]


def _own_cgroup(proc: Path, kind: str) -> str | None:
    """The cgroup of this process: of version 2, or of version 1 for memory (cgroups(7))."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if "memory" in names.split(",") if kind == "cgroup" else not names:
            return path if ".." not in Path(path).parts else "/"
    return None
