"""A generator can send any packet: what vrdata's own code does not send is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vrdata_worker.untrusted import packets
from vrdata_worker.untrusted.packets import MalformedPacketError

DIGEST = "0" * 64
FILES = [
    {"name": name, "size": 3, "sha256": DIGEST}
    for name in ("first_frame.png", "ground_truth.mp4", "metadata.json", "prompt.txt")
]
VIDEO = {
    "name": "ground_truth.mp4",
    "frames": 3,
    "fps": 24.0,
    "width": 8,
    "height": 8,
    "encoder": "x264",
}
SAMPLE: dict[str, Any] = {
    "event": "sample",
    "block": 0,
    "position": 0,
    "folder": "/block/done/000000",
    "id": "maze_00000000",
    "domain": "maze",
    "files": FILES,
    "video": VIDEO,
    "content": DIGEST,
    "paramHash": "",
    "notes": [],
    "frames": {"ground_truth.mp4": DIGEST},
    "own": {},
}
END: dict[str, Any] = {
    "event": "end",
    "block": 0,
    "error": None,
    "reported": 1,
    "failed": None,
    "streamed": True,
    "sequential": True,
    "beside": {"files": 0, "examples": []},
}
EXIT: dict[str, Any] = {
    "event": "exit",
    "block": 0,
    "code": 0,
    "signal": None,
    "peakMemoryBytes": 1,
    "cpuSeconds": 0.5,
}
STARTED: dict[str, Any] = {"event": "started", "block": 0, "pid": 77}
INVALID: dict[str, Any] = {
    "event": "invalid",
    "block": 0,
    "position": 0,
    "reason": "MissingFile",
    "message": "prompt.txt was not written",
}


def named(name: str) -> dict[str, Any]:
    return {"files": [*FILES, {"name": name, "size": 3, "sha256": DIGEST}]}


def sized(size: object) -> dict[str, Any]:
    return {"files": [*FILES[:3], {"name": "prompt.txt", "size": size, "sha256": DIGEST}]}


@pytest.mark.parametrize("packet", [SAMPLE, END, EXIT, STARTED, INVALID])
def test_a_packet_of_vrdata_is_accepted(packet: dict[str, Any]) -> None:
    found = packets.parse(json.dumps(packet).encode())
    assert {name: found[name] for name in packet} == packet


@pytest.mark.parametrize(
    "change",
    [
        {"position": -1},
        {"position": True},
        {"position": 0.0},
        {"position": "0"},
        {"position": None},
        {"position": 2**64},
        {"block": [0]},
        {"block": True},
        {"domain": "../maze"},
        {"domain": "maze/x"},
        {"domain": ".maze"},
        {"domain": "maze\n"},
        {"domain": ""},
        {"domain": "m" * 101},
        {"files": []},
        {"files": {}},
        {"files": [*FILES, FILES[0]]},
        {"files": FILES[1:]},
        {"files": FILES * 100},
        named("../prompt.txt"),
        named("/etc/passwd"),
        named("a/b.txt"),
        named(".."),
        named("x.txt\x00"),
        named("x.txt\n"),
        named("PROMPT.txt"),
        named("x" * 300 + ".txt"),
        named("model.pkl"),
        named("other.json"),
        sized(-1),
        sized(3.0),
        sized(True),
        sized(2**62),
        {"files": [{"name": file["name"], "size": 2**29, "sha256": DIGEST} for file in FILES]},
        {"files": [FILES[0] | {"sha256": DIGEST.upper().replace("0", "A")}, *FILES[1:]]},
        {"files": [FILES[0] | {"sha256": DIGEST + "\n"}, *FILES[1:]]},
        {"files": [FILES[0] | {"sha256": DIGEST[1:]}, *FILES[1:]]},
        {"files": [FILES[0] | {"path": "/etc/passwd"}, *FILES[1:]]},
        {"video": VIDEO | {"name": "other.mp4"}},
        {"video": VIDEO | {"frames": 0}},
        {"video": VIDEO | {"fps": -1.0}},
        {"video": VIDEO | {"width": 2**40}},
        {"content": "no digest"},
        {"content": None},
        {"notes": "text"},
        {"notes": [1]},
        {"notes": [""] * 1001},
        {"frames": {"other.mp4": DIGEST}},
        {"own": {"ground_truth.mp4": "no digest"}},
        {"paramHash": 7},
        {"item": 7},
        {"item": "x" * 301},
        {"unknown": 1},
    ],
    ids=lambda change: json.dumps(change)[:60],
)
def test_an_impossible_sample_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedPacketError):
        packets.parse(json.dumps(SAMPLE | change).encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(number: str) -> None:
    body = json.dumps(SAMPLE).replace("24.0", number)
    assert number in body
    with pytest.raises(MalformedPacketError):
        packets.parse(body.encode())


@pytest.mark.parametrize(
    "packet",
    [
        END | {"reported": -1},
        END | {"failed": [0]},
        END | {"failed": [3, 1]},
        END | {"failed": [0, 1, 2]},
        END | {"failed": ["0", "1"]},
        END | {"streamed": 1},
        END | {"error": "text"},
        END | {"error": {"reason": 1, "message": ""}},
        END | {"beside": {"files": -1, "examples": []}},
        END | {"beside": {"files": 1, "examples": ["x"] * 1000}},
        END | {"beside": None},
        EXIT | {"code": -1},
        EXIT | {"code": 256},
        EXIT | {"signal": 0},
        EXIT | {"signal": 999},
        EXIT | {"peakMemoryBytes": -1},
        EXIT | {"cpuSeconds": -1.0},
        EXIT | {"cpuSeconds": None},
        STARTED | {"pid": 0},
        STARTED | {"pid": 1},
        STARTED | {"pid": -1},
        STARTED | {"pid": True},
        STARTED | {"pid": "77"},
        STARTED | {"pid": 2**40},
        INVALID | {"message": None},
        INVALID | {"reason": ["MissingFile"]},
        INVALID | {"position": -1},
        {"event": "unknown", "block": 0},
        {"event": ["sample"]},
        {"block": 0},
    ],
    ids=lambda packet: json.dumps(packet)[:60],
)
def test_an_impossible_packet_is_refused(packet: dict[str, Any]) -> None:
    with pytest.raises(MalformedPacketError):
        packets.parse(json.dumps(packet).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"7",
        b'{"event": "ready"',
        b'{"event": "started", "block": 0, "pid": ' + b"9" * 100_000 + b"}",
        b"[" * 250_000,
        b'{"event": ' * 25_000,
        b'{"event": "started", "block": 0, "pid": 77}' + b" " * 1000 + b"x",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_an_invalid_packet_is_refused_with_a_short_text(body: bytes) -> None:
    with pytest.raises(MalformedPacketError) as caught:
        packets.parse(body)
    assert 0 < len(str(caught.value).encode()) <= 300


def test_the_text_of_an_error_cannot_control_a_terminal() -> None:
    with pytest.raises(MalformedPacketError) as caught:
        packets.parse(json.dumps(END | {"\x1b[31m\n": 1}).encode())
    assert str(caught.value).isprintable()


def test_rows_are_accepted_only_from_a_converter_that_gives_rows() -> None:
    rows = {"name": "rows.arrow", "size": 3, "sha256": DIGEST}
    packet = SAMPLE | {"files": [rows, *(one for one in FILES if one["name"] == "metadata.json")]}
    packet |= {"video": None, "frames": {}, "own": {}}
    assert packets.parse(json.dumps(packet).encode(), rows=True)["event"] == "sample"
    with pytest.raises(MalformedPacketError, match="rows instead of a sample"):
        packets.parse(json.dumps(packet).encode())
    with pytest.raises(MalformedPacketError, match="a sample instead of rows"):
        packets.parse(json.dumps(SAMPLE).encode(), rows=True)
    both = SAMPLE | {"files": [rows, *FILES]}
    with pytest.raises(MalformedPacketError):
        packets.parse(json.dumps(both).encode())
