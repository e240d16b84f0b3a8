"""Why an event cannot be encoded, or a text not decoded. Pure."""

from __future__ import annotations


class EventEncoderError(ValueError):
    """The base of the errors of encoders."""


class InvalidInputError(EventEncoderError):
    """An event is damaged, or has a value that the encoding cannot express."""


class UnsupportedInputError(EventEncoderError):
    """An event is of a kind that the encoding does not have."""


class InvalidTokenError(EventEncoderError):
    """A text is not one that the encoder writes."""


class UnsupportedTokenError(EventEncoderError):
    """A text has a kind of event that does not exist."""
