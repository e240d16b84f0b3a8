"""What the page shows. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any, NamedTuple

from vrdata.dataset.report.texts import cut
from vrdata.desktop.report.words import Words, in_words, key_name
from vrdata.text import printable_line

MAX_FRAMES, MAX_EVENTS, MAX_WORDS = 128, 2000, 60
MAX_LINE = 300
_SECOND = 10**9
_Begin = tuple[int, Mapping[str, Any] | None]


class Frame(NamedTuple):
    """One picture of a sequence, and the events of the bins that have it.

    Attributes:
        ref: the row of `image_refs`; None = events before the first picture.
        seconds: from the start of the sequence.
        bins: the first and the last bin that it stands for.
        words: the events.
        more: number of events that are not shown.
    """

    ref: Mapping[str, Any] | None
    seconds: float
    bins: tuple[int, int]
    words: tuple[Words, ...]
    more: int


@dataclass(frozen=True)
class Shown:
    """One sequence.

    Attributes:
        split: its split.
        row: its number in the split.
        instruction: its instruction.
        recording: path of the recording.
        facts: names and values.
        frames: see `Frame`.
        more: number of frames that are not shown.
    """

    split: str
    row: int
    instruction: str
    recording: str
    facts: tuple[tuple[str, str], ...]
    frames: tuple[Frame, ...]
    more: int


def shown(split: str, number: int, row: Mapping[str, Any], encoder: str) -> Shown:
    """What is shown of a row of stage 3.

    Args:
        split: its split.
        number: of the row.
        row: the row.
        encoder: name of the encoder of its events.
    """
    meta = row["metadata"]
    begins = _begins(row)
    return Shown(
        split=_line(split),
        row=number,
        instruction=_line(row["instruction"]),
        recording=meta["file_path"],
        facts=tuple(_facts(meta)),
        frames=tuple(_frames(row, begins, encoder)),
        more=len(begins[MAX_FRAMES:]),
    )


def _facts(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "recording", _line(meta["file_path"])
    yield "bins", f"{meta['start_bin_idx']} to {meta['end_bin_idx']}"
    yield "pictures", str(meta["num_images"])
    yield "actions", str(meta["num_actions"])
    held = [key_name(vk) for vk in meta["held_keys"] or ()]
    held += [_line(button) for button in meta["held_buttons"] or ()]
    if held:
        yield "held down at the start", cut(", ".join(held), MAX_LINE)


def _begins(row: Mapping[str, Any]) -> list[_Begin]:
    """The bin in which each picture is the state for the first time."""
    start = row["metadata"]["start_bin_idx"]
    begins: list[_Begin] = []
    last = None
    for ref in row["image_refs"] or ():
        if (key := (ref["path"], ref["pts"])) != last:
            begins.append((ref["bin_idx"], ref))
            last = key
    if not begins or begins[0][0] > start:
        begins.insert(0, (start, None))
    return begins


def _frames(row: Mapping[str, Any], begins: Sequence[_Begin], encoder: str) -> Iterator[Frame]:
    """The first frames; the one without a picture only if there is something to see."""
    meta = row["metadata"]
    start, end = meta["start_bin_idx"], meta["end_bin_idx"]
    texts: list[list[str]] = [[] for _ in begins]
    firsts = [bin_idx for bin_idx, _ in begins]
    # Events without a bin, of datasets of other programs, come first.
    bins = chain(meta["event_bin_idx"] or (), repeat(start))
    for bin_idx, text in zip(bins, row["encoded_events"] or (), strict=False):
        texts[max(bisect_right(firsts, bin_idx) - 1, 0)].append(text)
    afters = [*firsts[1:], end + 1]
    length = _seconds(meta, start, end)
    for (first, ref), after, own in islice(zip(begins, afters, texts, strict=True), MAX_FRAMES):
        words = list(in_words(own[:MAX_EVENTS], encoder))
        if ref is None and not words and len(begins) > 1:
            continue
        more = len(words[MAX_WORDS:]) + len(own[MAX_EVENTS:])
        shown_bins = first, max(first, after - 1)
        yield Frame(ref, (first - start) * length, shown_bins, tuple(words[:MAX_WORDS]), more)


def _seconds(meta: Mapping[str, Any], start: int, end: int) -> float:
    """Seconds of a bin."""
    length = meta["end_timestamp_ns"] - meta["start_timestamp_ns"]
    return float(length / (end - start) / _SECOND) if end > start else 0.0


def _line(text: str | None) -> str:
    return cut(printable_line(text or "", "?"), MAX_LINE)
