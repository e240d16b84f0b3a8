"""The encoders by name. Pure."""

from __future__ import annotations

from collections.abc import Callable

from vrdata.desktop.cores.choices import EncoderName
from vrdata.desktop.encoders.textual import EventEncoder
from vrdata.desktop.recordings.event import Event


def text_encoder(name: EncoderName) -> Callable[[Event], str]:
    """The text of an event by an encoder."""
    del name
    encoder = EventEncoder()
    return lambda event: encoder.encode({"file_path": "", **event._asdict()})[0]
