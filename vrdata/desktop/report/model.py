"""What the page shows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from vrdata.dataset.report.texts import cut
from vrdata.desktop.report.words import Words, in_words, key_name
from vrdata.text import printable_line

MAX_FRAMES, MAX_WORDS = 128, 60
MAX_LINE = 300
_SECOND = 10**9


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
    frames = list(_frames(row, encoder))
    return Shown(
        split=_line(split),
        row=number,
        instruction=_line(row["instruction"]),
        recording=meta["file_path"],
        facts=tuple(_facts(meta)),
        frames=tuple(frames[:MAX_FRAMES]),
        more=len(frames[MAX_FRAMES:]),
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


def _frames(row: Mapping[str, Any], encoder: str) -> Iterator[Frame]:
    """A frame for each picture that differs from the one before."""
    meta = row["metadata"]
    start, end = meta["start_bin_idx"], meta["end_bin_idx"]
    begins: list[tuple[int, Mapping[str, Any] | None]] = []
    last = None
    for ref in row["image_refs"] or ():
        if (key := (ref["path"], ref["pts"])) != last:
            begins.append((ref["bin_idx"], ref))
            last = key
    if not begins or begins[0][0] > start:
        begins.insert(0, (start, None))
    # Events without a bin, of datasets of other programs, come first.
    texts = row["encoded_events"] or []
    bins = [*(meta["event_bin_idx"] or ()), *[start] * len(texts)]
    events = list(zip(bins, texts, strict=False))
    times = _times(meta, start, end)
    for at, (first, ref) in enumerate(begins):
        after = begins[at + 1][0] if at + 1 < len(begins) else end + 1
        own = [text for bin_idx, text in events if first <= bin_idx < after]
        words = list(in_words(own, encoder))
        if ref is None and not words and len(begins) > 1:
            continue
        bins_shown = (first, max(first, after - 1))
        kept, more = tuple(words[:MAX_WORDS]), len(words[MAX_WORDS:])
        yield Frame(ref, (first - start) * times, bins_shown, kept, more)


def _times(meta: Mapping[str, Any], start: int, end: int) -> float:
    """Seconds of a bin."""
    length = meta["end_timestamp_ns"] - meta["start_timestamp_ns"]
    return float(length / (end - start) / _SECOND) if end > start else 0.0


def _line(text: str | None) -> str:
    return cut(printable_line(text or "", "?"), MAX_LINE)
