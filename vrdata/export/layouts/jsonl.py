"""Layout jsonl: a JSON line for each sample, beside its video and its first frame. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import ClassVar

from vrdata.export.layouts.base import (
    FIRST,
    PROMPT,
    VIDEO,
    Layout,
    Sample,
    frame_rate,
    lacking,
    video_name,
)

# Some readers split lines at them, too; JSON does not require that they are escaped.
_SEPARATORS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}


class JsonlLayout(Layout):
    """metadata.jsonl with the columns of DiffSynth, and size and number of frames.

    Paths are relative to the folder of metadata.jsonl.
    """

    name: ClassVar[str] = "jsonl"
    lines: ClassVar[str] = "metadata.jsonl"

    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """See Layout."""
        video = () if video_name(names) else (VIDEO,)
        return (*lacking((FIRST, PROMPT), names), *video)

    def files(self, sample: Sample) -> Iterator[tuple[str, bytes]]:
        """See Layout."""
        for name in (FIRST, video_name(sample.files)):
            yield f"{sample.folder}/{name}", sample.files[name]

    def line(self, sample: Sample) -> bytes:
        """See Layout."""
        video = sample.require_video()
        fields = {
            "video": f"{sample.folder}/{video_name(sample.files)}",
            "input_image": f"{sample.folder}/{FIRST}",
            "prompt": sample.files[PROMPT].decode().strip(),
            "frame_rate": frame_rate(video),
            "num_frames": video.frames,
            "width": video.width,
            "height": video.height,
        }
        text = json.dumps(fields, ensure_ascii=False).translate(_SEPARATORS)
        return f"{text}\n".encode()
