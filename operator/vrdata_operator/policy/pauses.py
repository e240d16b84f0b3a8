"""When shards whose attempt failed are retried: pauses, and batches of one Job. Pure.

A Job for each failed shard would cost the cluster more than the shard, so shards that fail at about
the same time are retried together. The more waves a run has, the longer it collects.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrdata.contract.attempts import start_after
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata_operator.state.history import Next
from vrdata_operator.state.run import RunView

QUIET_SECONDS = 2.0  # without another failure, before a batch starts
LONGEST_QUIET_SECONDS = 30.0
WAVES_PER_SECOND = 20  # waves of a run that lengthen this time by one second
COLLECT = 3  # times as long for the first shard of a batch, when failures do not stop
COLLECT_BUSY = 10  # the same while all pods of the run are used


@dataclass(frozen=True, slots=True)
class Start:
    """A shard that is retried.

    Attributes:
        failed: when its attempt failed, in seconds since the epoch.
        at: when its pause ends.
    """

    wave: Wave
    shard: Shard
    next: Next
    failed: float
    at: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which failed shards are retried now, and which later.

    Attributes:
        due: these shards and what follows, by the number of the wave in which they failed.
        paused: those of the others whose pause has not ended, the next ones first.
        after: seconds until others may be due; None when there is no other.
    """

    due: dict[int, dict[Shard, Next]]
    paused: tuple[Start, ...] = ()
    after: float | None = None


def schedule(view: RunView) -> Schedule:
    """Which failed shards are retried now."""
    starts, now = _starts(view), view.facts.now
    ready = [start for start in starts if start.at <= now]
    batch_at = _batch_at(view, ready) if ready else now
    due = ready if batch_at <= now else []
    paused = tuple(start for start in starts if start.at > now)
    times = [start.at for start in paused[:1]]
    if ready and not due:
        times.append(batch_at)
    return Schedule(_by_wave(due), paused, min(times) - now if times else None)


def _starts(view: RunView) -> list[Start]:
    found = []
    now = view.facts.now
    for number, shards in view.failed.items():
        wave = view.history.waves[number]
        for shard in shards - view.lost:
            seen = view.failure(wave, shard) is not None
            failed = view.facts.failed_at.get(shard, 0.0) if seen else 0.0
            following = view.following[shard]
            uncharged = wave.uncharged + 1 if following is Next.UNCHARGED else 0
            at = start_after(failed, uncharged, now)
            found.append(Start(wave, shard, following, min(failed, now), at))
    return sorted(found, key=lambda start: (start.at, start.shard))


def _batch_at(view: RunView, ready: list[Start]) -> float:
    """When the shards that are ready form a batch: at once when nothing else can fail."""
    running = sum(map(len, view.running.values()))
    if not running:
        return view.facts.now
    quiet = QUIET_SECONDS + len(view.history.own) / WAVES_PER_SECOND
    quiet = min(quiet, LONGEST_QUIET_SECONDS)
    first = min(start.at for start in ready)
    if running >= view.pods:  # a further wave takes a pod from another one
        return first + COLLECT_BUSY * quiet
    last = max(start.failed for start in ready)
    return min(first + COLLECT * quiet, last + quiet)


def _by_wave(starts: list[Start]) -> dict[int, dict[Shard, Next]]:
    found: dict[int, dict[Shard, Next]] = {}
    for start in starts:
        found.setdefault(start.wave.wave, {})[start.shard] = start.next
    return found
