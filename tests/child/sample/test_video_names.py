"""A video's format is the one of its name: generation and `vrdata verify` agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from support.datasets.clips import frame_times, write_clip
from support.datasets.videos import encoded
from support.generators.samples import write_sample
from vrdata.dataset.manifest import VideoRecord
from vrdata.dataset.verify.sample import decode
from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample import media
from vrdata_child.sample.finish import finish_sample
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.video.containers import VIDEO_FORMATS
from vrdata_child.sample.video.finish import check_video

CONTAINERS = ("avi", "matroska", "mov", "mp4", "webm")


def body(container: str) -> bytes:
    return encoded("libvpx" if container == "webm" else "mpeg4", container=container)


def finished(folder: Path, name: str, content: bytes, video: str) -> dict[str, Any]:
    facts = write_sample(folder, "maze", video)
    (sample,) = find_samples(folder / "out")
    (sample.path / name).write_bytes(content)
    return finish_sample(sample, 0, facts)


def test_both_know_the_same_names() -> None:
    assert VIDEO_FORMATS == decode.VIDEO_FORMATS


@pytest.mark.parametrize("suffix", [*VIDEO_FORMATS, ".MP4"])
@pytest.mark.parametrize("container", CONTAINERS)
def test_generation_accepts_exactly_what_verify_accepts(
    tmp_path: Path, container: str, suffix: str
) -> None:
    name, content = f"ground_truth{suffix}", body(container)
    inspected = decode.Decoder(deep=True).inspect(name, content, None)
    assert inspected is not None
    if inspected.kind:
        with pytest.raises(SampleInvalidError, match=f"as {suffix[1:].lower()}, as its name"):
            finished(tmp_path, name, content, "asIs")
        return
    video = finished(tmp_path, name, content, "asIs")["video"]
    record = VideoRecord.model_validate(video)
    assert decode.Decoder(deep=True).inspect(name, content, record) == decode.Media()
    assert record.frames == 8


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("mode", ["asIs", "h264"])
def test_frames_that_an_edit_list_cuts_off_are_not_counted(
    tmp_path: Path, mode: str, deep: bool
) -> None:
    whole = write_clip(tmp_path / "whole.mkv", [n / 10 for n in range(10)], options={"bf": "0"})
    cut = tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size and packet.pts is not None:
                packet.pts = packet.dts = packet.pts - 300  # the first three frames
                packet.stream = stream
                output.mux(packet)
    assert len(frame_times(cut)) == 7
    packet_of_sample = finished(tmp_path, "ground_truth.mp4", cut.read_bytes(), mode)
    record = VideoRecord.model_validate(packet_of_sample["video"])
    path = Path(packet_of_sample["folder"], "ground_truth.mp4")
    found = decode.Decoder(deep=deep).inspect("ground_truth.mp4", path.read_bytes(), record)
    assert (record.frames, found) == (7, decode.Media())
    assert frame_times(path) == frame_times(cut)


def test_avi_bytes_in_an_mp4_are_refused_in_mode_asis_and_converted_in_mode_h264(
    tmp_path: Path,
) -> None:
    with pytest.raises(SampleInvalidError) as caught:
        finished(tmp_path / "asIs", "ground_truth.mp4", body("avi"), "asIs")
    assert caught.value.reason == "VideoUndecodable"
    converted = finished(tmp_path / "h264", "ground_truth.mp4", body("avi"), "h264")
    video = (Path(converted["folder"]) / "ground_truth.mp4").read_bytes()
    assert decode.Decoder(deep=True).inspect("ground_truth.mp4", video, None) == decode.Media()


def test_a_generated_and_renamed_video_is_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "ground_truth.mp4"
    encoder = VideoEncoder(path, 16, 16, 8)
    encoder.add(Image.new("RGB", (16, 16)))
    media.finish_video(encoder, path)
    renamed = path.rename(path.with_suffix(".avi"))
    with pytest.raises(SampleInvalidError, match="as avi, as its name"):
        check_video(renamed, media.file_sha256(renamed), as_named=True)


def test_a_png_with_an_uppercase_suffix_is_checked(tmp_path: Path) -> None:
    with pytest.raises(SampleInvalidError) as caught:
        finished(tmp_path, "extra.PNG", b"no picture", "h264")
    assert caught.value.reason == "NotAPng"


def test_a_generated_video_is_hashed_once_when_its_sample_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = write_sample(tmp_path, "maze", "h264")
    (sample,) = find_samples(tmp_path / "out")
    encoder = VideoEncoder(sample.path / "ground_truth.mp4", 64, 64, 8.0)
    encoder.add(Image.new("RGB", (64, 64), "red"))
    media.finish_video(encoder, sample.path / "ground_truth.mp4")
    hashed: list[str] = []
    digest = media.file_sha256

    def counted(path: Path) -> str:
        hashed.append(path.name)
        return digest(path)

    monkeypatch.setattr(media, "file_sha256", counted)
    packet = finish_sample(sample, 0, facts)
    assert hashed.count("ground_truth.mp4") == 1
    recorded = {file["name"]: file["sha256"] for file in packet["files"]}
    assert recorded["ground_truth.mp4"] == digest(Path(packet["folder"]) / "ground_truth.mp4")
