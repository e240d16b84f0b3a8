"""Real generator repositories: `vrdata run --local` against the repository's own plain run.

Both generate the same number of samples with one process at a time, from start to end; vrdata also
checks, hashes, packs and commits them and writes index and report. Its blocks are those of a user,
so what a child keeps in memory lasts ten samples. Videos are compared for a few equal samples. The
spread is over the repositories; the figures of each go to standard error.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost, Goal, NotMeasuredError, Options, Row, interleaved
from benchmarks.repositories.videos import compared
from benchmarks.repositories.ways import Repository, plain_run, repositories, vrdata_run

SAMPLES = 100
FEW = 20
CPU = Goal(1.5, at_least=True)
CPU_LOWEST = Goal(1.0, at_least=True)
SPEED = Goal(1.3, at_least=True)
FLAT = Goal(1.05, at_least=False)
BYTES = Goal(0.3, at_least=False)
BYTES_HIGHEST = Goal(0.7, at_least=False)
PSNR_LOWEST = Goal(0.0, at_least=True, unit=" dB")
PEAK = Goal(1.0, at_least=False)


@dataclass(frozen=True)
class Figures:
    """The figures of one repository.

    Attributes:
        cpu: the plain run's CPU / vrdata's.
        speed: the plain run's seconds / vrdata's.
        peak: vrdata's peak of resident memory / the plain run's.
        flat: vrdata's peak at SAMPLES samples / at FEW.
        size: bytes of vrdata's videos / of the plain run's, of equal samples; None = no videos.
        gain: their PSNR minus the plain run's, in dB.
    """

    cpu: float
    speed: float
    peak: float
    flat: float
    size: float | None = None
    gain: float | None = None

    def __str__(self) -> str:
        text = f"cpu {self.cpu:.2f}, speed {self.speed:.2f}, peak {self.peak:.2f}, "
        text += f"flat {self.flat:.2f}"
        if self.size is None or self.gain is None:
            return text
        return f"{text}, bytes {self.size:.2f}, psnr {self.gain:+.1f} dB"


def rows(options: Options) -> Iterator[Row]:
    """CPU, speed, memory and videos of all repositories of the home that can be seeded."""
    if options.home is None:
        raise NotMeasuredError("it needs --home, a folder of added generators")
    found = repositories(options.home, options.only)
    if not found:
        raise NotMeasuredError(f"{options.home} holds no such repository")
    measured = [_measured(options.home, one, options.repeats) for one in found]
    count = f"{len(found)} repositories"
    cpu = tuple(one.cpu for one in measured)
    yield Row("repositories.cpu", f"plain run's CPU / vrdata's, {count}", CPU, cpu)
    yield Row("repositories.cpu.lowest", "the lowest of them", CPU_LOWEST, (min(cpu),))
    speed = tuple(one.speed for one in measured)
    yield Row("repositories.speed", "samples/s through vrdata / plain", SPEED, speed)
    peak = tuple(one.peak for one in measured)
    yield Row("repositories.peak", "vrdata's peak memory / plain run's", PEAK, peak)
    flat = max(one.flat for one in measured)
    yield Row("repositories.flat", f"highest peak, {SAMPLES} samples / {FEW}", FLAT, (flat,))
    yield from _videos(measured)


def _videos(measured: list[Figures]) -> Iterator[Row]:
    sizes = tuple(one.size for one in measured if one.size is not None)
    gains = tuple(one.gain for one in measured if one.gain is not None)
    if not sizes:
        return
    yield Row("repositories.bytes", "bytes of videos, vrdata's / plain run's", BYTES, sizes)
    yield Row("repositories.bytes.highest", "the highest of them", BYTES_HIGHEST, (max(sizes),))
    meaning = "lowest of vrdata's PSNR - plain run's"
    yield Row("repositories.psnr.lowest", meaning, PSNR_LOWEST, (min(gains),))


def _measured(home: Path, repository: Repository, repeats: int) -> Figures:
    """Medians over the repeats; the videos once, because they do not vary."""
    rounds = interleaved(
        repeats,
        lambda: _plain(repository, SAMPLES),
        lambda: _through_vrdata(home, repository, SAMPLES),
        warm=False,
    )
    few = _through_vrdata(home, repository, FEW)
    peak = statistics.median(ours.peak_bytes for _, ours in rounds)
    videos = compared(home, repository)
    figures = Figures(
        cpu=statistics.median(plain.cpu / ours.cpu for plain, ours in rounds),
        speed=statistics.median(plain.wall / ours.wall for plain, ours in rounds),
        peak=statistics.median(ours.peak_bytes / plain.peak_bytes for plain, ours in rounds),
        flat=peak / few.peak_bytes,
        size=videos and videos.ours.size / videos.plain.size,
        gain=videos and videos.ours.psnr - videos.plain.psnr,
    )
    plain, ours = rounds[-1]
    seconds = f"last CPU: {plain.cpu:.1f} s and {ours.cpu:.1f} s"
    print(f"{repository.name}: {figures}, {seconds}", file=sys.stderr, flush=True)
    return figures


def _plain(repository: Repository, samples: int) -> Cost:
    with plain_run(repository, samples) as (_, cost):
        return cost


def _through_vrdata(home: Path, repository: Repository, samples: int) -> Cost:
    with vrdata_run(home, repository, samples) as (_, cost):
        return cost
