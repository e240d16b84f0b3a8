"""Make a table of random episodes: to try a training loop before there is data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vrdata.timeseries.table.episode import Episode, Media
from vrdata.timeseries.table.schema import Form
from vrdata.timeseries.table.writing import write_table
from vrdata_generators.episodes.clips import record_clip

TEXT = "This is a test sentence."
_SECOND = 10**9


@dataclass(frozen=True, slots=True)
class DummyOptions:
    """What the episodes are like; equal options give equal bytes with the same FFmpeg.

    Attributes:
        episodes: their number.
        seed: of all random values.
        steps: least and most actions of an episode; observations cover the same time.
        action_rate: actions a second.
        observation_rate: observations a second.
        action_values: values of an action.
        observation_values: values of an observation.
        frames: of a clip; 0 = no clips and no images.
        fps: frames a second.
        size: height and width of frames and images.
    """

    episodes: int = 10
    seed: int = 42
    steps: tuple[int, int] = (20, 200)
    action_rate: int = 100
    observation_rate: int = 50
    action_values: int = 3
    observation_values: int = 7
    frames: int = 30
    fps: int = 20
    size: int = 64


def create_table(
    path: Path, options: DummyOptions, *, embed: bool = False, form: Form = "vrdata"
) -> int:
    """Write the table, and `imgs/img_N.png` and `videos/video_N.mp4` beside it.

    Args:
        path: the table; existing files are replaced.
        options: of the episodes.
        embed: write images and videos into the table instead.
        form: see `write_table`.

    Returns:
        The number of episodes.

    Raises:
        OSError: a file cannot be written.
    """
    if options.frames and not embed:
        for folder in ("imgs", "videos"):
            (path.parent / folder).mkdir(parents=True, exist_ok=True)
    return write_table(path, _episodes(path.parent, options, embed=embed), form=form)


def dummy_episode(number: int, options: DummyOptions) -> Episode:
    """One episode without media; it depends on its number and the options only."""
    rng = np.random.default_rng([options.seed, number])
    steps = int(rng.integers(options.steps[0], options.steps[1] + 1))
    seconds = steps / options.action_rate
    observed = max(1, round(seconds * options.observation_rate))
    return Episode(
        TEXT,
        rng.random((steps, options.action_values)),
        _stamps(steps, options.action_rate),
        rng.random((observed, options.observation_values)),
        _stamps(observed, options.observation_rate),
    )


def _episodes(folder: Path, options: DummyOptions, *, embed: bool) -> Iterator[Episode]:
    for number in range(options.episodes):
        episode = dummy_episode(number, options)
        if not options.frames:
            yield episode
            continue
        stamps = _stamps(options.frames, options.fps)
        frames = ((f"frame {at}", image) for at, image in enumerate(_frames(number, options)))
        clip = record_clip(frames, stamps, image=True, video=True)
        names = {"image": f"imgs/img_{number}.png", "video": f"videos/video_{number}.mp4"}
        bodies = {"image": clip.image, "video": clip.video}
        media: dict[str, Any] = {}
        for kind, name in names.items():
            if not embed:
                (folder / name).write_bytes(bodies[kind])
            media[kind] = Media(name, bodies[kind] if embed else b"")
        yield Episode(
            episode.text,
            episode.actions,
            episode.actions_timestamps,
            episode.observations,
            episode.observations_timestamps,
            **media,
        )


def _frames(number: int, options: DummyOptions) -> Iterator[Image.Image]:
    rng = np.random.default_rng([options.seed, number, 1])
    for _ in range(options.frames):
        pixels = rng.integers(0, 256, (options.size, options.size, 3), np.uint8)
        yield Image.fromarray(pixels)


def _stamps(steps: int, rate: int) -> NDArray[np.int64]:
    """Nearest nanoseconds of steps from the time 0."""
    return (np.arange(steps, dtype=np.int64) * 2 * _SECOND + rate) // (2 * rate)
