"""Refuse a request by name, and record it where the supervisor finds it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from vrdata_child.attempts.record import Record
from vrdata_child.hermetic.caller import own_line


class RefusedError(Exception):
    """A request that a pipeline must not make; its text says what was asked and how to fix it.

    Attributes:
        what: the pipeline tried to do, for the supervisor: as in "read s3://bucket/key".
    """

    def __init__(self, what: str, text: str) -> None:
        super().__init__(text)
        self.what = what


def undeclared(url: str) -> RefusedError:
    """The refusal of a URL that no source serves."""
    text = f"{url} is not a declared source of this pipeline; declare it with --source"
    return RefusedError(f"read {url}, which is not a declared source", text)


def upload(method: str, url: str) -> RefusedError:
    """The refusal of a request that would change what is stored."""
    deletes = method in ("DELETE", "rm", "rb")
    verb, kind = ("delete", "deletions") if deletes else ("upload to", "uploads")
    return RefusedError(f"{verb} {url}", f"{kind} are refused: {method} {url}")


def metadata(url: str) -> RefusedError:
    """The refusal of the metadata and credentials of a cloud machine."""
    what = f"read the metadata of the machine at {url}"
    return RefusedError(what, f"the metadata of the machine is refused: {url}")


def unanswered(asked: str) -> RefusedError:
    """The refusal of a request that a declared source cannot answer."""
    what = f"request {asked}"
    text = f"declared sources do not answer {asked}: they are read and listed only"
    return RefusedError(what, text)


def unpacked(url: str, place: str) -> RefusedError:
    """The refusal of an archive that was unpacked to a place."""
    text = (
        f"{url} is unpacked, because its source has `unpack: true`: read its files in {place},"
        " or remove unpack from the source"
    )
    return RefusedError(f"read {url}, which is unpacked to {place}", text)


class Recorder:
    """Records the refusals of this process in the folder of its block.

    Args:
        folder: of the block.
        program: that asks; "" = the interpreter.
    """

    def __init__(self, folder: Path, program: str = "") -> None:
        self._record = Record(str(folder), program or Path(os.path.realpath(sys.executable)).name)

    def add(self, what: str) -> None:
        """Record one refused attempt, with the line of the pipeline's own code if it is known."""
        self._record.add(what, own_line())
        self._record.flush()
