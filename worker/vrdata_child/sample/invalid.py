"""The error of a sample that cannot be used."""

from __future__ import annotations


class SampleInvalidError(Exception):
    """A sample is invalid.

    Attributes:
        reason: a CamelCase reason (docs/child-protocol.md).
        message: details for the user.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
