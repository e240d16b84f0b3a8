"""What a block's generator has begun: a file that is complete even when its process is killed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vrdata_child.encoders.h264 import VideoFacts
from vrdata_child.sample import media

NAME = "journal.jsonl"
BEGUN = "begun"  # one byte for each pair and folder; the supervisor reads its size
MAX_EVENTS = 20_000  # a script that loops without end must not fill the disk


class Journal:
    """Appends to the journal of one block.

    Args:
        folder: the block's private folder.
    """

    def __init__(self, folder: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(folder / NAME, flags, 0o600)
        self._begun = os.open(folder / BEGUN, flags, 0o600)
        self._path = folder / NAME
        self._read = 0  # bytes of the journal
        self._events = 0
        self._calls: dict[str, int] = {}
        self._folders: set[str] = set()
        self._pair = ""

    def begin_pair(self, task_id: str) -> None:
        """The framework's `generate_task_pair` was called.

        A script may try again with the same id, without end: only the first two calls are noted.
        """
        self._pair = task_id
        calls = self._calls[task_id] = self._calls.get(task_id, 0) + 1
        if calls <= 2:
            self._write("pair", task_id)
        if calls == 1:
            self._count()

    def end_pair(self) -> None:
        """The call returned."""
        if self._calls.get(self._pair) == 1:
            self._write("made")

    def write_to(self, folder: str) -> None:
        """A file or folder is created in another folder than before, relative to the output."""
        self._write("folder", folder)
        if folder not in self._folders:
            self._folders.add(folder)
            self._count()

    def hand_out(self) -> None:
        """The script gets the last pair, to write it."""
        self._write("out")

    def ask(self) -> None:
        """The script asks for the next pair."""
        self._write("ask")

    def went_on(self) -> None:
        """The script has left the sample that it wrote last."""
        self._write("on")

    def script_ended(self) -> None:
        """The script ended without an error: all its samples are finished."""
        self._write("ended")

    def report(self, folder: str) -> None:
        """A sample is checked and moved now, then reported."""
        self._write("report", folder)

    def remember_videos(self) -> None:
        """Keep the facts of the videos that the encoder writes, for all processes of the block."""
        original = media.video_facts.remember

        def remember(sha256: str, fact: VideoFacts) -> None:
            original(sha256, fact)
            self._write("video", sha256, asdict(fact))

        def recall() -> None:
            with self._path.open("rb") as file:
                file.seek(self._read)
                lines = file.read()
            complete = lines[: lines.rfind(b"\n") + 1]
            self._read += len(complete)
            for _writer, event, *values in _parsed(complete):
                if event == "video":
                    original(values[0], VideoFacts(**values[1]))

        media.video_facts.remember = remember  # type: ignore[method-assign]
        media.video_facts.recall = recall

    def _count(self) -> None:
        if self._events < MAX_EVENTS:
            os.write(self._begun, b".")

    def _write(self, *event: object) -> None:
        self._events += 1
        if self._events == MAX_EVENTS:
            event = ("full",)
        elif self._events > MAX_EVENTS:
            return
        writer = f"{os.getpid()}-{threading.get_ident()}"
        os.write(self._file, json.dumps([writer, *event]).encode() + b"\n")


@dataclass
class Progress:
    """What the journal says.

    Attributes:
        pairs: distinct ids that `generate_task_pair` was called for, in order.
        in_call: the last of these calls did not return.
        held: the script was given the last pair, to write it, and did not ask for the next.
        folders: sample folders, in the order in which they were begun.
        unfinished: of each process and thread, the folder that it may not have finished.
        ended: the script ended without an error.
        reports: sample folders that were reported, and the one that was about to be.
        in_order: one thread wrote all, and never went back to an earlier folder.
        callers: the processes and threads that called `generate_task_pair`.
    """

    pairs: list[str] = field(default_factory=list)
    in_call: bool = False
    held: bool = False
    folders: list[str] = field(default_factory=list)
    unfinished: dict[str, str] = field(default_factory=dict)
    ended: bool = False
    reports: list[str] = field(default_factory=list)
    in_order: bool = True
    callers: set[str] = field(default_factory=set)
    _writers: set[str] = field(default_factory=set)

    def begin_pair(self, writer: str, task_id: str) -> None:
        """`generate_task_pair` was called."""
        self.callers.add(writer)
        self.in_call = True
        if task_id not in self.pairs:
            self.pairs.append(task_id)
        if len(self.pairs) > len(self.folders):
            self.unfinished.pop(writer, None)

    def write_to(self, writer: str, folder: str) -> None:
        """A file or folder was created in another sample folder than before."""
        self._writers.add(writer)
        if folder not in self.folders:
            self.folders.append(folder)
        elif folder != self.folders[-1]:
            self.in_order = False
        self.in_order = self.in_order and len(self._writers) == 1
        self.unfinished[writer] = folder


def read_journal(folder: Path, samples: AbstractSet[str]) -> Progress:
    """Read the journal of a block.

    Args:
        folder: the block's private folder.
        samples: its sample folders, relative to the output folder.
    """
    found = Progress()
    for writer, event, *values in _events(folder):
        match event:
            case "pair":
                found.begin_pair(writer, values[0])
            case "made":
                found.in_call = False
            case "out" | "ask":
                found.held = event == "out"
            case "ended":
                found.ended = True
            case "report":
                found.reports.append(values[0])
            case "full":
                found.in_order = False
            case "on":
                found.unfinished.pop(writer, None)
            case "folder" if values[0] in samples:
                found.write_to(writer, values[0])
    return found


def restore_videos(folder: Path) -> None:
    """Learn the facts of the videos that the block's encoder wrote."""
    for _writer, event, *values in _events(folder):
        if event == "video":
            media.video_facts.remember(values[0], VideoFacts(**values[1]))


def _events(folder: Path) -> Iterator[list[Any]]:
    try:
        return _parsed((folder / NAME).read_bytes())
    except OSError:
        return iter(())


def _parsed(text: bytes) -> Iterator[list[Any]]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return  # the process was killed while it wrote the line
