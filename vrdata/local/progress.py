"""Progress of a local run: bars on a terminal, lines of text elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from vrdata.contract.messages import ShardCommitted, ShardProgress
from vrdata.contract.records import FailureRecord
from vrdata.plan.planned import Plan, Shard

RATE_WINDOW_SECONDS = 60.0
LINE_SECONDS = 30.0


@dataclass(slots=True)
class ClassCount:
    """Samples of one generator class; `running` counts those that are not committed yet."""

    total: int = 0
    committed: int = 0
    failed: int = 0
    running: dict[Shard, int] = field(default_factory=dict)

    @property
    def generated(self) -> int:
        """Committed samples and those of running shards."""
        return self.committed + sum(self.running.values())


class RunProgress:
    """Shows a bar per generator class, or one line every 30 s; and a line for each failure.

    Args:
        plan: the run's plan.
        committed: samples committed before, by generator.
        console: where to write.
        animated: draw bars, for a terminal; False = write lines only.
    """

    def __init__(
        self, plan: Plan, committed: Counter[str], console: Console, *, animated: bool
    ) -> None:
        self._plan = plan
        self._console = console
        self._animated = animated
        self.classes: dict[str, ClassCount] = {}
        for planned in plan.generators:
            count = self.classes.setdefault(planned.generator_class, ClassCount())
            count.total += planned.samples
            count.committed += committed[planned.name]
        self._bars = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("[red]{task.fields[failed]}"),
            console=console,
            transient=True,
            refresh_per_second=5,
            speed_estimate_period=RATE_WINDOW_SECONDS,
            disable=not animated,
        )
        self._tasks = {name: self._add_bar(name) for name in sorted(self.classes)}
        self._all = self._add_bar("all", visible=len(self.classes) > 1)
        self._last_line = time.monotonic()
        self._bars.start()

    def update(self, message: ShardProgress) -> None:
        """Count samples of a running shard."""
        self._class_of(message.generator).running[_shard(message)] = message.samples

    def committed(self, message: ShardCommitted) -> None:
        """Count a committed shard."""
        count = self._class_of(message.generator)
        count.running.pop(_shard(message), None)
        count.committed += self._samples_of(_shard(message)) - message.failed_samples
        count.failed += message.failed_samples

    def failed(self, failure: FailureRecord, *, retried: bool, pause: float = 0.0) -> None:
        """Count a failed attempt and print why it failed.

        Args:
            failure: of the attempt.
            retried: another attempt follows.
            pause: seconds before it.
        """
        count = self._class_of(failure.generator)
        count.running.pop(failure.key, None)
        if not retried:
            count.failed += self._samples_of(failure.key)
        first = failure.message.partition("\n")[0]
        what = "will be retried" if retried else "failed"
        if retried and not failure.reason.charged:
            when = f"in {pause:.0f} s" if pause else "at once"
            what = f"will be retried {when} (not charged)"
        self._print(
            f"{failure.generator} shard {failure.shard} {what}: {failure.reason}"
            + (f" at sample {failure.sample}" if failure.sample is not None else "")
            + (f": {first}" if first else "")
        )

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._print(line)

    def tick(self) -> None:
        """Show the current state; call it several times a second."""
        for name, count in self.classes.items():
            self._update_bar(self._tasks[name], count.generated, count.failed)
        self._update_bar(self._all, self._generated, self._failed)
        now = time.monotonic()
        if not self._animated and now - self._last_line >= LINE_SECONDS:
            self._last_line = now
            self._print(self.summary())

    def close(self) -> None:
        """Remove the bars and print the last state."""
        self.tick()
        self._bars.stop()
        self._print(self.summary(ended=True))

    def summary(self, *, ended: bool = False) -> str:
        """One line: samples per class, rate, time left unless it has `ended`, failed samples."""
        parts = [
            f"{name} {count.generated}/{count.total}"
            for name, count in sorted(self.classes.items())
        ]
        task = self._task(self._all)
        if not ended and task.speed and task.time_remaining is not None and task.remaining:
            parts += [_rate(task), f"eta {duration(task.time_remaining)}"]
        if self._failed:
            parts.append(f"failed {self._failed}")
        return "  ".join(parts)

    def _add_bar(self, name: str, *, visible: bool = True) -> TaskID:
        counts = [self.classes[name]] if name in self.classes else list(self.classes.values())
        return self._bars.add_task(
            name,
            total=sum(count.total for count in counts),
            completed=sum(count.generated for count in counts),
            visible=visible,
            rate="",
            failed="",
        )

    def _update_bar(self, bar: TaskID, generated: int, failed: int) -> None:
        self._bars.update(
            bar,
            completed=generated,
            rate=_rate(self._task(bar)),
            failed=f"failed {failed}" if failed else "",
        )

    def _task(self, bar: TaskID) -> Task:
        return next(task for task in self._bars.tasks if task.id == bar)

    def _class_of(self, generator: str) -> ClassCount:
        return self.classes[self._plan.generator(generator).generator_class]

    def _samples_of(self, shard: Shard) -> int:
        planned = self._plan.generator(shard.generator).shard(shard.number)
        return planned.stop - planned.start

    @property
    def _generated(self) -> int:
        return sum(count.generated for count in self.classes.values())

    @property
    def _failed(self) -> int:
        return sum(count.failed for count in self.classes.values())

    def _print(self, line: str) -> None:
        """Print one line; markup in a generator's text is not interpreted."""
        self._console.print(line, markup=False)


def _shard(message: ShardProgress | ShardCommitted) -> Shard:
    return Shard(message.generator, message.shard)


def _rate(task: Task) -> str:
    return f"{task.speed:.1f} samples/s" if task.speed else ""


def duration(seconds: float) -> str:
    """Seconds as `0:07`, `12:30` or `3:05:00`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
