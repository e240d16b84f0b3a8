"""Refused attempts of a template and its blocks: the guard's packets and the blocks' own files.

The guard counts the calls that the kernel refuses, of every program. What Python code of the
generator tries is in a file of its folder, with its line (`vrdata_child.attempts`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vrdata.contract.refusals import Refusal, total
from vrdata_worker.untrusted.folders import tail_of

NAME = "refused.jsonl"
MAX_BYTES = 256 * 1024


class RefusedAttempts:
    """The attempts of one template, by block.

    Args:
        folder: of the template.

    Attributes:
        folder: of the template.
        limits: reached limits on processes, by process of the block; None = the template.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.limits: dict[int | None, str] = {}
        self._counted: dict[int | None, tuple[Refusal, ...]] = {}

    def add(self, packet: Mapping[str, Any], processes: Mapping[int, int]) -> None:
        """Count a `refused` packet of the guard.

        Args:
            packet: the packet.
            processes: of the running blocks, by block.
        """
        refusal, process = Refusal.read(packet), packet.get("pid")
        if packet.get("limit"):
            self.limits.setdefault(process, f"tried to {packet['what']}")
        block = next((one for one, other in processes.items() if other == process), None)
        if refusal is not None and (process is None or block is not None):
            self._counted[block] = total([*self._counted.get(block, ()), refusal])

    def limit_of(self, process: int) -> str:
        """The limit on processes that a block or the template has reached, or ""."""
        return self.limits.get(process) or self.limits.get(None, "")

    def take(self, block: int, folder: Path) -> tuple[Refusal, ...]:
        """What a block that has ended was refused, and the import of its generator.

        Args:
            block: its number.
            folder: of the block.
        """
        counted = self._counted.pop(block, ())
        return _named([folder, self.folder], (*counted, *self._counted.get(None, ())))

    def of_import(self) -> tuple[Refusal, ...]:
        """What the import of the generator was refused."""
        return _named([self.folder], self._counted.get(None, ()))


_Start = tuple[frozenset[str], str]  # names that a program can have, and the line that starts it


@dataclass(slots=True)
class _File:
    """What Python code of a generator has tried, and the programs that it has started."""

    refusals: list[Refusal] = field(default_factory=list)
    starts: list[_Start] = field(default_factory=list)


def _named(folders: Sequence[Path], counted: Sequence[Refusal]) -> tuple[Refusal, ...]:
    """What the files of folders and the guard name; with the lines of started programs."""
    files = [_read(folder) for folder in folders]
    starts = [start for file in files for start in file.starts]
    refusals = [one for file in files for one in file.refusals]
    unlocated = [one for one in refusals if not one.where]  # of a program that vrdata replaces
    known = [one for one in refusals if one.where]
    return total([*known, *(_located(one, starts) for one in (*unlocated, *counted))])


def _located(refusal: Refusal, starts: Sequence[_Start]) -> Refusal:
    """A refusal of a program with the line that started it, where that is known."""
    lines = [where for names, where in starts if refusal.program in names]
    if not lines:  # a program started it: known if only one line starts programs
        others = {where for _, where in starts}
        lines = list(others) if len(others) == 1 else []
    return replace(refusal, where=lines[0]) if lines else refusal


def _read(folder: Path) -> _File:
    """The file of a folder; the generator can have written anything there."""
    found = _File()
    path = folder / NAME
    # Most blocks have none; tail_of then checks the folders of the path.
    body = tail_of(path, MAX_BYTES) if path.is_file() else b""
    for line in body.splitlines():
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(fields, dict):
            continue
        names = fields.pop("start", None)
        if isinstance(names, list):
            start = Refusal.read(fields | {"what": "start", "count": 1})
            if start is not None and start.where:
                found.starts.append((frozenset(map(str, names)), start.where))
        elif (refusal := Refusal.read(fields)) is not None:
            found.refusals.append(refusal)
    return found
