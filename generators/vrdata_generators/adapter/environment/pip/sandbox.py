"""The sandbox of the programs that pip starts: its command, and the attempts that it refused."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vrdata.text import count as counted
from vrdata.text import printable_line
from vrdata_generators.adapter.environment.pip import watch
from vrdata_worker.child.channel import Channel
from vrdata_worker.child.enclose import enclosed
from vrdata_worker.untrusted.packets import MalformedPacketError, parse

CACHE, WHEELS = "cache", "wheels"
_NETWORK_FILES = ("/etc/resolv.conf", "/etc/gai.conf")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_MAX_RECORD, _MAX_TEXT = 65536, 300  # a build can write to the file
_WAIT_SECONDS = 0.2


@dataclass(slots=True)
class Heard:
    """What the sandboxes of one installation reported.

    Attributes:
        open: why the kernel could not sandbox them, or "".
        refused: what was refused, by which program → how often.
    """

    open: str = ""
    refused: Counter[str] = field(default_factory=Counter)

    def refusals(self) -> list[str]:
        """A warning for each kind of attempt that was refused, sorted."""
        return [
            f"a program that built its environment tried to {what} and was refused"
            + (f" {counted(count, 'time')}" if count > 1 else "")
            for what, count in sorted(self.refused.items())
        ]

    def read(self, record: Path) -> None:
        """Count the attempts that `watch` wrote to a file."""
        try:
            # A build can replace it by a link or a pipe.
            descriptor = os.open(record, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
                lines = file.read(_MAX_RECORD).decode("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                what = printable_line(str(json.loads(line)))[:_MAX_TEXT]
            except ValueError:
                continue
            if what:
                self.refused[what] += 1

    def hear(self, packet: Mapping[str, Any]) -> None:
        """Process one packet of docs/child-protocol.md."""
        match packet:
            case {"event": "closed", "missing": str(missing)} if missing:
                self.open = missing
            case {"event": "refused", "what": str(what), "program": program, "count": int(count)}:
                self.refused[f"{what} ({program})"] += count


def command(python: Path, folder: Path, report: int, environ: Mapping[str, str]) -> list[str]:
    """What comes before a program that pip starts; it has network access.

    Args:
        python: the interpreter of the environment.
        folder: has `pip`, which the program can read; it can write to `tmp` and the built wheels.
        report: the descriptor that the sandbox reports to.
        environ: of the program.
    """
    if sys.platform != "linux":
        return []
    names = [*_NETWORK_FILES, *(environ[name] for name in _CERTIFICATES if name in environ)]
    return enclosed(
        (),
        report=report,
        python=str(python),
        read=[*map(Path, names), folder / "pip", Path(watch.__file__)],
        write=[folder / "tmp", folder / CACHE / WHEELS],
        network=True,
    )


@contextmanager
def listening() -> Iterator[tuple[int, Heard]]:
    """A descriptor that sandboxes report to, and what they report, complete at the end."""
    channel, heard, ended = Channel(), Heard(), threading.Event()
    if sys.platform != "linux":
        heard.open = f"{sys.platform} is not Linux"

    def listen() -> None:
        while True:
            packet = channel.receive(_WAIT_SECONDS)
            if packet is not None:
                with contextlib.suppress(MalformedPacketError):
                    heard.hear(parse(packet[1]))
            elif ended.is_set():
                return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield channel.theirs.fileno(), heard
    finally:
        ended.set()
        thread.join()
        channel.close()
