"""The state of one block as its child reports it, and the failures of its samples. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.text import count
from vrdata_worker.child.blocks import Making
from vrdata_worker.child.events import Exit, Invalid
from vrdata_worker.generate.causes import cause_of
from vrdata_worker.generate.narrow import Narrowing, Try

_OF_THE_MACHINE = {FailureReason.OUT_OF_MEMORY, FailureReason.GENERATOR_CRASHED}


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
        narrowing: makes the other samples of a block that failed; None = they fail as well.
        current: what the block's process makes.
        last: the failure of the last sample that ended a process.
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
    narrowing: Narrowing | None = None
    current: Try | None = None
    last: Failure | None = None
    _done: int = 0  # the position after the last sample that was reported
    _bad: set[int] = field(default_factory=set)  # positions that ended the block
    _searched: Failure | None = None  # the failure whose sample is searched
    _found: int = 0  # samples that the current try of a search has made
    _sure: Failure | None = None  # the last one of a child that had the usual random numbers
    _doubtful: set[int] = field(default_factory=set)  # positions that failed after it
    _lost: float = 0.0  # seconds of the search
    _stopped: bool = False  # what the child reports from now on is not used

    @property
    def searches(self) -> bool:
        """Whether the current child only shows which sample fails."""
        return self.current is not None and self.current.search

    @property
    def lost_seconds(self) -> float:
        """Seconds that samples took which ended the block, and the search for them."""
        return self.narrowing.lost_seconds if self.narrowing else 0.0

    def sample(self, position: int) -> bool:
        """Record a valid sample. Whether it is new; otherwise it is not needed."""
        return self._is_new(position)

    def invalid(self, event: Invalid) -> None:
        """Record a sample that the child found invalid or that the generator raised for.

        If the machine is the cause, the child must be killed (`killed` is set): with more memory,
        for example, the generator could have made other samples after this one.
        """
        if not self._is_new(event.position):
            return
        failure = self._at(event.position, event.failure)
        if self.narrowing and failure.reason in _OF_THE_MACHINE:
            self.killed = self.last = self._sure = failure
            self._stopped = True
        if event.position >= self.skip:
            self.failures.append(failure)
            self.cause = self.cause or failure

    def drop(self, position: int, failure: Failure) -> None:
        """A sample that was reported as valid is not."""
        self.failures.append(self._at(position, failure))
        self.cause = self.cause or self.failures[-1]

    def _is_new(self, position: int) -> bool:
        if self.searches:
            self._found += 1
        if self.searches or self._stopped:
            return False
        late = self.narrowing is not None and position < self._done
        if late or position in self.reported or position in self._bad:
            return False
        self.reported.add(position)
        self._done = max(self._done, position + 1)
        if self._doubtful or (self.current and self.current.first):
            self._doubtful.clear()  # its child has shown that it does not depend on them
            self._sure = self.last
        return True

    def end(self, event: Exit, log_tail: str, seconds: float = 0.0) -> Try | None:
        """Record the child's end, and choose what the next child of the block makes.

        Args:
            event: the end.
            log_tail: the end of what the generator printed.
            seconds: that the child spent on the sample that ended it.

        Returns:
            The next try. None = the block has ended, and every wanted sample that was not reported
            has failed. The one that caused the end keeps the traceback; if it is not known, the
            first does.
        """
        if self.current is not None and self.current.search:
            following = self._end_search(event, self.current, seconds)
        else:
            following = self._end_try(event, log_tail, seconds)
        self.current, self.killed, self._found = following or self.current, None, 0
        self.exited = following is None
        return following

    def repeat(self) -> Try:
        """What the current child makes, for another one: something outside has killed it."""
        self._found = 0
        return self.current or Try(self.want, self.want)

    def _end_search(self, event: Exit, ended: Try, seconds: float) -> Try | None:
        narrowing = self.narrowing
        if narrowing is None or self._searched is None:
            raise RuntimeError("there is no search")
        self._spend(seconds)
        failed = self._found < ended.count
        range_ = (event.failed or (0, ended.count - 1)) if failed else None
        following = narrowing.searched(range_, ended.count)
        if following is not None:
            return following
        return self._fail(self._searched, narrowing.bounds)

    def _end_try(self, event: Exit, log_tail: str, seconds: float) -> Try | None:
        if not self.missing():
            return None
        stopped, self._stopped = self._stopped, False
        if self.last is not None and (stopped or self._is_complete()):
            return self._go_on(self.last, self._done)
        if event.dependent and self._sure is not None:
            self._end_dependent(self._sure)
            return None
        wrote = f"wrote {len(self.reported)} of {count(self.want, 'sample')}"
        cause = cause_of(event, self.killed, wrote, log_tail)
        self._spend(seconds)
        failed = self._failed(event)
        narrowing = self.narrowing
        if narrowing and narrowing.found(failed) is None and self._searched is None:
            self._searched = cause
            if following := narrowing.search(*failed):
                return following
        return self._fail(cause, failed)

    def _end_dependent(self, sure: Failure) -> None:
        """The samples after one that failed depend on it: what they did without it is not true."""
        doubtful = {self.start + position for position in self._doubtful}
        self.failures = [one for one in self.failures if one.sample not in doubtful]
        self._bad -= self._doubtful
        self.last = sure
        why = sure.message.partition("\n")[0]
        self._give_up(f"not generated: it depends on sample {sure.sample}: {why}")

    def _failed(self, event: Exit) -> tuple[int, int]:
        """The first and the last position that the sample may have which ended a child."""
        done = self._done
        while done in self._bad:
            done += 1
        each = self.narrowing is not None and self.narrowing.making is Making.EACH
        if each or (self.current is not None and self.current.first):
            return done, done  # one sample at a time
        return event.failed or (self.missing()[0], self.want - 1)

    def missing(self) -> list[int]:
        """Positions of the wanted samples that are not reported and have not failed."""
        return sorted(set(range(self.skip, self.want)) - self.reported - self._bad)

    def _spend(self, seconds: float) -> None:
        self._lost += seconds
        if self.narrowing:
            self.narrowing.lost_seconds += seconds

    def _fail(self, cause: Failure, failed: tuple[int, int]) -> Try | None:
        """Record the sample that ended the block, and go on with those after it."""
        first, last = failed
        found = self.narrowing.found(failed) if self.narrowing else None
        if found is not None:
            first = last = found
        if first < last:
            samples = f"{self.start + first}-{self.start + last}"
            note = f"one of the samples {samples} of block {self.block}: {cause.message}"
            self.last = cause.model_copy(update={"message": note})
            self.cause = self.cause or self.last
            self._give_up(note)
            return None
        self.last = self._at(first, cause)
        if self.narrowing:
            self.last = self.last.model_copy(update={"lost_seconds": round(self._lost, 1)})
        self._lost = 0.0
        self.cause = self.cause or self.last
        if self.current is not None and self.current.first:
            self._doubtful.add(first)
        if not self._doubtful:
            self._sure = self.last
        again = first in self._bad | self.reported  # this generator's behaviour is not known
        self._bad.add(first)
        if self.skip <= first < self.want and not again:
            self.failures.append(self.last)
        return self._go_on(self.last, self.want if again else self._done)

    def _is_complete(self) -> bool:
        """Whether the current try has made all that it should."""
        wanted = range(self.current.want if self.current else self.want)
        return not set(wanted) - self.reported - self._bad

    def _go_on(self, last: Failure, first: int) -> Try | None:
        """The try that follows after a sample has failed.

        Args:
            last: how it failed.
            first: position of the first sample that can be made.
        """
        following = None
        if self.narrowing is not None:
            before = min(self._bad.intersection(range(first, self.want)), default=first)
            if before > first:  # they can be made as in the whole block
                following = self.narrowing.go_on(0, before)
            else:
                while first in self._bad:
                    first += 1
                following = self.narrowing.go_on(first, self.want)
        if following is None:
            why = last.message.partition("\n")[0]
            used = self.narrowing is not None and self.narrowing.exhausted
            how = "the tries of its block are used up after" if used else "its block ended at"
            self._give_up(f"not generated: {how} sample {last.sample}: {why}")
        return following

    def _give_up(self, why: str) -> None:
        """All samples that are missing have failed, because of another one."""
        missing, last = self.missing(), self.last
        if not missing or last is None:
            return
        consequence = last.model_copy(
            update={"message": why, "traceback": "", "lost_seconds": None}
        )
        found = [self._at(position, consequence) for position in missing]
        if last not in self.failures:
            found[0] = found[0].model_copy(update={"traceback": last.traceback})
        self.failures = sorted(self.failures + found, key=lambda one: one.sample or 0)

    def _at(self, position: int, failure: Failure) -> Failure:
        return failure.model_copy(update={"sample": self.start + position})
