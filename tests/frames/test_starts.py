"""Decoding begins with the key frame before a wanted frame, however a file marks its packets."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.frames.recorded import FRAMES, variants
from vrdata.frames import clip as clips
from vrdata.frames.clip import Clip
from vrdata.frames.source import Source

GOP = 12
LATE = {"edit list", "begins between key frames"}
"""Their first frame is none that decoding can begin with."""


@pytest.mark.parametrize("kind", ["h264-open", "hevc-open", "hevc-leading"])
def test_at_most_the_frames_since_the_last_key_frame_are_decoded(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, written in variants(tmp_path, kind):
        path = written()
        with monkeypatch.context() as patch:
            if name not in LATE | {"begins with the second key frame"}:
                patch.setattr(clips, "from_frames", None)  # only packets are read
            clip = Clip(Source(path, str(path), lambda path=path: str(path)))  # type: ignore[misc]
        keys = int(clip.table.keys.sum())
        assert keys >= 3, name
        late = range(len(clip.table) - 1, FRAMES // 2, -5)
        for index in late:
            passed = [at for at, _ in clip.frames([index])]
            assert passed == list(range(passed[0], index + 1)), name
            assert len(passed) <= GOP + 1, name
        assert int(clip.table.keys.sum()) == keys, name
