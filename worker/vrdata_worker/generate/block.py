"""The state of one block as its child reports it, and the failures of its samples. Pure."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.refusals import with_refusals
from vrdata.dataset.manifest import FileRecord, SampleRecord, VideoRecord
from vrdata.text import count, head
from vrdata_worker.child.events import Exit, Invalid, Sample

MAX_LINE = 300  # bytes
_EXITED = re.compile(r"\bexited with (code )?\d+$")


@dataclass(slots=True)
class BlockState:
    """The state of a block in progress.

    Attributes:
        start: global index of its first sample.
        want: how many of its samples are requested from the generator.
        skip: how many of its first samples belong to the shard before: generated and dropped.
        reported: positions reported so far, valid or invalid.
        failures: the failed samples, each with its global index.
        cause: the first failure that is not a consequence of another; its sample is None when it
            is not known, and its message says which samples it may be.
        killed: why the supervisor killed the child, set before it does.
    """

    block: int
    start: int
    want: int
    skip: int = 0
    reported: set[int] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    cause: Failure | None = None
    killed: Failure | None = None
    exited: bool = False

    def invalid(self, event: Invalid) -> None:
        """Record a sample that the child found invalid or that the generator raised for."""
        self.reported.add(event.position)
        if event.position < self.skip:
            return
        self.failures.append(self._at(event.position, event.failure))
        self.cause = self.cause or self.failures[-1]

    def end(self, event: Exit, log_tail: str) -> None:
        """Record the child's end; every wanted sample that was not reported has failed.

        The one that caused the end keeps the traceback; if it is not known, the first does.
        """
        self.exited = True
        missing = self.missing()
        if not missing:
            return
        cause = self._cause(event)
        said = cause.message
        if log_tail and cause.reason is not FailureReason.UNDER_PRODUCTION:
            said = f"{cause.message}{_why_it_exited(cause, log_tail)}\n{log_tail}"
        cause = cause.model_copy(update={"message": with_refusals(said, event.refused)})
        first, last = event.failed or (missing[0], self.want - 1)
        if first == last:
            cause = self._at(first, cause)
            why = cause.message.partition("\n")[0]
            other = f"not generated: its block ended at sample {cause.sample}: {why}"
        else:
            samples = f"{self.start + first}-{self.start + last}"
            note = f"one of the samples {samples} of block {self.block}: {cause.message}"
            cause = cause.model_copy(update={"message": note})
            other = note
        self.cause = self.cause or cause
        consequence = cause.model_copy(update={"message": other, "traceback": ""})
        found = [
            self._at(position, cause if position == first == last else consequence)
            for position in missing
        ]
        if not any(failure.traceback for failure in found):
            found[0] = found[0].model_copy(update={"traceback": cause.traceback})
        self.failures += found

    def missing(self) -> list[int]:
        """Positions of the wanted samples that are not reported."""
        wanted = range(self.skip, self.want)
        return [position for position in wanted if position not in self.reported]

    def _at(self, position: int, failure: Failure) -> Failure:
        return failure.model_copy(update={"sample": self.start + position})

    def _cause(self, end: Exit) -> Failure:
        if self.killed is not None:
            return self.killed
        if end.failure is not None:
            return end.failure
        if end.signal is not None:
            return _signalled(end.signal)
        if end.code:
            message = f"the generator exited with code {end.code}"
            return Failure(reason=FailureReason.GENERATOR_FAILED, message=message)
        wrote = f"wrote {len(self.reported)} of {count(self.want, 'sample')}"
        message = f"{wrote} and ended without an error"
        if end.beside:
            files = f"{count(end.beside, 'file')} outside the sample folders"
            message += f"; {files}: {', '.join(end.examples)}"
        return Failure(reason=FailureReason.UNDER_PRODUCTION, message=message)


def _signalled(number: int) -> Failure:
    """What a signal that the supervisor did not send means."""
    message = f"the generator was killed by signal {number}"
    if number == signal.SIGXFSZ:
        message += ": a file became larger than 4 GiB"
        return Failure(reason=FailureReason.GENERATOR_FAILED, message=message)
    return Failure(reason=FailureReason.GENERATOR_CRASHED, message=message)


def _why_it_exited(cause: Failure, log_tail: str) -> str:
    """The last line that was printed, for an end by exit code: argparse prints the reason there."""
    lines = [line.strip() for line in log_tail.splitlines() if line.strip()]
    return f": {head(lines[-1], MAX_LINE)}" if lines and _EXITED.search(cause.message) else ""


def sample_record(
    index: int, block: int, seed: int, event: Sample, files: tuple[FileRecord, ...]
) -> SampleRecord:
    """The record of a sample.

    Args:
        index: its global index.
        block: its block.
        seed: of its block.
        event: as its child reported it.
        files: its files, as they are in the shard.
    """
    video = event.video
    return SampleRecord(
        index=index,
        id=event.id,
        domain=event.domain,
        block=block,
        seed=seed,
        files=files,
        video=None
        if video is None
        else VideoRecord(
            name=video.name,
            frames=video.frames,
            fps=video.fps,
            width=video.width,
            height=video.height,
            encoder=video.encoder,
        ),
        content=event.content,
        param_hash=event.param_hash,
    )
