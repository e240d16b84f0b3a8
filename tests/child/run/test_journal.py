"""The processes of a block know the videos that each of them has encoded."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from PIL import Image

from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.run.journal import Journal
from vrdata_child.sample import media


def encode(path: Path) -> None:
    """Write a video of one frame, as the stand-in for cv2.VideoWriter does."""
    encoder = VideoEncoder(path, 16, 16, 8)
    encoder.add(Image.new("RGB", (16, 16)))
    media.finish_video(encoder, path, "a note")


def test_a_video_of_a_forked_process_is_not_encoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "video_facts", media._Memory())
    Journal(tmp_path).remember_videos()
    encode(tmp_path / "own.mp4")
    forked = multiprocessing.get_context("fork").Process(
        target=encode, args=(tmp_path / "forked.mp4",)
    )
    forked.start()
    forked.join(timeout=60)
    assert forked.exitcode == 0
    for name in ("own.mp4", "forked.mp4"):
        facts = media.video_facts.get(media.file_sha256(tmp_path / name))
        assert facts is not None
        assert (facts.frames, list(facts.notes)) == (1, ["a note"])
    assert media.video_facts.get("unknown") is None
