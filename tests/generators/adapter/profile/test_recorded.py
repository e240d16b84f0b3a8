"""The file of a sampler is untrusted: it is refused, or all its texts are printable."""

import json
from typing import Any

import pytest

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.profile.recorded import Frame, read

GOOD: dict[str, Any] = {
    "cpuSeconds": 1.5,
    "otherSeconds": 0.25,
    "samples": 150,
    "names": ["/g/src/a.py", "draw"],
    "stacks": [[1_500_000_000, [[0, 1, 7, 7, 4, 20]]]],
}


def body(**change: Any) -> bytes:
    return json.dumps({"start": {}, "block": GOOD | change}).encode()


def test_a_file_of_the_sampler_is_read() -> None:
    start, block = read(body())
    assert start.stacks == ()
    assert (block.cpu_seconds, block.other_seconds, block.samples) == (1.5, 0.25, 150)
    (stack,) = block.stacks
    assert stack.seconds == 1.5
    assert stack.frames == (Frame("/g/src/a.py", "draw", 7, (7, 7, 4, 20)),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b'{"start": {}}',
        b'{"start": {}, "block": {"names": ["\\ud800"]}}',
        body(cpuSeconds=-1),
        body(cpuSeconds=float("nan")),
        body(cpuSeconds=1e300),
        body(samples=2**63),
        body(more=1),
        body(names=["x" * 301]),
        body(stacks=[[1, [[0, 2, 1, 1, 0, 0]]]]),
        body(stacks=[[1, [[0, -1, 1, 1, 0, 0]]]]),
        body(stacks=[[1, [[0, 1, 1]]]]),
        body(stacks=[[2**60, []]]),
        body(stacks=[[1, [[0, 1, 1, 1, 0, 0]] * 81]]),
        body(stacks=[[1, []]] * 4001),
        body(stacks="x"),
    ],
    ids=lambda content: repr(content[:30]),
)
def test_every_other_file_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="no valid profile"):
        read(content)


def test_names_cannot_control_a_terminal() -> None:
    _, block = read(body(names=["/g/\x1b[2Ja.py", "dr\naw\u202e"]))
    (frame,) = block.stacks[0].frames
    assert frame.file == "/g/?[2Ja.py"
    assert frame.function == "dr?aw?"
