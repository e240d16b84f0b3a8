"""One block in its own process: run the generator, report each sample, end."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vrdata_child.hermetic import process as hermetic
from vrdata_child.hermetic.folders import SampleFolder, find_samples
from vrdata_child.run.lazy import EnoughSamples
from vrdata_child.run.repository import run_script
from vrdata_child.sample.finish import BlockFacts, finish_sample
from vrdata_child.sample.invalid import SampleInvalidError

MAX_TEXT = 6000
Send = Callable[[dict[str, Any]], None]


class Reporter:
    """Finishes sample folders as they appear and reports them in order."""

    def __init__(self, out: Path, want: int, facts: BlockFacts, send: Send) -> None:
        self._out = out
        self._want = want
        self._facts = facts
        self._send = send
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
        try:
            if folder.path.name in self._ids:
                raise SampleInvalidError("DuplicateId", f"{folder.path.name} was written twice")
            self._ids.add(folder.path.name)
            packet = finish_sample(folder, self.made, self._facts)
        except SampleInvalidError as error:
            self._next({"event": "invalid", "reason": error.reason, "message": error.message})
        else:
            self._next({"event": "sample"} | packet)

    def failed(self, error: Exception) -> None:
        """Report a sample that the generator raised for. Raises EnoughSamples as `collect`."""
        self._next({"event": "invalid"} | describe(error))

    def _next(self, packet: dict[str, Any]) -> None:
        if "message" in packet:
            packet["message"] = packet["message"][:MAX_TEXT]
        self._send(packet | {"block": self._facts.block, "position": self.made})
        self.made += 1
        if self.made >= self._want:
            raise EnoughSamples


def run_block(load: dict[str, Any], request: dict[str, Any], send: Send) -> int:
    """Make a block as the `load` and `block` packets say; returns the process's exit code."""
    # The real one: a working directory is, too, and only one private path is kept out of content.
    folder = Path(request["dir"]).resolve()
    facts = BlockFacts(
        generator=load["name"],
        block=request["block"],
        seed=request["seed"],
        start=request["start"],
        folder=folder,
        video=load["video"],
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
    _make_each(load, request, out, reporter)


def _make_each(
    load: dict[str, Any], request: dict[str, Any], out: Path, reporter: Reporter
) -> None:
    """Samples that are independent of each other: one that raises costs no other one."""
    from vrdata_child.run import firstparty

    generator = firstparty.load(load["name"], load["kind"], load["root"])
    hashed = bool(load.get("hashFrames"))
    for position in range(min(request["want"], request["count"])):
        try:
            made = firstparty.make_sample(
                generator, request["seed"], position, out, hash_frames=hashed
            )
        except MemoryError:
            raise  # of the whole child: a retry gets more
        except Exception as error:  # noqa: BLE001 - foreign code; the supervisor is told
            reporter.failed(error)
        else:
            reporter.report(made)


def describe(error: BaseException) -> dict[str, str]:
    """An exception as `reason`, `message` and `traceback`, of bounded size."""
    text = "".join(traceback.format_exception(error))
    match error:
        case SampleInvalidError():
            reason, message = error.reason, error.message
        case MemoryError():
            reason, message = "OutOfMemory", f"{type(error).__name__}: {error}"
        case _:
            reason, message = "GeneratorFailed", f"{type(error).__name__}: {error}"
    return {"reason": reason, "message": message[:MAX_TEXT], "traceback": text[-MAX_TEXT:]}


def leave(code: int) -> None:
    """End the forked process without running what the template registered at exit."""
    os._exit(code)
