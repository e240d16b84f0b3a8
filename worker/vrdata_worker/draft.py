"""A commit marker before it is written: each sample's record is kept as its JSON text.

A parsed record takes about ten times the memory of its text, and a shard may have thousands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrdata.dataset.codec import decode_record, encode_marker
from vrdata.dataset.manifest import DataObject, FileObjects, Record, ShardManifest
from vrdata.model import OutputFormat


@dataclass(frozen=True, slots=True)
class MarkerDraft:
    """What will be the commit marker.

    Attributes:
        manifest: its first line.
        records: JSON of each record, in index order.
    """

    manifest: ShardManifest
    records: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The marker's bytes. Raises InvalidInputError: its first line is too long."""
        return encode_marker(self.manifest, self.records)

    def parsed(self) -> Iterator[Record]:
        """The records, each parsed as it is taken."""
        return map(decode_record, self.records)


def describe_data(
    output_format: OutputFormat, data: Sequence[DataObject]
) -> tuple[DataObject | None, FileObjects | None]:
    """A manifest's `archive` and `files` for a shard's data objects; one of them is None."""
    if output_format == "files":
        return None, FileObjects(objects=len(data), bytes=sum(item.size for item in data))
    return data[0], None
