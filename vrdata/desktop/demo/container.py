"""Write MCAP files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mcap.writer import CompressionType, Writer

from vrdata.desktop.demo.messages import Message

PROFILE, LIBRARY = "owa", "vrdata desktop"
CHUNK_BYTES = 2**20
_SCHEMA = b"{}"


def write_mcap(
    path: Path,
    messages: Iterable[Message],
    *,
    chunk_bytes: int = CHUNK_BYTES,
    compression: CompressionType = CompressionType.ZSTD,
    chunked: bool = True,
) -> None:
    """Write messages in the given order.

    Args:
        path: the file.
        messages: of any generation.
        chunk_bytes: of a chunk without compression.
        compression: of chunks.
        chunked: whether messages are in chunks.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=chunk_bytes, compression=compression, use_chunking=chunked)
        writer.start(profile=PROFILE, library=LIBRARY)
        channels: dict[tuple[str, str], int] = {}
        for one in messages:
            key = one.topic, one.kind
            if key not in channels:
                schema = writer.register_schema(one.kind, "jsonschema", _SCHEMA)
                channels[key] = writer.register_channel(one.topic, "json", schema)
            writer.add_message(channels[key], one.at, one.data, one.at, one.sequence)
        writer.finish()  # type: ignore[no-untyped-call]
