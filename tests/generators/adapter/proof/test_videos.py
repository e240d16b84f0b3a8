"""The proof compares the frames of every video, whatever program wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.generators.repositories import GENERATE, RunningInterpreter, write_repository
from vrdata_generators.adapter.adding import Added, Adder
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource

pytestmark = pytest.mark.slow

CLIP = """
import sys
import av
import numpy as np


def clip(path, colour, noise, codec, times, sound):
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        track = output.add_stream("adpcm_ms", rate=8000, layout="mono") if sound else None
        for time in times:
            picture = np.full((32, 32, 3), colour, np.uint8)
            if noise:
                picture[:, 16:] = np.random.default_rng().integers(0, 256, (32, 16, 3))
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = time
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
        if track is not None:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
            frame.rate = 8000
            output.mux(track.encode(frame))
            output.mux(track.encode())
"""
# Draws and encodes in a process of its own, as a renderer does.
RENDERED = """
    import subprocess
    source = CLIP + f"clip({str(folder / NAME)!r}, {colour}, NOISE, CODEC, range(6), False)"
    subprocess.run([sys.executable, "-c", source], check=True)
"""


def add(folder: Path, body: str) -> Added:
    """Add a repository whose samples have the videos that `body` writes."""
    marker = '        (folder / "prompt.txt")'
    assert marker in GENERATE
    head, _, rest = GENERATE.partition("def main")
    videos = f"CLIP = {CLIP!r}\n\n\ndef videos(folder, colour):\n{body}\n"
    script = f"{head}{CLIP}\n{videos}\n\ndef main{rest}"
    script = script.replace(marker, f"        videos(folder, colour)\n{marker}")
    root = write_repository(folder / "O-1_square", {"examples/generate.py": script})
    adder = Adder(Home(folder / "home"), RunningInterpreter(), True, lambda _line: None)
    (added,) = adder.add(GeneratorSource(str(root)))
    assert isinstance(added, Added), added.error
    return added


@pytest.mark.parametrize(
    ("name", "codec"), [("ground_truth.avi", "mpeg4"), ("last_video.webm", "libvpx")]
)
def test_equal_videos_of_another_program_are_counted(tmp_path: Path, name: str, codec: str) -> None:
    added = add(tmp_path, f'    clip(folder / "{name}", colour, False, "{codec}", range(6), False)')
    assert added.entry.seeded
    assert added.entry.acceleration.enabled
    assert "(10 with video)" in added.entry.acceleration.reason


def test_a_video_that_differs_each_time_makes_the_generator_unseeded(tmp_path: Path) -> None:
    rendered = RENDERED.replace("NAME", "'first_video.mov'").replace("NOISE", "True")
    added = add(tmp_path, rendered.replace("CODEC", "'mpeg4'"))
    assert not added.entry.seeded
    assert not added.entry.acceleration.enabled
    assert any("frames of first_video.mp4" in warning for warning in added.warnings)


def test_frames_that_are_shown_at_other_times_differ(tmp_path: Path) -> None:
    # The process identifiers of two runs are near each other, never 10007 apart.
    times = "[0, 1, 2 + __import__('os').getpid() % 10007]"
    added = add(
        tmp_path, f'    clip(folder / "ground_truth.mkv", colour, False, "mpeg4", {times}, False)'
    )
    assert not added.entry.seeded


def test_what_h264_does_not_keep_is_reported_and_catalogued(tmp_path: Path) -> None:
    added = add(
        tmp_path, '    clip(folder / "ground_truth.avi", colour, False, "mpeg4", range(6), True)'
    )
    note = "ground_truth.mp4: its sound (adpcm_ms) is dropped"
    assert added.entry.notes == (note,)
    assert f"{note}; video: asIs keeps the file" in added.warnings
    assert added.entry.seeded
