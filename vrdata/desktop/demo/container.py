"""Write MCAP files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mcap.writer import Writer

from vrdata.desktop.demo.messages import Message

PROFILE, LIBRARY = "owa", "vrdata desktop"
_SCHEMA = b"{}"


def write_mcap(path: Path, messages: Iterable[Message], **options: Any) -> None:
    """Write messages in the given order, in compressed chunks.

    Args:
        path: the file.
        messages: of any generation.
        options: of `mcap.writer.Writer`, for files that recorders do not write.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("wb") as file:
        writer = Writer(file, **options)
        writer.start(profile=PROFILE, library=LIBRARY)
        channels: dict[tuple[str, str], int] = {}
        for one in messages:
            key = one.topic, one.kind
            if key not in channels:
                schema = writer.register_schema(one.kind, "jsonschema", _SCHEMA)
                channels[key] = writer.register_channel(one.topic, "json", schema)
            writer.add_message(channels[key], one.at, one.data, one.at, one.sequence)
        writer.finish()  # type: ignore[no-untyped-call]
