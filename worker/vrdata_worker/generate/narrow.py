"""Choose what of a failed block is generated again: one bad sample costs one sample. Pure.

A generator that makes one sample after the other continues after the sample that failed. A script
that makes whole blocks cannot: it is run with fewer samples until it is known which one fails.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrdata_worker.child.blocks import Making

MAX_TRIES = 100  # processes of one block
MAX_TIMEOUTS = 10.0  # sample timeouts that the failed tries of one block may take together


@dataclass(frozen=True, slots=True)
class Try:
    """What one process of a block makes.

    Attributes:
        count: samples that the generator is asked for.
        want: samples that are reported, from the first of the block.
        first: position of the first one that is reported; those before are done.
        search: it only shows whether this many samples can be made; they are dropped.
    """

    count: int
    want: int
    first: int = 0
    search: bool = False


@dataclass(slots=True)
class Narrowing:
    """The tries of one block.

    Attributes:
        making: how its generator makes samples.
        count: samples of the whole block.
        want: how many of them the shard needs.
        max_seconds: that failed tries may take together.
        tries: processes so far.
        lost_seconds: that failed tries took so far.
    """

    making: Making
    count: int
    want: int
    max_seconds: float
    tries: int = 1
    lost_seconds: float = 0.0
    _first: int = 0  # the sample that is searched is one of these
    _last: int = -1
    _seen: bool = False  # a try with fewer samples has failed
    _certain: int | None = None

    @property
    def exhausted(self) -> bool:
        """Whether nothing more is made."""
        return self.tries >= MAX_TRIES or self.lost_seconds >= self.max_seconds

    def go_on(self, first: int, want: int) -> Try | None:
        """The try that makes the next samples of a block; None = they cannot be made.

        Args:
            first: position of the first one.
            want: position after the last one.
        """
        if self.making is Making.WHOLE or first >= want or self.exhausted:
            return None
        self.tries += 1
        return Try(self.count, want, first)

    def search(self, first: int, last: int) -> Try | None:
        """Begin to search the sample that fails; None when there is no try left.

        Args:
            first: the first position that it may have.
            last: the last one.
        """
        self._first, self._last, self._seen = first, last, False
        return self._halve()

    def searched(self, failed: tuple[int, int] | None, count: int) -> Try | None:
        """The next try of a search after one has ended; None = it is over.

        Args:
            failed: the positions that failed, as far as its process knows; None = it succeeded.
            count: how many samples it made.
        """
        if failed is None:
            self._first = count
        else:
            self._seen = True
            self._first = min(max(self._first, failed[0]), count - 1)
            self._last = max(self._first, min(failed[1], count - 1))
        return self._halve()

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the last position that the sample of a search may have."""
        return self._first, self._last

    def found(self, failed: tuple[int, int]) -> int | None:
        """The position of the sample that fails, if it is known.

        Args:
            failed: the positions that failed, as far as the last process knows.
        """
        if failed[0] == failed[1]:
            return failed[0]
        certain = self._certain
        return certain if certain is not None and failed[0] <= certain <= failed[1] else None

    def _halve(self) -> Try | None:
        if self._first < self._last:
            if self.exhausted:
                return None
            count = (self._first + self._last) // 2 + 1
            self.tries += 1
            return Try(count, count, search=True)
        self._certain = self._first
        if self._seen or self.exhausted:
            return None
        # All others can be made. The whole block shows whether it fails again, or by chance.
        self.tries += 1
        return Try(self.count, self.want)
