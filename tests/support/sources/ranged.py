"""A pipeline whose source is a large file that is read by ranges, and the clients of its socket."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from support.polling import wait_until
from support.sources.places import Bench, begin, store_place
from vrdata.sources.opening import open_planned
from vrdata.sources.port import Part, PartFile
from vrdata_worker.staging.whole.blocks import ShardPlaces
from vrdata_worker.staging.whole.places import StagedPlaces

NAME = "deep/large.bin"


class Client:
    """A block's end of the socket."""

    def __init__(self, folder: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        here = os.open(folder, os.O_PATH)
        try:
            self.socket.connect(f"/proc/self/fd/{here}/sources.sock")
        except OSError:
            self.socket.close()
            raise
        finally:
            os.close(here)
        self.stream = self.socket.makefile("rb")

    def send(self, body: bytes) -> bytes:
        """What comes back for a line: b"" = the connection has ended."""
        try:
            self.socket.sendall(body)
            return self.stream.readline()
        except ConnectionError:
            return b""

    def ask(self, start: int, stop: int, name: str = NAME, source: int = 0) -> bytes | str:
        """The bytes, or an error."""
        request = {"source": source, "name": name, "start": start, "stop": stop}
        answer = json.loads(self.send(json.dumps(request).encode() + b"\n"))
        return str(answer["error"]) if "error" in answer else self.stream.read(answer["bytes"])

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class Ranges:
    """A block of a pipeline whose only source is read by ranges."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.bench = Bench(folder / "shared", folder)
        self.clients: list[Client] = []
        (folder / "source/deep").mkdir(parents=True)
        self.file = folder / "source" / NAME
        self.file.touch()
        os.truncate(self.file, size)
        self.size = size
        self.staged: StagedPlaces | None = None

    def begin(self, *, fake: bool = False) -> ShardPlaces:
        """A shard whose first block has begun."""
        parts = [Part(0, 1, (PartFile(NAME, self.size),))]
        url = str(self.folder / "source")
        place = store_place(self.bench.store, 0, "raw", parts, url=url, ranges=True)
        if not fake:
            self.bench.source.open = open_planned  # type: ignore[assignment, method-assign]
        self.staged = self.bench.stages(place)
        shard = begin(self.staged)
        wait_until(lambda: shard.is_ready(0), "the list", 20)
        (self.folder / "block").mkdir()
        shard.write(0, self.folder / "block")
        return shard

    def client(self) -> Client:
        self.clients.append(Client(self.folder / "block"))
        return self.clients[-1]

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.bench.close()

    def disk_bytes(self) -> int:
        """Bytes of all files that were staged."""
        folders = (one for one in self.folder.iterdir() if one.name != "source")
        files = (path for one in folders for path in one.rglob("*"))
        return sum(path.lstat().st_blocks * 512 for path in files)
