"""Report the samples of a block: as they appear, at the end, or after an early end.

A block that continues after a failed sample begins in the middle. It makes one of the samples
before it again, and each of its own samples twice: if the bytes differ, they depend on what was
generated before, and the block ends.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from vrdata_child.hermetic.folders import Found, SampleFinder, SampleFolder, last_number
from vrdata_child.pipeline.items import with_item
from vrdata_child.pipeline.run import slices, streams
from vrdata_child.raised import MAX_TEXT, ScriptExitError, depends_on_machine, describe
from vrdata_child.run.ended import Written, ending, missing_of, without_half
from vrdata_child.run.journal import Journal, Progress, read_journal
from vrdata_child.run.lazy import DependentSamplesError, EnoughSamples
from vrdata_child.sample.finish import BlockFacts, finish_sample
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.names import KNOWN, digest_of

EXAMPLES = 3  # names of files that belong to no sample


class Reporter:
    """Finishes sample folders as they appear and reports them in order.

    Args:
        load: the `load` packet.
        request: the `block` or `collect` packet.
        facts: of the block.
        send: sends a packet.

    Attributes:
        first: position of the first sample; those before are done.
        makings: how often each of them is made.
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
        self._each = load["kind"] not in {"repository", "pipeline"} or streams(load)
        self._facts = facts
        self._send = send
        self._finder = SampleFinder(facts.folder / "out")
        self._names: set[str] = set()
        self.first: int = request.get("position", 0)
        self._known: dict[str, Any] | None = request.get("known")  # a sample before it
        self.makings = 2 if self.first and request.get("cmd") == "block" else 1
        if slices(load):  # proven when it was added
            self._known, self.makings = None, 1
            (facts.folder / KNOWN).touch()
        self._reported: int = self._known["position"] if self._known else self.first
        self._made: dict[str, Any] | None = None  # by the first of two makings
        self._missed = False
        self._dependent = False
        self._journal: Journal | None = None
        self._pause: Callable[[], AbstractContextManager[None]] = nullcontext
        self._failed: tuple[int, int] | None = None
        self._in_order = True
        self._streamed = self._each
        self._beside: list[str] = []

    def follow(self, journal: Journal, pause: Callable[[], AbstractContextManager[None]]) -> None:
        """Follow a script while it runs; `pause` ignores what is written in the meantime."""
        self._journal, self._pause = journal, pause

    def positions(self, count: int) -> Iterator[int]:
        """Positions of the samples to make, in order, as often as they are made, below `count`."""
        if self._known:
            yield self._reported
        for position in range(self.first, count):
            yield from (position,) * self.makings

    def collect(self, task_id: str, *, more: bool) -> None:
        """Report every folder that a streaming script has written.

        Args:
            task_id: of its last pair.
            more: the script will generate more samples.

        Raises:
            EnoughSamples: all samples that the shard needs are reported.
            DependentSamplesError: it is not certain which sample was written.
        """
        with self._pause():
            found = self._finder.find(ended=False).samples
            if self._missed or self.makings > 1:
                self._check_one(found, task_id)
            before = self._reported
            for sample in found:
                self._streamed = self._streamed or (more and self._reported == before)
                self.report(sample)

    def _check_one(self, found: Sequence[SampleFolder], task_id: str) -> None:
        """After a gap, the name of a folder must say which sample it is."""
        number = last_number(task_id)
        if len(found) != 1 or number is None or found[0].number != number:
            self._end_dependent()

    def missed(self, position: int, error: BaseException) -> bool:
        """A streaming script raised for a pair: report it, if the next one is not affected.

        Raises:
            EnoughSamples: as `collect`.
            DependentSamplesError: as `collect`.
        """
        if self._reported != position or depends_on_machine(error):
            return False
        self._missed = True
        with self._pause():
            if self._journal is not None:
                self._journal.report("")
            self.failed(
                describe(ScriptExitError.of(error) if isinstance(error, SystemExit) else error)
            )
        return True

    def _end_dependent(self) -> None:
        self._dependent = True
        raise DependentSamplesError

    def end(self) -> None:
        """Report the other samples of a script that has ended.

        Raises:
            EnoughSamples: all samples that the shard needs are reported.
            DependentSamplesError: the script did not stream, so it cannot begin in the middle.
        """
        if self.makings > 1:
            self._end_dependent()
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
        self._dependent = self._known is not None  # it does not succeed as it did before
        if self._each or self.makings > 1:  # one at a time: an unfinished one was not reported
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
            if dropped[0]:  # the pair of the others was missed
                shutil.rmtree(self._facts.folder / "out" / dropped[0], ignore_errors=True)
            self._reported += 1
        try:
            if self._reported < self._want:
                self.end() if progress.ended else self.end_early()
        finally:
            if dropped:
                self._failed = lost, lost

    def report(self, folder: SampleFolder, item: str = "") -> None:
        """Finish and report one sample. Raises EnoughSamples and DependentSamplesError."""
        if self._journal is not None:
            self._journal.report(self._finder.relative(folder))
        self._take(with_item(self._finish(folder), item))

    def _take(self, packet: dict[str, Any]) -> None:
        """Report a sample, or compare it with one that was made before."""
        if self._known:
            self._compare(packet, self._known["digest"])
        elif self.makings == 1:
            self._next(packet)
        elif self._made is None:
            self._made = packet
            self._names.clear()
            if "folder" in packet:
                shutil.rmtree(packet["folder"])
        elif self._made | {"traceback": ""} == packet | {"traceback": ""}:
            self._made = None
            self._next(packet)
        else:
            self._end_dependent()

    def _compare(self, packet: dict[str, Any], digest: str) -> None:
        files = packet.get("files", ())
        if digest_of((file["name"], file["sha256"]) for file in files) != digest:
            self._end_dependent()
        self._known, self._reported = None, self.first
        self._names.clear()
        shutil.rmtree(packet["folder"])
        (self._facts.folder / KNOWN).touch()

    def _finish(self, folder: SampleFolder) -> dict[str, Any]:
        """The packet of a sample."""
        name = str(folder.path)
        try:
            if name in self._names:
                raise SampleInvalidError("DuplicateId", f"{folder.path.name} was written twice")
            self._names.add(name)
            self._drop_hidden(folder)
            return {"event": "sample"} | finish_sample(folder, self._reported, self._facts)
        except SampleInvalidError as error:
            return {"event": "invalid", "reason": error.reason, "message": error.message}

    def failed(self, error: dict[str, str], item: str = "") -> None:
        """Report a sample that the generator raised for. Raises as `report`."""
        self._take(with_item({"event": "invalid"} | error, item))

    def summary(self) -> dict[str, Any]:
        """The fields of an `end` packet about the samples."""
        return {
            "reported": max(self._reported, self.first),
            "failed": self._failed,
            "streamed": self._streamed,
            "sequential": self._streamed or self._in_order,
            "dependent": self._dependent,
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
