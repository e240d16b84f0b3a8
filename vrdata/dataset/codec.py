"""Encode and decode commit markers. Pure.

A marker is JSON Lines: the shard's manifest in at most MAX_HEAD bytes, then one record for each
sample, in index order. The manifest holds the number, size and digest of the record lines, so a
truncated or changed marker never passes for a whole one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from vrdata.dataset.manifest import Record, RecordLines, ShardManifest
from vrdata.errors import InvalidInputError

MAX_HEAD = 2048
"""Bytes of the longest first line, its newline included: one small range request reads it."""

_RECORD: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


def describe_records(records: Iterable[bytes]) -> RecordLines:
    """Number, size and digest of records, each given as JSON without a newline."""
    lines = size = 0
    digest = hashlib.sha256()
    for record in records:
        lines += 1
        size += len(record) + 1
        digest.update(record)
        digest.update(b"\n")
    return RecordLines(lines=lines, bytes=size, sha256=digest.hexdigest())


def encode_marker(manifest: ShardManifest, records: Sequence[bytes]) -> bytes:
    """A whole commit marker.

    Args:
        manifest: its `records` must be `describe_records(records)`.
        records: each as JSON without a newline.

    Raises:
        InvalidInputError: the manifest is longer than MAX_HEAD bytes.
    """
    return b"\n".join([encode_head(manifest), *records, b""])


def encode_head(manifest: ShardManifest) -> bytes:
    """A marker's first line, without its newline. Raises InvalidInputError as `encode_marker`."""
    head = manifest.to_json()
    if len(head) >= MAX_HEAD:
        raise InvalidInputError(
            f"the manifest of shard {manifest.shard} of {manifest.generator[:60]} is too long",
            why=f"it has {len(head) + 1} bytes, a commit marker's first line has at most "
            f"{MAX_HEAD}",
            fix="give the generator a shorter name",
        )
    return head


def decode_head(start: bytes) -> tuple[ShardManifest, int]:
    """The manifest at the start of a marker.

    Args:
        start: the marker's first MAX_HEAD bytes or more, or the whole marker.

    Returns:
        The manifest, and the number of bytes of its line.

    Raises:
        ValueError: this is not the start of a marker; the message says why.
    """
    end = start.find(b"\n", 0, MAX_HEAD)
    if end < 0:
        raise ValueError(f"its first line does not end within {MAX_HEAD} bytes")
    try:
        manifest = ShardManifest.model_validate_json(start[:end])
    except ValidationError as error:
        raise ValueError(f"in its first line, {_first_problem(error)}") from None
    size = end + 1
    if len(start) < MAX_HEAD and len(start) != size + manifest.records.bytes:
        raise ValueError(
            f"it has {len(start)} bytes, its first line says {size + manifest.records.bytes}"
        )
    return manifest, size


def decode_records(chunks: Iterable[bytes], expected: RecordLines) -> Iterator[Record]:
    """The records of a marker, with memory for one chunk and one line.

    Records are given before the digest is known: a caller that keeps something of them must
    drop it when this raises.

    Args:
        chunks: everything after the first line, cut anywhere.
        expected: what the first line says about it.

    Raises:
        ValueError: the bytes are not the expected ones; the message says why.
    """
    digest = hashlib.sha256()
    size = lines = 0
    rest = b""
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            lines += 1
            try:
                yield decode_record(line)
            except ValueError as error:
                raise ValueError(f"in line {lines + 1}, {error}") from None
    if size != expected.bytes:
        raise ValueError(f"its records have {size} bytes, its first line says {expected.bytes}")
    if rest or lines != expected.lines:
        raise ValueError(f"its records are {lines}, its first line says {expected.lines}")
    if digest.hexdigest() != expected.sha256:
        raise ValueError("its records do not have the sha256 that its first line says")


def decode_record(line: bytes) -> Record:
    """One record from its JSON. Raises ValueError."""
    try:
        return _RECORD.validate_json(line)
    except ValidationError as error:
        raise ValueError(_first_problem(error)) from None


def _first_problem(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, detail["loc"])) or "the line"
    return f"{place}: {detail['msg']}"
