"""Make recordings: an MCAP file, a video and an instruction each."""

from __future__ import annotations

import heapq
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from vrdata.desktop.demo.container import write_mcap
from vrdata.desktop.demo.desk import MAX_SIZE, MIN_SIZE, Click, Key
from vrdata.desktop.demo.messages import GENERATIONS, NEWEST, Message, Recorder
from vrdata.desktop.demo.painting import paint
from vrdata.desktop.demo.screens import captures
from vrdata.desktop.demo.script import MILLISECOND, Script
from vrdata.desktop.demo.video import Codec, Video
from vrdata.desktop.recordings.folder import SIDECAR_SUFFIX, SUFFIX
from vrdata.errors import OutputConflictError, UsageError

START = 1_767_603_600_000_000_000
"""When the first recording begins: 2026-01-05 09:00 UTC; the others begin an hour later each."""
SIZE = (640, 360)
MAX_SECONDS, MAX_RECORDINGS = 3600, 1000
_HOUR, _SECOND = 3600 * 10**9, 10**9


def make_recordings(  # noqa: PLR0913 - each is an option of the command
    folder: Path,
    *,
    recordings: int = 3,
    seconds: float = 6.0,
    seed: int = 42,
    generation: str | None = NEWEST,
    size: tuple[int, int] = SIZE,
    codec: Codec | str = Codec.H264,
) -> list[Path]:
    """Make recordings. Equal arguments give equal bytes.

    Args:
        folder: to create; it appears when all recordings are complete.
        recordings: how many.
        seconds: length of each.
        seed: all that is random follows from it and the number of the recording.
        generation: of the messages; None = each recording has another one, beginning with the
            newest.
        size: width and height of the screen in pixels; frames have even sizes.
        codec: of the videos.

    Returns:
        The MCAP files; each has NAME.mkv and NAME.instruction.txt beside it.

    Raises:
        OutputConflictError: the folder exists, and is not empty.
        UsageError: a number is out of range.
        OSError: a file cannot be written.
    """
    _check(recordings, seconds, generation, size)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputConflictError(
            f"{folder} already exists",
            why="recordings are generated in a new or empty folder only",
            fix="name another folder",
        )
    generations = [generation] if generation else list(reversed(GENERATIONS))
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        draft.chmod(0o755)
        names = [f"desktop-{number:02d}{SUFFIX}" for number in range(1, recordings + 1)]
        for number, name in enumerate(names):
            draw = Random(f"{seed}/{number}")  # noqa: S311 - reproducible
            made = generations[number % len(generations)]
            video = Path(name).with_suffix(".mkv").name
            recorder = Recorder(made, video, START + number * _HOUR, (size, _even(size)))
            _write(draft / name, Script(size, seconds, draw), recorder, Codec(codec), draw)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return [folder / name for name in names]


def _check(recordings: int, seconds: float, generation: str | None, size: tuple[int, int]) -> None:
    if not 1 <= recordings <= MAX_RECORDINGS:
        raise UsageError(f"{recordings} recordings", fix=f"use 1 to {MAX_RECORDINGS}")
    if not 1 <= seconds <= MAX_SECONDS:  # also refuses nan
        raise UsageError(f"a recording of {seconds:g} s", fix=f"use 1 to {MAX_SECONDS} seconds")
    if generation is not None and generation not in GENERATIONS:
        raise UsageError(
            f"generation {generation!r} is unknown", fix=f"use all, {', '.join(GENERATIONS)}"
        )
    fits = zip(MIN_SIZE, size, MAX_SIZE, strict=True)
    if not all(low <= length <= high for low, length, high in fits):
        least, most = (f"{width}x{height}" for width, height in (MIN_SIZE, MAX_SIZE))
        raise UsageError(f"a screen of {size[0]}x{size[1]} pixels", fix=f"use {least} to {most}")


def _even(size: tuple[int, int]) -> tuple[int, int]:
    """The size of frames: the next even numbers."""
    width, height = size
    return width + width % 2, height + height % 2


def _write(path: Path, script: Script, recorder: Recorder, codec: Codec, draw: Random) -> None:
    """Write the three files of a recording."""
    ticks = [one.at for one in script.acts if isinstance(one, Click | Key) and one.pressed]
    times = []
    _, size = recorder.sizes
    with Video(path.with_name(recorder.video), size, codec, recorder.start, ticks) as video:
        for number, frame in enumerate(captures(script.start, script.acts, script.end, draw)):
            video.add(paint(frame.desk, number, size), frame.pts)
            times.append(frame.pts)
        video.end(script.end)
    write_mcap(path, _messages(script, recorder, times, draw))
    path.with_suffix(SIDECAR_SUFFIX).write_text(script.instruction + "\n", encoding="utf-8")


def _messages(
    script: Script, recorder: Recorder, frames: Sequence[int], draw: Random
) -> Iterator[Message]:
    """All messages, in the order of time; the recording ends before its last frame is announced."""
    screens = [
        recorder.screen(pts, draw.randrange(2 * MILLISECOND, 12 * MILLISECOND))
        for pts in frames[:-1]
    ]
    return heapq.merge(screens, _inputs(script, recorder), key=lambda one: one.at)


def _inputs(script: Script, recorder: Recorder) -> Iterator[Message]:
    """Input, and the states at each second."""
    desk, second = script.start, 0
    for act in [*script.acts, None]:
        until = script.end if act is None else act.at
        while second < until:
            yield from recorder.states(desk, second)
            second += _SECOND
        if act is not None:
            yield from recorder.act(act, desk)
            desk = desk.after(act)
