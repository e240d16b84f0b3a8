"""Where the time of a block goes: the parts of the work, and the slowest lines. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from vrdata_generators.adapter.profile.places import Part, Place, library_of, place_of
from vrdata_generators.adapter.profile.recorded import Frame, Recorded
from vrdata_generators.adapter.profile.source import Call, Source

ORDER: tuple[Part, ...] = (
    *("own", "drawing", "libraries", "encoding", "vrdata", "starting", "other"),
)
LOST = 0.05  # share of the CPU time; less is divided among the stacks
TAIL = 0.03  # seconds of a block before its first and after its last sample
PROCESSES = "processes that it starts"
THREADS = "threads that are not sampled"
CHECKS, PACKING = "checks and hashes", "packing"
_SAME = {"vrdata": CHECKS}


@dataclass(frozen=True, slots=True)
class PartTime:
    """CPU seconds of a part of the work; `details`: of each library or kind, the longest first."""

    part: Part
    seconds: float
    details: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LineTime:
    """CPU seconds of a line of the generator's own code.

    Attributes:
        file: relative to the generator's folder.
        call: what it waits in for most of the time, or "".
        library: that this call belongs to, or "".
    """

    file: str
    line: int
    function: str
    seconds: float
    call: str = ""
    library: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A stack with its place and its CPU seconds."""

    place: Place
    seconds: float
    file: str  # of its own frame, relative to the generator's folder


@dataclass(slots=True)
class OwnCode:
    """Tells the generator's own code from libraries.

    Args:
        folders: of its own code, absolute, the longest first.
        load: the bytes of a file in one of them, by its relative path; b"" = none.
    """

    folders: tuple[str, ...]
    load: Callable[[str], bytes]
    _sources: dict[str, Source] = field(default_factory=dict)

    def relative(self, frame: Frame) -> str:
        """Path of the frame's file in the generator's folder; "" = it is not its own code."""
        if "-packages/" in frame.file:
            return ""
        folder = next((one for one in self.folders if frame.file.startswith(f"{one}/")), "")
        return frame.file[len(folder) + 1 :] if folder else ""

    def call_of(self, frame: Frame) -> Call:
        """What a frame of its own code calls."""
        file = self.relative(frame)
        if file not in self._sources:
            self._sources[file] = Source(self.load(file))
        return self._sources[file].call_at(frame.span)


def placed(recorded: Iterable[Recorded], own: OwnCode) -> tuple[Placed, ...]:
    """Each stack at its place.

    If nearly all CPU time of the blocks was sampled, the seconds of the stacks are those of the
    blocks.
    """
    blocks = list(recorded)
    total = sum(one.cpu_seconds for one in blocks)
    found = sum(stack.seconds for one in blocks for stack in one.stacks)
    factor = total / found if found and total - found < _lost(found, len(blocks)) else 1.0
    stacks = []
    for one in blocks:
        for stack in one.stacks:
            place = place_of(stack.frames, lambda frame: bool(own.relative(frame)), own.call_of)
            file = own.relative(place.own) if place.own else ""
            stacks.append(Placed(place, stack.seconds * factor, file))
    return tuple(stacks)


def parts_of(
    stacks: Iterable[Placed], recorded: Iterable[Recorded], packing: float
) -> tuple[PartTime, ...]:
    """Each part that takes time, in a fixed order.

    Args:
        stacks: placed.
        recorded: the blocks that they come from.
        packing: CPU seconds that vrdata packs their samples in.
    """
    blocks = list(recorded)
    times: dict[Part, defaultdict[str, float]] = {part: defaultdict(float) for part in ORDER}
    found = 0.0
    for one in stacks:
        times[one.place.part][one.place.detail or _SAME.get(one.place.part, "")] += one.seconds
        found += one.seconds
    lost = sum(one.cpu_seconds for one in blocks) - found
    times["other"][THREADS] += lost if lost >= _lost(found, len(blocks)) else 0.0
    times["other"][PROCESSES] += sum(one.other_seconds for one in blocks)
    times["vrdata"][PACKING] += packing
    return tuple(
        PartTime(part, sum(details.values()), _ordered(details))
        for part, details in times.items()
        if sum(details.values()) > 0
    )


def lines_of(stacks: Iterable[Placed]) -> tuple[LineTime, ...]:
    """The lines of the generator's own code, the slowest first."""
    times: defaultdict[tuple[str, int, str], defaultdict[tuple[str, str], float]]
    times = defaultdict(lambda: defaultdict(float))
    for one in stacks:
        own = one.place.own
        if own is None or one.place.part == "starting":
            continue
        times[one.file, own.line, own.function][_called(one.place)] += one.seconds
    lines = []
    for (file, line, function), calls in times.items():
        call, library = max(calls, key=lambda one: calls[one])
        lines.append(LineTime(file, line, function, sum(calls.values()), call, library))
    return tuple(sorted(lines, key=lambda one: -one.seconds))


def _called(place: Place) -> tuple[str, str]:
    """What the own frame waits in, and its library."""
    if place.below:
        first = place.below[-1]
        library = next(filter(None, map(library_of, reversed(place.below))), "")
        return place.call.text or first.function, library
    if place.part == "own":
        return "", ""
    return place.call.text, place.detail if place.part in ("drawing", "libraries") else ""


def _lost(found: float, blocks: int) -> float:
    """From how many seconds on threads that run no Python code must have used them."""
    return LOST * found + TAIL * blocks


def _ordered(details: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    named = [(name, seconds) for name, seconds in details.items() if name and seconds > 0]
    return tuple(sorted(named, key=lambda one: -one[1]))
