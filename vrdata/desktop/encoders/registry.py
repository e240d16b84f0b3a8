"""The encoders by name. Pure."""

from __future__ import annotations

import warnings
from typing import Protocol

from vrdata.desktop.cores.choices import EncoderName
from vrdata.desktop.encoders.errors import EventEncoderError
from vrdata.desktop.encoders.factorized import FactorizedEventEncoder
from vrdata.desktop.encoders.hierarchical import HierarchicalEventEncoder
from vrdata.desktop.encoders.jsontext import JSONEventEncoder
from vrdata.desktop.encoders.textual import EventEncoder
from vrdata.desktop.encoders.tokens import TokenEncoder
from vrdata.desktop.recordings.event import Event

_CLASSES: dict[str, type[JSONEventEncoder | TokenEncoder]] = {
    EncoderName.JSON: JSONEventEncoder,
    EncoderName.HIERARCHICAL: HierarchicalEventEncoder,
    EncoderName.FACTORIZED: FactorizedEventEncoder,
}


class TextEncoder(Protocol):
    """Encodes the events of one recording, in the order of time."""

    def text(self, event: Event) -> str | None:
        """The text of an event; None = it cannot be expressed."""
        ...


def create_encoder(name: str) -> JSONEventEncoder | TokenEncoder:
    """A new encoder: `json`, `hierarchical` or `factorized`.

    Raises:
        ValueError: there is no such encoder.
    """
    if name.lower() not in _CLASSES:
        raise ValueError(f"there is no encoder {name}: the encoders are {', '.join(_CLASSES)}")
    return _CLASSES[name.lower()]()


def text_encoder(name: EncoderName) -> TextEncoder:
    """A new encoder for the texts of one recording."""
    return _Textual() if name is EncoderName.TEXTUAL else _Named(create_encoder(name))


class _Textual:
    def __init__(self) -> None:
        self._encoder = EventEncoder()

    def text(self, event: Event) -> str | None:
        """See `TextEncoder.text`."""
        try:
            return self._encoder.encode({"file_path": "", **event._asdict()})[0]
        except ValueError:
            return None


class _Named:
    def __init__(self, encoder: JSONEventEncoder | TokenEncoder) -> None:
        self._encoder = encoder

    def text(self, event: Event) -> str | None:
        """See `TextEncoder.text`."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # shortened movements are part of the encoding
                return self._encoder.encode(event)[0]
        except EventEncoderError:
            return None
