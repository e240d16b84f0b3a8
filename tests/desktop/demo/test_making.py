"""The recordings that `vrdata desktop demo` makes."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import av
import pytest

from support.cli import called
from support.desktop.demos import frame_number, frames
from vrdata.desktop.demo.making import make_recordings
from vrdata.desktop.demo.messages import GENERATIONS
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.messages import Screen, parse, parse_screen
from vrdata.desktop.recordings.reading import Recording

SIZE = (241, 161)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One recording of each generation, with a screen of an odd size."""
    folder = tmp_path_factory.mktemp("demo") / "recordings"
    return make_recordings(folder, recordings=5, seconds=3, generation=None, size=SIZE)


def events(path: Path) -> list[Event]:
    with Recording(path) as recording:
        assert recording.losses == ()
        return list(recording)


def screens(path: Path) -> list[Screen]:
    return [parse_screen(event.msg) for event in events(path) if event.topic == "screen"]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_equal_seeds_give_equal_bytes_and_others_do_not(made: list[Path], tmp_path: Path) -> None:
    again = make_recordings(tmp_path / "a", recordings=2, seconds=3, generation=None, size=SIZE)
    other = make_recordings(
        tmp_path / "b", recordings=1, seconds=3, generation=None, size=SIZE, seed=1
    )
    first = content(made[0].parent)
    for name, data in content(again[0].parent).items():
        assert first[name] == data, name
    for name, data in content(other[0].parent).items():
        assert first[name] != data, name


def test_the_codec_changes_nothing_but_the_videos(made: list[Path], tmp_path: Path) -> None:
    options = {"recordings": 1, "seconds": 3, "generation": None, "size": SIZE, "codec": "hevc"}
    (path,) = make_recordings(tmp_path / "a", **options)  # type: ignore[arg-type]
    make_recordings(tmp_path / "b", **options)  # type: ignore[arg-type]
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert path.read_bytes() == made[0].read_bytes()
    with av.open(str(path.with_suffix(".mkv"))) as container:
        assert container.streams.video[0].codec_context.name == "hevc"
    numbers = [frame_number(picture, SIZE) for _, picture in frames(path.with_suffix(".mkv"))]
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("number", range(5))
def test_each_screen_message_is_a_frame_at_its_time(made: list[Path], number: int) -> None:
    path = made[number]
    video = list(frames(path.with_suffix(".mkv")))
    assert [frame_number(picture, SIZE) for _, picture in video] == list(range(len(video)))
    times = [time for time, _ in video]
    wanted = [one.media.pts_ns for one in screens(path) if one.media and one.media.pts_ns]
    assert [round(pts / 1e6) for pts in wanted] == times[:-1]
    gaps = {b - a for a, b in pairwise(times)}
    assert len(gaps) > 5, "the frame rate does not vary"


@pytest.mark.parametrize("number", range(5))
def test_every_message_is_valid_in_its_generation(made: list[Path], number: int) -> None:
    generation = list(reversed(GENERATIONS))[number]
    found = events(made[number])
    for event in found:
        assert parse(event.message_type, event.msg) is not None, event
    topics = {event.topic for event in found}
    assert topics - {"mouse/raw"} == {
        "window", "keyboard/state", "mouse/state", "screen", "mouse", "keyboard",
    }  # fmt: skip
    assert ("mouse/raw" in topics) == (generation == "0.5.1")
    assert all(one.media and one.media.uri == f"{made[number].stem}.mkv" for one in
               screens(made[number]))  # fmt: skip


def test_raw_movements_sum_up_to_the_positions(made: list[Path]) -> None:
    """The cursor of a raw event and of its absolute one are the same."""
    found = events(made[0])
    raw = [json.loads(event.msg) for event in found if event.topic == "mouse/raw"]
    places = [json.loads(event.msg) for event in found if event.topic == "mouse"]
    assert len(raw) == len(places) > 20
    for moved, (before, after) in zip(raw[1:], pairwise(places), strict=True):
        assert (moved["last_x"], moved["last_y"]) == (
            after["x"] - before["x"],
            after["y"] - before["y"],
        )


def test_frames_have_even_sizes_and_sound_and_subtitles(made: list[Path]) -> None:
    with av.open(str(made[0].with_suffix(".mkv"))) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height) == (242, 162)
        assert sum(frame.samples for frame in container.decode(audio)) == 3 * audio.rate
    with av.open(str(made[0].with_suffix(".mkv"))) as container:
        texts = [bytes(packet) for packet in container.demux(subtitles=0) if packet.size]
    assert len(texts) == 3
    sizes = {(one.source_shape, one.shape) for one in screens(made[0])}
    assert sizes == {((241, 161), (242, 162))}


def test_the_instruction_names_what_is_typed(made: list[Path]) -> None:
    said = made[0].with_suffix(".instruction.txt").read_text()
    note = said.split('"')[1]
    keys = [json.loads(event.msg) for event in events(made[0]) if event.topic == "keyboard"]
    typed = "".join(chr(key["vk"]) for key in keys if key["event_type"] == "press")
    assert typed.startswith("\xa0" + note[0].upper())


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    done = called("desktop", "demo", tmp_path / "full")
    assert (done.code, "already exists" in done.err) == (3, True)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert (tmp_path / "full/mine.txt").read_text() == "mine"


def test_an_interrupted_making_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vrdata.desktop.demo.making.write_mcap", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_recordings(tmp_path / "demo", seconds=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [("--size", "4x4"), ("--size", "wide"), ("--generation", "0.2"), ("--seconds", "nan"),
     ("--seconds", 0), ("--recordings", 0), ("--size", "99999x200")],
)  # fmt: skip
def test_what_cannot_be_made_is_refused(tmp_path: Path, options: tuple[object, ...]) -> None:
    done = called("desktop", "demo", tmp_path / "demo", *options)
    assert (done.code, "fix:" in done.err) == (2, True), done.err
    assert list(tmp_path.iterdir()) == []
