"""What a server lacks, as sentences for the user. Pure."""

from __future__ import annotations

from collections.abc import Mapping

CONDITION = "If-None-Match"
CHECKSUM = "x-amz-checksum-sha256"
METADATA = "x-amz-meta-sha256"

NO_METADATA = "the store does not keep digests: they are computed by reading the objects"


def describe_mode(limits: Mapping[str, str]) -> str:
    """Why writes are not atomic; "" if they are. See `ObjectStore.limits`."""
    answer = limits.get(CONDITION)
    return f"the server refuses {CONDITION} ({answer})" if answer else ""


def describe_notes(limits: Mapping[str, str]) -> list[str]:
    """The other limits. See `ObjectStore.limits`."""
    notes = []
    if answer := limits.get(CHECKSUM):
        notes.append(f"the server refuses {CHECKSUM} ({answer}): it does not check written bytes")
    if METADATA in limits:
        notes.append(NO_METADATA)
    return notes
