"""Run the attempts as a block of a generator on this machine; `python -m support.attempts.laptop`.

The machine has what such a generator looks for: a server, a secret, another block, other folders.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.generators.probe import open_probes

HOSTILE = Path(__file__).with_name("hostile")
PLANTED = "planted"
_REQUEST_SECONDS = 0.1  # some only connect
_CODE = """
import os, sys
sys.path.insert(0, {root!r})
from hostile.run import results
block = os.path.dirname(os.path.realpath(os.environ["TMPDIR"]))
facts = results({root!r}, block, {only!r})
"""


def attempt_all(folder: Path, only: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """What each attempt meets (`hostile.run.results`).

    Args:
        folder: an empty folder for all files.
        only: names of attempts; none = all.
    """
    with _surroundings(folder) as world, open_probes(folder / "run") as probes:
        root = folder / "run" / "generator"
        shutil.copytree(HOSTILE, root / "hostile", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "world.json").write_text(json.dumps(world))
        probes.start("import os\nos.read(os.pipe()[0], 1)\n")  # another block
        found: dict[str, dict[str, Any]] = probes.run(
            _CODE.format(root=str(root), only=tuple(only))
        )
        return found


@contextmanager
def _surroundings(folder: Path) -> Iterator[dict[str, Any]]:
    places = {
        "a key of the user": "home/.aws/credentials",
        "a shard of a local run": "out/demo/shards/O-maze/O-maze-000000.tar",
        "a file of another generator": "generators/O-other/examples/generate.py",
    }
    for path in (*places.values(), "secret", "foreign/file", "run/file"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(PLANTED)
    path, abstract = str(folder / "server.sock"), f"vrdata-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as by_name,
    ):
        by_path.bind(path)
        by_name.bind(f"\0{abstract}")
        for listener in (server, by_path, by_name):
            listener.listen()
            threading.Thread(target=_answer, args=(listener,), daemon=True).start()
        try:
            yield {
                "secret": str(folder / "secret"),
                "foreign": str(folder / "foreign"),
                "port": server.getsockname()[1],
                "socket": path,
                "abstract": abstract,
                "places": {name: str(folder / place) for name, place in places.items()},
            }
        finally:
            for listener in (server, by_path, by_name):
                listener.shutdown(socket.SHUT_RDWR)  # ends its thread


def _answer(listener: socket.socket) -> None:
    """Serve HTTP until the listener is shut down."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_REQUEST_SECONDS)
            connection.recv(4096)
            connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{PLANTED}".encode())


if __name__ == "__main__":
    status = Path("/proc/self/status").read_text()
    facts = dict(line.partition(":")[::2] for line in status.splitlines())
    found = {"user": os.getuid(), "capabilities": int(facts["CapEff"], 16)}
    sys.stdout.write(json.dumps(found | {"results": attempt_all(Path(sys.argv[1]))}))
