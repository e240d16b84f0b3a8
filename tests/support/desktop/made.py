"""Recordings of all generations, made by the plain `mcap` writer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType, Writer

GENERATIONS = ("0.1", "0.3", "0.4", "0.5.0", "0.5.1")
START = 1_750_000_000_000_000_000
PREFIXES = {"0.1": "owa_env_desktop.msg.", "0.3": "owa.env.desktop.msg."}
SCREENS = {"0.1": "owa_env_gst.msg.ScreenEmitted", "0.3": "owa.env.gst.msg.ScreenEmitted"}
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
    utc, size = START + at, [64, 48]
    match generation:
        case "0.1":
            return {"path": video, "pts": at, "utc_ns": utc}
        case "0.3":
            return {"path": video, "pts": at, "utc_ns": utc, "original_shape": size, "shape": size}
        case "0.4":
            return {"utc_ns": utc, "original_shape": size, "shape": size, "path": video, "pts": at}
        case "0.5.0":
            ref = {"type": "external_video", "path": video, "pts_ns": at}
            return {"utc_ns": utc, "source_shape": size, "shape": size, "media_ref": ref}
        case _:
            ref = {"uri": video, "pts_ns": at}
            return {"utc_ns": utc, "source_shape": size, "shape": size, "media_ref": ref}


def session(
    generation: str = "0.5.1", seconds: float = 2.0, *, video: str = "made.mkv", seed: int = 0
) -> list[Made]:
    """A person at work: a window, 20 frames and 100 mouse moves a second, keys in between."""
    draw = random.Random(seed)  # noqa: S311 - reproducible
    prefix = PREFIXES.get(generation, "desktop/")
    held = "pressed_vk_list" if generation == "0.1" else "buttons"
    made = [
        Made("window", f"{prefix}WindowInfo", 0, {"title": "Editor", "rect": [0, 0, 9, 9]}),
        Made("keyboard/state", f"{prefix}KeyboardState", 0, {held: []}),
        Made("mouse/state", f"{prefix}MouseState", 0, {"x": 1, "y": 2, "buttons": []}),
    ]
    end = int(seconds * 1e9)
    screens = SCREENS.get(generation, "desktop/ScreenCaptured")
    made += [
        Made("screen", screens, at, screen_fields(generation, at, video))
        for at in range(0, end, 50_000_000)
    ]
    made += [
        Made(
            "mouse",
            f"{prefix}MouseEvent",
            at,
            {"event_type": "move", "x": draw.randrange(64), "y": draw.randrange(48)},
        )
        for at in range(5_000_000, end, 10_000_000)
    ]
    for at in range(101_000_000, end, 400_000_000):
        key = draw.randrange(65, 91)
        for kind, later in (("press", 0), ("release", 80_000_000)):
            fields = {"event_type": kind, "vk": key}
            made.append(Made("keyboard", f"{prefix}KeyboardEvent", at + later, fields))
    return sorted(made, key=lambda one: one.at)


def write_recording(
    path: Path,
    made: Iterable[Made],
    *,
    chunk_size: int = 2**20,
    compression: CompressionType = CompressionType.ZSTD,
    chunked: bool = True,
) -> Path:
    """Write messages in the given order. Returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Writer(str(path), chunk_size=chunk_size, compression=compression, use_chunking=chunked)
    writer.start(profile="owa", library="made for tests")
    channels: dict[tuple[str, str], int] = {}
    for one in made:
        key = (one.topic, one.kind)
        if key not in channels:
            schema = writer.register_schema(one.kind, "jsonschema", b"{}")
            channels[key] = writer.register_channel(one.topic, "json", schema)
        time = START + one.at
        writer.add_message(channels[key], time, one.data, time, one.sequence)
    writer.finish()
    return path


def write_sessions(folder: Path, names: Sequence[str], **options: Any) -> Path:
    """Write one session for each name, with different contents. Returns the folder."""
    for seed, name in enumerate(names):
        write_recording(folder / name, session(seed=seed, **options))
    return folder
