"""What of a recording is lost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Loss:
    """Bytes of a file whose messages are lost, or may be wrong.

    Attributes:
        start: the first byte.
        stop: the first byte after them.
        why: the cause.
    """

    start: int
    stop: int
    why: str

    def __str__(self) -> str:
        return f"bytes {self.start} to {self.stop - 1}: {self.why}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"start": self.start, "stop": self.stop, "why": self.why}
