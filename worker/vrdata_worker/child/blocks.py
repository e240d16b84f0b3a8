"""A block in progress: its request, and what its process has reported."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.memory import MemoryWatch
from vrdata.text import count
from vrdata_worker.child import events
from vrdata_worker.child.processes import killed_failure
from vrdata_worker.untrusted.packets import MalformedPacketError

DONE = "done"


class Making(Enum):
    """How a generator makes the samples of a block."""

    EACH = auto()  # one after the other, independent of each other: builtin and api
    STREAM = auto()  # a script that writes each sample before it makes the next one
    WHOLE = auto()  # a script that cannot begin in the middle


@dataclass(frozen=True, slots=True)
class KnownSample:
    """A sample that another process of the block has made: its position, and `digest_of` it."""

    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """One block to generate; `dir` exists and is empty.

    Attributes:
        position: of its first sample that is not done; 0 = generate all of it.
        known: a sample before it, which must have the same bytes when it is made again.
    """

    block: int
    seed: int
    count: int
    want: int
    start: int
    dir: Path
    args: tuple[str, ...] = ()
    position: int = 0
    known: KnownSample | None = None


@dataclass(slots=True)
class Block:
    """What is known of a block in progress.

    Attributes:
        request: its `block` packet.
        reported: the position after the last sample that was reported.
        end: the `end` packet of its child.
        killed: the `exit` packet of a child that sent no `end`; its finished samples are collected.
        abandoned: its samples are no longer needed.
        failure: why the supervisor has ended it.
        deadline: when it must have ended.
        memory: watched since its request, or since its last failure for lack of memory.
    """

    request: dict[str, Any]
    reported: int = 0
    end: dict[str, Any] | None = None
    killed: dict[str, Any] | None = None
    abandoned: bool = False
    failure: Failure | None = None
    deadline: float = math.inf
    memory: MemoryWatch = field(default_factory=MemoryWatch.begin)

    @property
    def folder(self) -> Path:
        """Its folder."""
        return Path(self.request["dir"])

    @property
    def ending(self) -> bool:
        """Whether it was told to end."""
        return self.killed is None and self.deadline < math.inf

    @property
    def wants_collection(self) -> bool:
        """Whether its child, which has ended, may have finished samples that are not reported."""
        silent = self.end is None and self.killed is None
        whole = self.request["position"] == 0  # else each sample is reported before the next
        return silent and whole and self.reported < self.request["want"] and not self.abandoned

    def ends_within(self, seconds: float) -> None:
        """It was killed: it must have ended after this time."""
        self.deadline = min(self.deadline, time.monotonic() + seconds)

    def collect(self, killed: dict[str, Any], seconds: float) -> None:
        """Its child has ended, and another one collects what it has finished."""
        self.killed = killed
        self.deadline = time.monotonic() + seconds

    def report(self, packet: dict[str, Any]) -> events.Sample | events.Invalid | None:
        """The event of a `sample`, `invalid` or `end` packet; `end` has none.

        Raises:
            MalformedPacketError: it is not possible now.
        """
        if self.end is not None:
            raise MalformedPacketError("nothing follows the end of a block")
        if packet["event"] == "end":
            self._end(packet)
            return None
        position = packet["position"]
        gap = position > self.reported and self.killed is None
        if gap or not self.reported <= position < self.request["want"]:
            raise MalformedPacketError(f"position: {position} is not the next one")
        if packet["event"] == "invalid":
            self.reported = position + 1
            invalid = events.parse_invalid(packet)
            return replace(invalid, failure=self._seen_by_the_kernel(invalid.failure))
        folder = self.folder / DONE / f"{position:06d}"
        name = f"{packet['domain']}_{self.request['start'] + position:08d}"
        if packet["folder"] != str(folder) or packet["id"] != name:
            raise MalformedPacketError("folder or id: it is not the one of this position")
        self.reported = position + 1
        return events.parse_sample(packet | {"folder": folder})

    def _end(self, packet: dict[str, Any]) -> None:
        samples = self.request["count"]
        failed = packet["failed"]
        if not self.reported <= packet["reported"] <= samples or (failed and failed[1] > samples):
            raise MalformedPacketError(
                f"reported or failed: the block has {count(samples, 'sample')}"
            )
        self.end = packet

    def exit(self, packet: dict[str, Any]) -> events.Exit:
        """The event of its last `exit` packet, with `itself`: it has sent itself the signal."""
        last, end = self._last(packet)
        failure = self.failure
        if failure is None and not (end and end["error"]):
            own = last.get("itself", False)
            failure = killed_failure("the generator", last["signal"], self.memory, own=own)
        found = events.parse_exit(last, end, failure)
        cause = found.failure or self._cause_of_code(found.code, end)
        if failure is not None or cause is None:
            return found
        seen = self._seen_by_the_kernel(cause)
        return found if seen is cause else replace(found, failure=seen)

    def _cause_of_code(self, code: int | None, end: dict[str, Any] | None) -> Failure | None:
        if code:
            what = f"the generator exited with code {code}"
            return Failure(reason=FailureReason.GENERATOR_FAILED, message=what)
        if code == 0 and end and end["reported"] < self.request["want"]:
            what = "the generator wrote too few samples"
            return Failure(reason=FailureReason.UNDER_PRODUCTION, message=what)
        return None

    def _seen_by_the_kernel(self, failure: Failure) -> Failure:
        """The failure, or out of memory if the kernel has killed a process since the last one.

        The generator sees only that a program that it started has failed.
        """
        if failure.reason is FailureReason.OUT_OF_MEMORY or not self.memory.ran_out():
            return failure
        self.memory = MemoryWatch.begin()
        what = f"memory ran out, and the kernel killed a process; then: {failure.message}"
        return failure.model_copy(update={"reason": FailureReason.OUT_OF_MEMORY, "message": what})

    def _last(self, packet: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
        if self.killed is None:
            return packet, self.end
        # An error while samples are collected did not end the block.
        end = self.end | {"error": None} if self.end else None
        seconds = self.killed["cpuSeconds"] + packet["cpuSeconds"]
        return self.killed | {"cpuSeconds": seconds}, end
