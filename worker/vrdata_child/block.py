"""One block, in a process of its own: run the generator, report each sample, end."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vrdata_child import hermetic
from vrdata_child.finish import BlockFacts, SampleInvalidError, finish_sample
from vrdata_child.folders import SampleFolder, find_samples
from vrdata_child.lazy import EnoughSamples
from vrdata_child.repository import run_script

MAX_TEXT = 6000
_clock = time.monotonic  # the real one: imported before the patches
Send = Callable[[dict[str, Any]], None]


class Reporter:
    """Finishes sample folders as they appear and reports them in order."""

    def __init__(self, out: Path, want: int, facts: BlockFacts, send: Send) -> None:
        self._out = out
        self._want = want
        self._facts = facts
        self._send = send
        self._since = _clock()
        self._ids: set[str] = set()
        self.made = 0

    def collect(self) -> None:
        """Report every finished folder.

        Raises:
            EnoughSamples: the block has what the shard needs.
        """
        for folder in find_samples(self._out):
            self.report(folder)

    def report(self, folder: SampleFolder) -> None:
        """Finish and report one sample. Raises EnoughSamples as `collect`."""
        position = self.made
        self.made += 1
        try:
            if folder.path.name in self._ids:
                raise SampleInvalidError("DuplicateId", f"{folder.path.name} was written twice")
            self._ids.add(folder.path.name)
            packet = finish_sample(folder, position, self._facts)
        except SampleInvalidError as error:
            self._send(
                {
                    "event": "invalid",
                    "block": self._facts.block,
                    "position": position,
                    "reason": error.reason,
                    "message": error.message[:MAX_TEXT],
                }
            )
        else:
            now = _clock()
            seconds, self._since = now - self._since, now
            self._send({"event": "sample", "block": self._facts.block, "seconds": seconds} | packet)
        if self.made >= self._want:
            raise EnoughSamples


def run_block(load: dict[str, Any], request: dict[str, Any], send: Send) -> int:
    """Make a block as the `load` and `block` packets say; returns the process's exit code."""
    folder = Path(request["dir"])
    facts = BlockFacts(
        generator=load["name"],
        block=request["block"],
        seed=request["seed"],
        start=request["start"],
        folder=folder,
        video=load["video"],
        expect_video=bool(request.get("expectVideo")),
    )
    out = hermetic.enter_block(facts.seed, folder, load["root"])
    reporter = Reporter(out, request["want"], facts, send)
    error: dict[str, str] | None = None
    try:
        _make(load, request, out, reporter)
    except EnoughSamples:
        pass
    except BaseException as raised:  # noqa: BLE001 - foreign code; every end is reported
        error = describe(raised)
    sys.stdout.flush()
    sys.stderr.flush()
    send({"event": "end", "block": facts.block, "made": reporter.made, "error": error})
    return 0 if error is None else 1


def _make(load: dict[str, Any], request: dict[str, Any], out: Path, reporter: Reporter) -> None:
    if load["kind"] == "repository":
        run_script(
            load["root"],
            load["flags"],
            seed=request["seed"],
            count=request["count"],
            out=out,
            args=request["args"],
            collect=reporter.collect if load["mode"] == "stream" else None,
        )
        reporter.collect()
        return
    from vrdata_child.firstparty import make_samples  # noqa: PLC0415 - needs vrdata_generators

    for path in make_samples(
        load["name"],
        load["kind"],
        load["root"],
        seed=request["seed"],
        count=request["count"],
        want=request["want"],
        out=out,
        hash_frames=bool(load.get("hashFrames")),
    ):
        reporter.report(SampleFolder(path, path.parent.name.removesuffix("_task")))


def describe(error: BaseException) -> dict[str, str]:
    """An exception as an event's `error` field, of bounded size."""
    text = "".join(traceback.format_exception(error))
    return {
        "type": type(error).__name__,
        "message": str(error)[:MAX_TEXT],
        "traceback": text[-MAX_TEXT:],
    }


def leave(code: int) -> None:
    """End the forked process without running what the template registered at exit."""
    os._exit(code)
