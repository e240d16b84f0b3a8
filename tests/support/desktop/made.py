"""Recordings of all generations, made by the plain `mcap` writer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType

from vrdata.desktop.demo import messages
from vrdata.desktop.demo.container import write_mcap
from vrdata.desktop.demo.messages import Message, message_type

GENERATIONS = messages.GENERATIONS
START = 1_750_000_000_000_000_000
SIZE = (64, 48)
PNG = "iVBORw0KGgo="


@dataclass(frozen=True)
class Made:
    """One message: its topic, type, time after START in nanoseconds, and fields."""

    topic: str
    kind: str
    at: int
    fields: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0

    @property
    def data(self) -> bytes:
        return json.dumps(self.fields, separators=(",", ":")).encode()


def screen_fields(generation: str, at: int, video: str) -> dict[str, Any]:
    """The fields of a screen message, as a recorder of that generation writes them."""
    return messages.screen_fields(generation, video, at, START + at, (SIZE, SIZE))


def session(
    generation: str = "0.5.1", seconds: float = 2.0, *, video: str = "made.mkv", seed: int = 0
) -> list[Made]:
    """A person at work: a window, 20 frames and 100 mouse moves a second, keys in between."""
    draw = random.Random(seed)  # noqa: S311 - reproducible

    def kind(name: str) -> str:
        return message_type(generation, name)

    held = "pressed_vk_list" if generation == "0.1" else "buttons"
    made = [
        Made("window", kind("WindowInfo"), 0, {"title": "Editor", "rect": [0, 0, 9, 9]}),
        Made("keyboard/state", kind("KeyboardState"), 0, {held: []}),
        Made("mouse/state", kind("MouseState"), 0, {"x": 1, "y": 2, "buttons": []}),
    ]
    end = int(seconds * 1e9)
    made += [
        Made(
            "screen",
            kind("ScreenCaptured"),
            at,
            screen_fields(generation, at, video),
        )
        for at in range(0, end, 50_000_000)
    ]
    made += [
        Made(
            "mouse",
            kind("MouseEvent"),
            at,
            {"event_type": "move", "x": draw.randrange(64), "y": draw.randrange(48)},
        )
        for at in range(5_000_000, end, 10_000_000)
    ]
    for at in range(101_000_000, end, 400_000_000):
        key = draw.randrange(65, 91)
        for event, later in (("press", 0), ("release", 80_000_000)):
            fields = {"event_type": event, "vk": key}
            made.append(Made("keyboard", kind("KeyboardEvent"), at + later, fields))
    return sorted(made, key=lambda one: one.at)


def write_recording(
    path: Path,
    made: Iterable[Made],
    *,
    chunk_size: int = 2**20,
    compression: CompressionType = CompressionType.ZSTD,
    chunked: bool = True,
    checksum: bool = False,
) -> Path:
    """Write messages in the given order. Returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = (Message(one.topic, one.kind, START + one.at, one.data, one.sequence) for one in made)
    write_mcap(
        path,
        written,
        chunk_size=chunk_size,
        compression=compression,
        use_chunking=chunked,
        enable_data_crcs=checksum,
    )
    return path


def write_sessions(folder: Path, names: Sequence[str], **options: Any) -> Path:
    """Write one session for each name, with different contents. Returns the folder."""
    for seed, name in enumerate(names):
        write_recording(folder / name, session(seed=seed, **options))
    return folder
