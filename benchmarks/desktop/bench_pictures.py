"""Pictures of sequences in a random order and one after the other, and bare PyAV."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import Goal, Options, Row, interleaved, ratios, wall_seconds

WIDTH, HEIGHT, RATE, SECONDS, KEY = 960, 540, 20, 10, 60
FPS, LENGTH = 10, 32
SAMPLE = 10  # one of so many images is read by a seek
CODECS = {
    "h264": ("libx264", {"preset": "veryfast", "x264-params": f"keyint={KEY}"}),
    "hevc": ("libx265", {"preset": "ultrafast", "x265-params": f"log-level=none:keyint={KEY}"}),
}
SEEKING = Goal(5, at_least=True)
BARE = Goal(0.8, at_least=True)


class _Sequence(NamedTuple):
    """One example: a video, and nanoseconds of its frames."""

    path: Path
    times: Sequence[int]


def rows(options: Options) -> Iterator[Row]:
    """With each codec: sequences of 32 pictures at 10 a second, and all frames in their order."""
    with tempfile.TemporaryDirectory(prefix="vrdata-pictures-") as folder:
        for codec in CODECS:
            paths = [_write(Path(folder, f"{codec}{n}.mkv"), codec, n) for n in range(2)]
            order = [one for path in paths for one in _sequences(path)]
            random.Random(0).shuffle(order)  # noqa: S311 - reproducible
            _check(order)
            yield Row(
                f"desktop.pictures.{codec}",
                "images/s of shuffled sequences, no cache / one open and seek for each image",
                SEEKING,
                _measured(options.repeats, order, cached=False),
            )
            yield Row(
                f"desktop.pictures.{codec}.cache",
                "the same with the default cache, two epochs",
                SEEKING,
                _measured(options.repeats, order * 2, cached=True),
            )
            yield Row(
                f"desktop.sequential.{codec}",
                "images/s of all frames in order / bare PyAV, both to RGB",
                BARE,
                _sequential(options.repeats, paths[0]),
            )


def _measured(repeats: int, order: list[_Sequence], *, cached: bool) -> tuple[float, ...]:
    from PIL import Image

    from vrdata.desktop.pictures.loading import Pictures

    images = [(one.path, time) for one in order for time in one.times]
    sample = images[::SAMPLE]

    def ours() -> None:
        pictures = Pictures() if cached else Pictures(0)
        for one in order:
            for frame in pictures.load(_refs(one), str(one.path)):
                Image.fromarray(frame)

    def seeking() -> None:
        for path, time in sample:
            _by_seek(path, time).to_image()

    rounds = interleaved(repeats, lambda: wall_seconds(seeking), lambda: wall_seconds(ours))
    return tuple(one * len(images) / len(sample) for one in ratios(rounds))


def _sequential(repeats: int, path: Path) -> tuple[float, ...]:
    import av

    from vrdata.desktop.pictures.loading import Pictures

    step = 10**9 // RATE
    frames = range(RATE * SECONDS)
    parts = [
        _Sequence(path, [n * step for n in frames[at : at + LENGTH]]) for at in frames[::LENGTH]
    ]

    def ours() -> None:
        pictures = Pictures(0)
        for one in parts:
            pictures.load(_refs(one), str(path))

    def bare() -> None:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                frame.to_ndarray(format="rgb24")

    return ratios(interleaved(repeats, lambda: wall_seconds(bare), lambda: wall_seconds(ours)))


def _by_seek(path: Path, time: int) -> Any:
    """The frame at a time: open the file, seek, decode up to it."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        unit = stream.time_base or Fraction(1, 1000)
        wanted = round(Fraction(time, 10**9) / unit)
        container.seek(wanted, stream=stream)
        return next(frame for frame in container.decode(stream) if (frame.pts or 0) >= wanted)


def _check(order: list[_Sequence]) -> None:
    """Both ways give the same pictures."""
    from vrdata.desktop.pictures.loading import Pictures

    for one in order[:3]:
        for time, frame in zip(one.times, Pictures().load(_refs(one), str(one.path)), strict=True):
            np.testing.assert_array_equal(
                frame, _by_seek(one.path, time).to_ndarray(format="rgb24")
            )


def _refs(one: _Sequence) -> list[dict[str, Any]]:
    return [{"path": one.path.name, "pts": time} for time in one.times]


def _sequences(path: Path) -> list[_Sequence]:
    """Sequences that overlap by half."""
    times = range(0, SECONDS * 10**9, 10**9 // FPS)
    starts = range(0, len(times) - LENGTH + 1, LENGTH // 2)
    return [_Sequence(path, times[start : start + LENGTH]) for start in starts]


def _write(path: Path, codec: str, seed: int) -> Path:
    """A screen with windows, in which some things move."""
    import av

    name, options = CODECS[codec]
    rng = np.random.default_rng(seed)
    screen = rng.integers(0, 255, (HEIGHT // 20, WIDTH // 20, 3), np.uint8)
    screen = screen.repeat(20, 0).repeat(20, 1)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(name, RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(RATE * SECONDS):
            image = screen.copy()
            left = number * 7 % (WIDTH - 80)
            image[120:200, left : left + 80] = 255
            image[400:424, : number * 3 % WIDTH] = 20
            frame = av.VideoFrame.from_ndarray(image)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
