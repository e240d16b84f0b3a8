"""Read HDF5 files in a process with limits, and send what they have through a pipe.

    python -m vrdata.timeseries.convert.recordings < REQUEST

libhdf5 can run for ever or take all memory in a damaged file, and holds the interpreter meanwhile.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vrdata_generators.episodes.mapping import EpisodeMap
from vrdata_generators.episodes.reading import read_episodes
from vrdata_generators.episodes.recording import Clip, EpisodeError, Recording, Series

MEMORY = 2 * 2**30
"""Bytes that the process may take."""
SECONDS, BYTES_A_SECOND = 120, 10**6
"""Time for one episode: so many seconds, and one more for so many bytes of the file."""
_LENGTH = struct.Struct("<I")


class ReadingFailure(Exception):  # noqa: N818 - what the process says
    """What stopped the process.

    Attributes:
        what: for the user.
        is_absent: the file cannot be opened; otherwise it is not what the map says.
    """

    def __init__(self, what: str, *, is_absent: bool) -> None:
        super().__init__(what)
        self.what, self.is_absent = what, is_absent


def request_of(path: Path, layout: EpisodeMap) -> bytes:
    """What the process gets on its standard input."""
    return json.dumps({"path": str(path), "map": layout.model_dump(mode="json")}).encode()


def received(stream: IO[bytes]) -> Iterator[Recording]:
    """The recordings that the process sends.

    Raises:
        ReadingFailure: it says why there are no more.
        EOFError: it ended without saying so.
    """
    while True:
        head = json.loads(_exactly(stream, _LENGTH.unpack(_exactly(stream, _LENGTH.size))[0]))
        if "end" in head:
            return
        if "error" in head:
            raise ReadingFailure(head["error"], is_absent=head["absent"])
        series = [Series(*(_array(stream, *one) for one in pair)) for pair in head["series"]]
        cameras = {
            name: Clip(_exactly(stream, image), _exactly(stream, video), _array(stream, *stamps))
            for name, image, video, stamps in head["cameras"]
        }
        yield Recording(head["text"], series[0], series[1], cameras)


def _sent(recording: Recording) -> Iterator[bytes]:
    """A head that says how much of what follows."""
    series, cameras, bodies = [], [], []
    for one in (recording.actions, recording.observations):
        series.append([_form(one.values), _form(one.stamps)])
        bodies += [one.values.tobytes(), one.stamps.tobytes()]
    for name, clip in recording.cameras.items():
        cameras.append([name, len(clip.image), len(clip.video), _form(clip.stamps)])
        bodies += [clip.image, clip.video, clip.stamps.tobytes()]
    yield _head({"text": recording.text, "series": series, "cameras": cameras})
    yield from bodies


def _form(array: NDArray[Any]) -> tuple[str, tuple[int, ...]]:
    return array.dtype.str, array.shape


def _array(stream: IO[bytes], kind: str, shape: list[int]) -> NDArray[Any]:
    dtype = np.dtype(kind)
    body = _exactly(stream, int(np.prod(shape, dtype=object)) * dtype.itemsize)
    return np.frombuffer(body, dtype).reshape(shape)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    return body


def _head(facts: dict[str, Any]) -> bytes:
    body = json.dumps(facts).encode()
    return _LENGTH.pack(len(body)) + body


def main() -> int:
    """Read one file; returns the exit code."""
    request = json.loads(sys.stdin.buffer.read())
    path = Path(request["path"])
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # what libraries print must not be between the recordings
        try:
            _send(path, EpisodeMap.model_validate(request["map"]), out)
        except EpisodeError as error:
            out.write(_head({"error": str(error), "absent": False}))
        except OSError as error:
            why = error.strerror or str(error)
            out.write(_head({"error": f"{path} cannot be read: {why}", "absent": True}))
        except (MemoryError, ValueError) as error:
            why = "it needs too much memory" if isinstance(error, MemoryError) else str(error)
            out.write(_head({"error": f"{path} cannot be read: {why}", "absent": False}))
    return 0


def _send(path: Path, layout: EpisodeMap, out: IO[bytes]) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    seconds = SECONDS + path.stat().st_size // BYTES_A_SECOND
    signal.alarm(seconds)  # it ends the process inside of libhdf5, too
    for recording in read_episodes(path, layout, str(path)):
        signal.alarm(0)  # the parent may take its time
        out.writelines(_sent(recording))
        out.flush()
        signal.alarm(seconds)
    signal.alarm(0)
    out.write(_head({"end": True}))


if __name__ == "__main__":
    sys.exit(main())
