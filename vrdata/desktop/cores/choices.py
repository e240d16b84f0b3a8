"""Choices of the user by name. Pure."""

from __future__ import annotations

from enum import StrEnum


class Tail(StrEnum):
    """What becomes of the last bins, if they do not fill a sequence."""

    ALIGNED = "aligned"
    SHORT = "short"
    DROP = "drop"


class InstructionSource(StrEnum):
    """Where the instruction of a recording comes from."""

    TEXT = "text"
    SIDECAR = "sidecar"
    WINDOW = "window"


FACT_OF = {InstructionSource.SIDECAR: "instruction", InstructionSource.WINDOW: "window"}
"""The field of a recording's facts that has its instruction."""


class EncoderName(StrEnum):
    """The encoders of events."""

    TEXTUAL = "textual"
    JSON = "json"
    HIERARCHICAL = "hierarchical"
    FACTORIZED = "factorized"
