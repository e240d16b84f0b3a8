"""Recordings of all generations are read, also damaged ones."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from mcap.writer import CompressionType

from support.desktop.made import GENERATIONS, START, Made, session, write_recording
from vrdata.desktop.recordings.container import NotARecordingError
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.reading import Recording
from vrdata.desktop.recordings.walk import DATA_END, MESSAGE

SMALL = 4096  # bytes of a chunk: a recording has many


def expected(made: list[Made]) -> list[Event]:
    order = sorted(made, key=lambda one: (one.at, one.sequence))
    return [Event(one.topic, START + one.at, one.kind, one.data) for one in order]


def read(path: Path, kept_bytes: int = 2**24) -> tuple[list[Event], list[str]]:
    with Recording(path, kept_bytes) as recording:
        return list(recording), [str(loss) for loss in recording.losses]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_all_events_of_each_generation_are_read(generation: str, tmp_path: Path) -> None:
    made = session(generation)
    assert read(write_recording(tmp_path / "a.mcap", made)) == (expected(made), [])


@pytest.mark.parametrize("compression", list(CompressionType))
def test_all_compressions_are_read(compression: CompressionType, tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", session(), compression=compression)
    assert read(path) == (expected(session()), [])


def test_a_recording_without_chunks_is_read(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", session(), chunked=False)
    assert read(path) == (expected(session()), [])


@pytest.mark.parametrize("kept_bytes", [2**24, 20_000, 1])
def test_events_are_sorted_however_the_file_has_them(kept_bytes: int, tmp_path: Path) -> None:
    made = session(seconds=1)
    shuffled = random.Random(1).sample(made, len(made))  # noqa: S311 - reproducible
    path = write_recording(tmp_path / "a.mcap", shuffled, chunk_size=SMALL)
    order = sorted(shuffled, key=lambda one: one.at)  # stable: the place in the file decides
    events, _ = read(path, kept_bytes)
    assert events == [Event(one.topic, START + one.at, one.kind, one.data) for one in order]


def test_events_of_one_time_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    made = [Made("mouse", "t", 5, {"n": number}, sequence=9 - number) for number in range(5)]
    events, _ = read(write_recording(tmp_path / "a.mcap", made))
    assert [one.msg for one in events] == [one.data for one in reversed(made)]


@pytest.mark.parametrize("compression", list(CompressionType))
def test_a_cut_recording_gives_what_is_before_the_cut(
    compression: CompressionType, tmp_path: Path
) -> None:
    made = session(seconds=5)
    path = write_recording(tmp_path / "a.mcap", made, chunk_size=SMALL, compression=compression)
    whole = path.read_bytes()
    counts = []
    for share in (0.2, 0.5, 0.8):
        cut = int(len(whole) * share)
        path.write_bytes(whole[:cut])
        events, losses = read(path)
        assert events == expected(made)[: len(events)]
        assert len(losses) == 1
        assert losses[0].startswith("bytes ")
        assert f"to {cut - 1}: " in losses[0]
        counts.append(len(events))
    assert counts == sorted(counts)
    assert counts[0] > 0.05 * len(made)


def test_every_cut_is_survived_and_named(tmp_path: Path) -> None:
    made = session(seconds=0.3)
    path = write_recording(tmp_path / "a.mcap", made, chunk_size=512)
    whole = path.read_bytes()
    for cut in range(8, len(whole)):
        path.write_bytes(whole[:cut])
        events, losses = read(path)
        assert events == expected(made)[: len(events)]
        assert losses or len(events) == len(made)


def test_a_wrong_byte_costs_at_most_its_chunk(tmp_path: Path) -> None:
    made = session(seconds=2)
    path = write_recording(tmp_path / "a.mcap", made, chunk_size=SMALL)
    whole = path.read_bytes()
    draw = random.Random(2)  # noqa: S311 - reproducible
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[draw.randrange(8, len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        events, losses = read(path)
        assert len(events) >= len(made) - 100
        assert losses or events == expected(made)


def test_a_record_that_becomes_a_message_is_noticed(tmp_path: Path) -> None:
    """One wrong bit makes the index of a chunk a message, which no checksum covers."""
    made = session(seconds=2)
    path = write_recording(tmp_path / "a.mcap", made, chunk_size=SMALL)
    whole = path.read_bytes()
    more = []
    for index in re.finditer(rb"\x07..\x00{6}", whole, re.DOTALL):
        damaged = bytearray(whole)
        damaged[index.start()] = MESSAGE
        path.write_bytes(damaged)
        events, losses = read(path)
        assert losses or events == expected(made)
        more.append(len(events) > len(made))
    assert any(more)


@pytest.mark.parametrize("chunked", [True, False])
def test_no_wrong_byte_passes_the_checksum_of_the_file(chunked: bool, tmp_path: Path) -> None:
    made = session(seconds=0.5)
    path = write_recording(tmp_path / "a.mcap", made, chunked=chunked, checksum=True)
    assert read(path) == (expected(made), [])
    whole = path.read_bytes()
    end = whole.rindex(bytes([DATA_END]) + (4).to_bytes(8, "little"))
    draw = random.Random(3)  # noqa: S311 - reproducible
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[draw.randrange(8, end)] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        assert read(path)[1], "a wrong byte is not noticed"


def test_a_recording_whose_checksum_differs_keeps_its_messages(tmp_path: Path) -> None:
    made = session(seconds=0.5)
    path = write_recording(tmp_path / "a.mcap", made, chunked=False, checksum=True)
    damaged = path.read_bytes().replace(b'"title":"Editor"', b'"title":"Edit0r"')
    path.write_bytes(damaged)
    events, (loss,) = read(path)
    assert len(events) == len(made)
    assert events[0].msg.startswith(b'{"title":"Edit0r"')
    assert loss.startswith("bytes 0 to ")
    assert "the checksum of the file differs" in loss


def test_a_wrong_summary_describes_no_channel(tmp_path: Path) -> None:
    """Its descriptions would count for messages whose own description is lost."""
    path = write_recording(tmp_path / "a.mcap", session(seconds=2), chunk_size=SMALL)
    data = bytearray(path.read_bytes())
    begin = data.index(b"\x04\x00\x00\x00zstd")
    data[begin + 60] ^= 1  # the first chunk, which describes the channels
    summary = data.rindex(bytes([DATA_END]) + (4).to_bytes(8, "little"))
    name = data.index(b"desktop/MouseEvent", summary)
    data[name : name + 18] = b"desktop/MouseState"
    path.write_bytes(data)
    events, losses = read(path)
    assert "mouse" not in {event.topic for event in events}
    assert any("the description of channel" in loss for loss in losses)


def test_the_lost_range_of_a_damaged_chunk_is_its_place_in_the_file(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", session(seconds=2), chunk_size=SMALL)
    data = bytearray(path.read_bytes())
    middle = len(data) // 4
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(data)
    with Recording(path) as recording:
        (loss,) = recording.losses
        assert loss.start <= middle < loss.stop <= middle + SMALL
        assert recording.announced == len(session(seconds=2)) > len(recording)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x89MCAP9\r\n"])
def test_another_file_is_no_recording(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(content)
    with pytest.raises(NotARecordingError, match="not a recording"):
        read(tmp_path / "a.mcap")


def test_a_chunk_that_claims_to_be_huge_is_lost_not_read(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", session(), chunk_size=2**20)
    data = bytearray(path.read_bytes())
    size = data.index(b"\x04\x00\x00\x00zstd") - 12
    data[size : size + 8] = (2**40).to_bytes(8, "little")
    path.write_bytes(data)
    events, losses = read(path)
    assert events == []
    assert "more than" in losses[0]
