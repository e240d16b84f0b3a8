"""The rows of the table of sequences. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from vrdata.desktop.cores.binning import Bin
from vrdata.desktop.cores.choices import Tail
from vrdata.desktop.cores.held import Held, Holding
from vrdata.desktop.cores.sequences import windows
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.messages import InvalidMessageError, Screen, parse_screen

Encode = Callable[[Event], str | None]


class _Step(NamedTuple):
    """A bin with what is held down before it, its picture, and its events as texts."""

    bin: Bin
    held: Held
    screen: Screen | None
    texts: tuple[str, ...]


@dataclass(frozen=True)
class SequenceOptions:
    """How sequences are cut.

    Attributes:
        length: bins of a sequence.
        step: bins from start to start.
        tail: what becomes of the last bins.
        unique_images: name a picture once, though several bins show it.
        encoder: the texts of the events of one recording; None = an event has none.
    """

    length: int
    step: int
    tail: Tail
    unique_images: bool
    encoder: Callable[[], Encode]


class Sequences:
    """The sequences of one recording as rows.

    Attributes:
        invalid: number of messages that could not be read, complete after the iteration.
        skipped: number of actions that the encoder cannot express.
    """

    def __init__(
        self, file_path: str, bins: Iterable[Bin], instruction: str, options: SequenceOptions
    ) -> None:
        self._file_path = file_path
        self._bins = bins
        self._instruction = instruction
        self._options = options
        self.invalid = 0
        self.skipped = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """All rows, in the order of time."""
        options = self._options
        cut = windows(self._steps(), options.length, options.step, options.tail)
        for index, steps in enumerate(cut):
            yield self._row(index, steps)

    def _steps(self) -> Iterator[_Step]:
        holding = Holding()
        last: bytes | None = None
        screen: Screen | None = None
        encode = self._options.encoder()
        for one in self._bins:
            held = holding.held
            for event in one.actions:
                holding.follow(event)
            if one.state != last:
                last, screen = one.state, self._screen(one.state)
            texts = tuple(text for event in one.actions if (text := encode(event)) is not None)
            self.skipped += len(one.actions) - len(texts)
            yield _Step(one, held, screen, texts)
        self.invalid += holding.invalid

    def _screen(self, state: bytes | None) -> Screen | None:
        try:
            return None if state is None else parse_screen(state)
        except InvalidMessageError:
            self.invalid += 1
            return None

    def _row(self, index: int, steps: tuple[_Step, ...]) -> dict[str, Any]:
        first, last = steps[0], steps[-1]
        refs = list(_image_refs(steps, unique=self._options.unique_images))
        return {
            "instruction": self._instruction,
            "encoded_events": [text for step in steps for text in step.texts],
            "image_refs": refs,
            "metadata": {
                "file_path": self._file_path,
                "sequence_idx": index,
                "start_bin_idx": first.bin.bin_idx,
                "end_bin_idx": last.bin.bin_idx,
                "start_timestamp_ns": first.bin.timestamp_ns,
                "end_timestamp_ns": last.bin.timestamp_ns,
                "num_bins": len(steps),
                "num_images": len(refs),
                "num_actions": sum(len(step.bin.actions) for step in steps),
                "event_bin_idx": [step.bin.bin_idx for step in steps for _ in step.texts],
                "held_keys": list(first.held.keys),
                "held_buttons": list(first.held.buttons),
            },
        }


def _image_refs(steps: tuple[_Step, ...], *, unique: bool) -> Iterator[dict[str, Any]]:
    before: tuple[str, int | None] | None = None
    for step in steps:
        media = step.screen.media if step.screen else None
        if step.screen is None or media is None:
            continue
        if unique and (media.uri, media.pts_ns) == before:
            continue
        before = (media.uri, media.pts_ns)
        yield {
            "path": media.uri,
            "pts": media.pts_ns,
            "utc_ns": step.screen.utc_ns,
            "timestamp_ns": step.bin.timestamp_ns,
            "bin_idx": step.bin.bin_idx,
        }
