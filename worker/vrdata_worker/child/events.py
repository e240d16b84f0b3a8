"""What a generator child reports, as typed events (packets: docs/child-protocol.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vrdata.contract.reasons import FailureReason, parse_reason
from vrdata.contract.records import Failure
from vrdata.contract.refusals import Refusal
from vrdata.hermetic import Hermetic
from vrdata.text import printable, printable_line


@dataclass(frozen=True, slots=True)
class Started:
    """A block child runs, as leader of process group `pid`."""

    block: int
    pid: int


@dataclass(frozen=True, slots=True)
class File:
    """One finished file of a sample: name, bytes, hex sha256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Video:
    """The ground-truth video."""

    name: str
    frames: int
    fps: float
    width: int
    height: int
    encoder: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A finished, checked and normalised sample in its own folder.

    Attributes:
        item: file or folder of a source that a pipeline made it from, or "".
        notes: what the dataset does not keep of the generator's videos.
        frames: name of a video → hex sha256 over its frames, when frame hashing is on.
        own: name of a video that was encoded again → hex sha256 of the generator's own file, when
            frame hashing is on.
    """

    block: int
    position: int
    folder: Path
    id: str
    domain: str
    files: tuple[File, ...]
    video: Video | None
    content: str
    param_hash: str
    item: str = ""
    notes: tuple[str, ...] = ()
    frames: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invalid:
    """An invalid sample; the block continues."""

    block: int
    position: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of a block child, the block's last event.

    Attributes:
        failure: the exception that ended the generator, or None.
        code: exit code; None when a signal ended it.
        failed: first and last position; one of these samples failed. None = not known.
        streamed: a sample was reported before the next one was generated.
        sequential: each sample was finished before the next one was begun.
        dependent: the block cannot go on after a failed sample: its samples depend on the ones
            before them.
        beside: number of files that belong to no sample.
        examples: names of some of them.
        refused: what the block, and the import of its generator, tried and the sandbox refused.
    """

    block: int
    failure: Failure | None
    code: int | None
    signal: int | None
    peak_memory_bytes: int
    cpu_seconds: float
    failed: tuple[int, int] | None = None
    streamed: bool = False
    sequential: bool = False
    dependent: bool = False
    beside: int = 0
    examples: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


Event = Started | Sample | Invalid | Exit


def parse_hermetic(packet: Mapping[str, Any]) -> Hermetic:
    """A valid `closed` packet."""
    return Hermetic(level=packet["level"], landlock=packet["landlock"], missing=packet["missing"])


def parse_sample(packet: Mapping[str, Any]) -> Sample:
    """A valid `sample` packet, with its folder."""
    video = packet.get("video")
    return Sample(
        block=packet["block"],
        position=packet["position"],
        folder=Path(packet["folder"]),
        id=packet["id"],
        domain=packet["domain"],
        files=tuple(File(file["name"], file["size"], file["sha256"]) for file in packet["files"]),
        video=None
        if video is None
        else Video(
            name=video["name"],
            frames=video["frames"],
            fps=video["fps"],
            width=video["width"],
            height=video["height"],
            encoder=video["encoder"],
        ),
        content=packet.get("content", ""),
        param_hash=packet.get("paramHash", ""),
        item=printable_line(packet.get("item", "")),
        notes=tuple(printable(note) for note in packet.get("notes", ())),
        frames=dict(packet.get("frames", {})),
        own=dict(packet.get("own", {})),
    )


def parse_invalid(packet: Mapping[str, Any]) -> Invalid:
    """A valid `invalid` packet."""
    failure = parse_failure(packet)
    if not failure.reason.of_a_sample:  # the generator's process may send anything
        failure = failure.model_copy(update={"reason": FailureReason.INVALID_OUTPUT})
    return Invalid(block=packet["block"], position=packet["position"], failure=failure)


def parse_exit(
    packet: Mapping[str, Any], end: Mapping[str, Any] | None, failure: Failure | None = None
) -> Exit:
    """An `exit` packet, the block's `end`, if it came, and why the supervisor has ended it."""
    end = end or {"error": None, "failed": None}
    beside = end.get("beside", {"files": 0, "examples": ()})
    if failure is None and end["error"]:
        failure = parse_failure(end["error"])
        failure = failure.model_copy(update={"reason": reason_of_end(failure.reason)})
    return Exit(
        block=packet["block"],
        failure=failure,
        code=packet["code"],
        signal=packet["signal"],
        peak_memory_bytes=packet["peakMemoryBytes"],
        cpu_seconds=packet["cpuSeconds"],
        failed=(end["failed"][0], end["failed"][1]) if end["failed"] else None,
        streamed=end.get("streamed", False),
        sequential=end.get("sequential", False),
        dependent=end.get("dependent", False),
        beside=beside["files"],
        examples=tuple(printable(name) for name in beside["examples"]),
    )


def reason_of_end(sent: FailureReason) -> FailureReason:
    """Why a block or an import ended; a child can send no other reason than these."""
    known = (FailureReason.OUT_OF_MEMORY, FailureReason.GENERATOR_CRASHED)
    return sent if sent in known else FailureReason.GENERATOR_FAILED


def parse_failure(fields: Mapping[str, Any]) -> Failure:
    """The fields `reason`, `message` and `traceback` of a packet. Raises KeyError."""
    return Failure(
        reason=parse_reason(fields["reason"]),
        message=fields["message"],
        traceback=fields.get("traceback", ""),
    )
