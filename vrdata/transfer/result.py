"""The result of a transfer, and of each of its files. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

SHOWN_FAILURES = 20


@dataclass(frozen=True, slots=True)
class Copied:
    """The result of one file.

    Attributes:
        key: its key, which is its path below the folder.
        outcome: `transferred`, `skipped` (the destination had equal bytes), or `failed`.
        size: bytes.
        why: the cause of a failure.
    """

    key: str
    outcome: Literal["transferred", "skipped", "failed"]
    size: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class TransferResult:
    """The result of a transfer, or its progress.

    Attributes:
        transferred: copied files.
        skipped: files whose bytes the destination already had.
        failed: files that could not be copied.
        bytes: bytes of the transferred files.
        failures: key and cause of the first failures.
    """

    transferred: int = 0
    skipped: int = 0
    failed: int = 0
    bytes: int = 0
    failures: tuple[Copied, ...] = ()

    @property
    def files(self) -> int:
        """All files seen so far."""
        return self.transferred + self.skipped + self.failed

    def plus(self, copied: Copied) -> TransferResult:
        """The result with one more file."""
        if copied.outcome == "skipped":
            return replace(self, skipped=self.skipped + 1)
        if copied.outcome == "transferred":
            return replace(self, transferred=self.transferred + 1, bytes=self.bytes + copied.size)
        failures = (*self.failures, copied)[:SHOWN_FAILURES]
        return replace(self, failed=self.failed + 1, failures=failures)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "transferred": self.transferred,
            "skipped": self.skipped,
            "failed": self.failed,
            "bytes": self.bytes,
            "failures": [
                {"key": printable(item.key), "why": printable(item.why)} for item in self.failures
            ],
        }


def printable(text: str) -> str:
    """The text with control characters and invalid UTF-8 escaped: names are not trusted."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
