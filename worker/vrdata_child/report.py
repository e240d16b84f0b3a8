"""Report the samples of a block: as they appear, at the end, or after an early end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from vrdata_child.hermetic.folders import Found, SampleFinder, SampleFolder
from vrdata_child.run.ended import Written, ending, missing_of, without_half
from vrdata_child.run.journal import Journal, Progress, read_journal
from vrdata_child.run.lazy import EnoughSamples
from vrdata_child.sample.finish import BlockFacts, finish_sample
from vrdata_child.sample.invalid import SampleInvalidError

MAX_TEXT = 6000
EXAMPLES = 3  # names of files that belong to no sample


class Reporter:
    """Finishes sample folders as they appear and reports them in order.

    Args:
        load: the `load` packet.
        request: the `block` or `collect` packet.
        facts: of the block.
        send: sends a packet.

    Attributes:
        journal: of the block, while its script runs.
    """

    def __init__(
        self,
        load: dict[str, Any],
        request: dict[str, Any],
        facts: BlockFacts,
        send: Callable[[dict[str, Any]], None],
    ) -> None:
        self._want: int = request["want"]
        self._count: int = request["count"]
        self._sequential = bool(load.get("sequential"))
        self._each = load["kind"] != "repository"
        self._facts = facts
        self._send = send
        self._finder = SampleFinder(facts.folder / "out")
        self._names: set[str] = set()
        self._reported: int = request.get("position", 0)
        self.journal: Journal | None = None
        self._failed: tuple[int, int] | None = None
        self._in_order = True
        self._streamed = self._each
        self._beside: list[str] = []

    def collect(self, *, more: bool) -> None:
        """Report every folder that a streaming script has written.

        Args:
            more: the script will generate more samples.

        Raises:
            EnoughSamples: all samples that the shard needs are reported.
        """
        before = self._reported
        for sample in self._finder.find(ended=False).samples:
            self._streamed = self._streamed or (more and self._reported == before)
            self.report(sample)

    def end(self) -> None:
        """Report the other samples of a script that has ended. Raises EnoughSamples."""
        found, progress = self._found()
        written = self._written(found.samples)
        missing = self._count - self._reported - len(written)
        kept = without_half(written, missing)
        self._failed = missing_of(kept, len(written), self._reported, self._count)
        self._beside += found.beside
        self._in_order = progress.in_order
        self._report_all(one.folder for one in kept)

    def end_early(self) -> None:
        """Report what a script that was interrupted has finished. Raises EnoughSamples."""
        if self._each:  # one sample at a time: an unfinished one was not reported
            self._failed = (self._reported, self._reported)
            return
        found, progress = self._found()
        ended = ending(
            self._written(found.samples),
            progress,
            reported=self._reported,
            count=self._count,
            sequential=self._sequential,
        )
        self._failed = ended.failed
        self._report_all(ended.finished)

    def end_killed(self) -> None:
        """Report what a killed process has finished. Raises EnoughSamples.

        If it was killed while it reported a sample, that sample is dropped, because its files
        may be half rewritten.
        """
        if self._each:
            self.end_early()
            return
        progress = read_journal(self._facts.folder, frozenset())
        lost = self._reported
        dropped = progress.reports[lost:]
        if dropped:
            shutil.rmtree(self._facts.folder / "out" / dropped[0], ignore_errors=True)
            self._reported += 1
        try:
            if self._reported < self._want:
                self.end() if progress.ended else self.end_early()
        finally:
            if dropped:
                self._failed = lost, lost

    def report(self, folder: SampleFolder) -> None:
        """Finish and report one sample. Raises EnoughSamples as `collect`."""
        name = str(folder.path)
        if self.journal is not None:
            self.journal.report(self._finder.relative(folder))
        try:
            if name in self._names:
                raise SampleInvalidError("DuplicateId", f"{folder.path.name} was written twice")
            self._names.add(name)
            self._drop_hidden(folder)
            packet = finish_sample(folder, self._reported, self._facts)
        except SampleInvalidError as error:
            self._next({"event": "invalid", "reason": error.reason, "message": error.message})
        else:
            self._next({"event": "sample"} | packet)

    def failed(self, error: dict[str, str]) -> None:
        """Report a sample that the generator raised for. Raises EnoughSamples as `collect`."""
        self._next({"event": "invalid"} | error)

    def summary(self) -> dict[str, Any]:
        """The fields of an `end` packet about the samples."""
        return {
            "reported": self._reported,
            "failed": self._failed,
            "streamed": self._streamed,
            "sequential": self._streamed or self._in_order,
            "beside": {"files": len(self._beside), "examples": self._beside[:EXAMPLES]},
        }

    def _drop_hidden(self, folder: SampleFolder) -> None:
        for name in folder.hidden:
            path = folder.path / name
            self._beside.append(str(path.relative_to(self._facts.folder / "out")))
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _found(self) -> tuple[Found, Progress]:
        names = {self._finder.relative(one) for one in self._finder.find().samples}
        progress = read_journal(self._facts.folder, names)
        return self._finder.find(progress.folders), progress

    def _written(self, samples: Sequence[SampleFolder]) -> list[Written]:
        return [Written(self._finder.relative(sample), sample) for sample in samples]

    def _report_all(self, samples: Iterable[SampleFolder]) -> None:
        for sample in samples:
            self.report(sample)

    def _next(self, packet: dict[str, Any]) -> None:
        if "message" in packet:
            packet["message"] = packet["message"][:MAX_TEXT]
        self._send(packet | {"block": self._facts.block, "position": self._reported})
        self._reported += 1
        if self._reported >= self._want:
            raise EnoughSamples
