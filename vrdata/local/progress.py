"""Progress of a local run: counting is pure, drawing is rich's or plain lines'."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vrdata.contract.worker import SampleDone, ShardOutcome
from vrdata.plan.planned import Plan, Shard

RATE_WINDOW_SECONDS = 60.0
PLAIN_SECONDS = 30.0


@dataclass(slots=True)
class ClassCount:
    """Samples of one generator class."""

    total: int = 0
    committed: int = 0
    failed: int = 0


@dataclass(slots=True)
class Counts:
    """What is done, by class; samples of shards in progress count as made, not as committed."""

    plan: Plan
    classes: dict[str, ClassCount] = field(default_factory=dict)
    making: dict[Shard, int] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    history: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        for planned in self.plan.generators:
            count = self.classes.setdefault(planned.generator_class, ClassCount())
            count.total += planned.samples

    def class_of(self, generator: str) -> ClassCount:
        """The count that a generator belongs to."""
        return self.classes[self.plan.generator(generator).generator_class]

    def made(self, name: str) -> int:
        """Committed samples of a class and those of its shards in progress."""
        running = sum(
            samples
            for (generator, _), samples in self.making.items()
            if self.plan.generator(generator).generator_class == name
        )
        return self.classes[name].committed + running

    @property
    def total(self) -> int:
        """Samples the plan asks for."""
        return sum(count.total for count in self.classes.values())

    @property
    def all_made(self) -> int:
        """Samples made so far, over all classes."""
        return sum(self.made(name) for name in self.classes)

    def rate(self, now: float) -> float | None:
        """Samples per second over the last window, or None when it is too early to tell."""
        made = self.all_made
        self.history.append((now, made))
        while len(self.history) > 2 and now - self.history[0][0] > RATE_WINDOW_SECONDS:
            self.history.popleft()
        then, before = self.history[0]
        if now - then < 1.0 or made <= before:
            return None
        return (made - before) / (now - then)


class Progress(Protocol):
    """Told what happens; draws when it likes."""

    def making(self, message: SampleDone) -> None:
        """Samples of a shard in progress."""
        ...

    def done(self, outcome: ShardOutcome) -> None:
        """A shard is committed."""
        ...

    def failed(self, outcome: ShardOutcome, *, retried: bool) -> None:
        """An attempt failed."""
        ...

    def tick(self) -> None:
        """Called several times a second."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class PlainProgress:
    """One line every 30 s and one for each failure, for logs and pipes."""

    def __init__(self, plan: Plan, committed: Counter[str], console: Console) -> None:
        self.counts = Counts(plan)
        for generator, samples in committed.items():
            self.counts.class_of(generator).committed += samples
        self.console = console
        self._last = time.monotonic()

    def making(self, message: SampleDone) -> None:
        """See Progress."""
        self.counts.making[Shard(message.generator, message.shard)] = message.samples

    def done(self, outcome: ShardOutcome) -> None:
        """See Progress."""
        self.counts.making.pop(Shard(outcome.generator, outcome.shard), None)
        planned = self.counts.plan.generator(outcome.generator).shard(outcome.shard)
        count = self.counts.class_of(outcome.generator)
        count.committed += planned.stop - planned.start - outcome.failed_samples
        count.failed += outcome.failed_samples

    def failed(self, outcome: ShardOutcome, *, retried: bool) -> None:
        """See Progress."""
        self.counts.making.pop(Shard(outcome.generator, outcome.shard), None)
        self.counts.reasons[outcome.reason] += 1
        if not retried:
            planned = self.counts.plan.generator(outcome.generator).shard(outcome.shard)
            self.counts.class_of(outcome.generator).failed += planned.stop - planned.start
        first = outcome.message.partition("\n")[0]
        what = "will be retried" if retried else "failed"
        self.say(
            f"{outcome.generator} shard {outcome.shard} {what}: {outcome.reason}"
            + (f" at sample {outcome.sample}" if outcome.sample is not None else "")
            + (f": {first}" if first else "")
        )

    def say(self, line: str) -> None:
        """Print one plain line; generator text in it is not interpreted."""
        self.console.print(line, markup=False)

    def tick(self) -> None:
        """See Progress."""
        now = time.monotonic()
        if now - self._last >= PLAIN_SECONDS:
            self._last = now
            self.say(self.summary(now))

    def summary(self, now: float) -> str:
        """One line: samples per class, rate, time left, failures."""
        parts = [
            f"{name} {self.counts.made(name)}/{count.total}"
            for name, count in sorted(self.counts.classes.items())
        ]
        parts += [*_pace(self.counts, now)]
        failed = sum(count.failed for count in self.counts.classes.values())
        if failed:
            parts.append(f"failed {failed}")
        return "  ".join(parts)

    def close(self) -> None:
        """See Progress."""
        self.say(self.summary(time.monotonic()))


class LiveProgress(PlainProgress):
    """A bar per class, redrawn in place on a terminal."""

    def __init__(self, plan: Plan, committed: Counter[str], console: Console) -> None:
        super().__init__(plan, committed, console)
        self._live = Live(console=console, refresh_per_second=5, transient=True)
        self._live.start()

    def tick(self) -> None:
        """See Progress."""
        self._live.update(self._draw(time.monotonic()))

    def close(self) -> None:
        """See Progress."""
        self._live.stop()
        super().close()

    def _draw(self, now: float) -> Table:
        from rich.progress_bar import ProgressBar  # noqa: PLC0415 - only on a terminal

        table = Table.grid(padding=(0, 1))
        for name, count in sorted(self.counts.classes.items()):
            made = self.counts.made(name)
            table.add_row(
                Text(name, style="bold"),
                ProgressBar(total=count.total, completed=made, width=30),
                Text(f"{made}/{count.total}"),
                Text(f"failed {count.failed}", style="red") if count.failed else Text(""),
            )
        table.add_row(Text(""), Text("  ".join(_pace(self.counts, now))))
        return table


def _pace(counts: Counts, now: float) -> list[str]:
    rate = counts.rate(now)
    if rate is None:
        return ["estimating…"] if counts.all_made < counts.total else []
    left = max(0, counts.total - counts.all_made) / rate
    return [f"{rate:.1f} samples/s", f"eta {duration(left)}"]


def duration(seconds: float) -> str:
    """Seconds as `0:07`, `12:30` or `3:05:00`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
