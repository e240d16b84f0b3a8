"""One block in its own process: run the generator and report each sample."""

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
        self.reported = 0

    def collect(self) -> None:
        """Report every finished folder.

        Raises:
            EnoughSamples: all samples that the shard needs are reported.
        """
        for folder in find_samples(self._out):
            self.report(folder)

    def report(self, folder: SampleFolder) -> None:
        """Finish and report one sample. Raises EnoughSamples as `collect`."""
        try:
            if folder.path.name in self._ids:
                raise SampleInvalidError("DuplicateId", f"{folder.path.name} was written twice")
            self._ids.add(folder.path.name)
            packet = finish_sample(folder, self.reported, self._facts)
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
        self._send(packet | {"block": self._facts.block, "position": self.reported})
        self.reported += 1
        if self.reported >= self._want:
            raise EnoughSamples


def run_block(load: dict[str, Any], request: dict[str, Any], send: Send) -> int:
    """Generate a block as the `load` and `block` packets request; returns the exit code."""
    # Resolved, as a working directory is: only this spelling of the path is removed from content.
    folder = Path(request["dir"]).resolve()
    facts = BlockFacts(
        generator=load["name"],
        block=request["block"],
        seed=request["seed"],
        start=request["start"],
        folder=folder,
        video=load["video"],
        root=load["root"],
    )
    out = hermetic.enter_block(facts.seed, folder, load["root"])
    reporter = Reporter(out, request["want"], facts, send)
    error: dict[str, str] | None = None
    try:
        _generate(load, request, out, reporter)
    except EnoughSamples:
        pass
    except BaseException as raised:  # noqa: BLE001 - foreign code; its error is sent
        error = describe(raised)
    sys.stdout.flush()
    sys.stderr.flush()
    send({"event": "end", "block": facts.block, "reported": reporter.reported, "error": error})
    return 0 if error is None else 1


def _generate(load: dict[str, Any], request: dict[str, Any], out: Path, reporter: Reporter) -> None:
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
    _generate_each(load, request, out, reporter)


def _generate_each(
    load: dict[str, Any], request: dict[str, Any], out: Path, reporter: Reporter
) -> None:
    """Generate samples one by one: if one raises, the others are not affected."""
    from vrdata_child.run import firstparty

    generator = firstparty.load(load["name"], load["kind"], load["root"])
    hashed = bool(load.get("hashFrames"))
    for position in range(min(request["want"], request["count"])):
        try:
            sample = firstparty.generate_sample(
                generator, request["seed"], position, out, hash_frames=hashed
            )
        except MemoryError:
            raise  # the whole block fails: a retry gets more memory
        except Exception as error:  # noqa: BLE001 - foreign code; its error is sent
            reporter.failed(error)
        else:
            reporter.report(sample)


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
    """End the forked process without the exit handlers of the template."""
    os._exit(code)
