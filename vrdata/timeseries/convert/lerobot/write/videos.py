"""Video files of a camera: the clips of many episodes, one after the other."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vrdata.errors import InvalidInputError
from vrdata.text import count
from vrdata.timeseries.convert.lerobot.write.places import Numbered
from vrdata.timeseries.convert.lerobot.write.resampling import nearest
from vrdata.timeseries.convert.lerobot.write.statistics import Moments, Pictures, counted_frames
from vrdata.timeseries.table.episode import Camera, Stamps
from vrdata_child.encoders.h264 import VideoEncoder

MAX_BYTES = 200_000_000
_TICKS = 1024  # of a frame
_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}


@dataclass(frozen=True)
class Written:
    """Where the clip of an episode is.

    Attributes:
        chunk: number of the folder.
        file: number of the file in it.
        begin: frames before it in the file.
        frames: its frames.
        moments: of the values of their pixels.
    """

    chunk: int
    file: int
    begin: int
    frames: int
    moments: Moments


class CameraFiles:
    """Appends clips; a new file begins after MAX_BYTES, or if the size of the pictures changes.

    Args:
        folder: of the camera.
        fps: frames per second.
    """

    def __init__(self, folder: Path, fps: int) -> None:
        self._places = Numbered(folder, "mp4")
        self._fps = fps
        self._out: Any = None
        self._stream: Any = None
        self._frames = self._bytes = 0
        self._headers: tuple[Any, ...] = ()
        self.size = (0, 0)  # of the pictures, width and height
        self.codec = ""

    def append(self, camera: Camera, source: Path | bytes, times: Stamps, where: str) -> Written:
        """Add the frames that are nearest to times.

        Args:
            camera: whose clip it is.
            source: the clip.
            times: [K] nanoseconds on the clock of the episode, ascending.
            where: the episode, for errors.

        Raises:
            InvalidInputError: the clip is damaged, or its frames have another number than their
                times.
        """
        try:
            with _opened(source) as clip:
                stamps = _stamps(clip, camera)
            if len(stamps) == 0:
                raise InvalidInputError(f"{where}: the video has no frames")
            chosen = nearest(stamps, times)
            as_it_is = np.array_equal(chosen, np.arange(len(stamps)))
            with tempfile.TemporaryDirectory(prefix="vrdata-lerobot-") as scratch:
                if not (as_it_is and _copyable(source)):
                    source = _encoded(source, chosen, self._fps, Path(scratch, "clip.mp4"))
                return self._append(source, len(times))
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            raise InvalidInputError(f"{where}: the video is damaged: {error}") from None

    def close(self) -> None:
        """Finish the last file."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _append(self, source: Path | bytes, frames: int) -> Written:
        with _opened(source) as clip:
            stream: Any = clip.streams.video[0]
            context = stream.codec_context
            headers = (
                context.codec.canonical_name,
                context.extradata,
                context.width,
                context.height,
            )
            if self._out is None or headers != self._headers or self._bytes > MAX_BYTES:
                self._begin(stream, headers)
            begin = self._frames
            for packet in clip.demux(stream):
                if packet.pts is None:
                    continue
                packet.pts = packet.dts = self._frames * _TICKS
                packet.duration = _TICKS
                packet.time_base = Fraction(1, self._fps * _TICKS)
                packet.stream = self._stream
                self._bytes += packet.size
                self._out.mux(packet)
                self._frames += 1
        where = self._places
        return Written(where.chunk, where.file, begin, frames, _moments(source, frames))

    def _begin(self, template: Any, headers: tuple[Any, ...]) -> None:
        self.close()
        path = self._places.next()
        self._out = av.open(str(path), "w", format="mp4", options=_OPTIONS)
        self._stream = self._out.add_stream_from_template(template, opaque=True)
        self._stream.time_base = Fraction(1, self._fps * _TICKS)
        self._headers, self._frames, self._bytes = headers, 0, 0
        self.codec, self.size = str(headers[0]), (int(headers[2]), int(headers[3]))


def _opened(source: Path | bytes) -> Any:
    """The format is fixed: FFmpeg could detect one that names other files."""
    place = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    return av.open(place, format="mp4")


def _stamps(clip: Any, camera: Camera) -> Stamps:
    """Times of the frames in the order of presentation."""
    stream = clip.streams.video[0]
    ticks = sorted(packet.pts for packet in clip.demux(stream) if packet.pts is not None)
    if camera.video_timestamps is not None:
        if len(camera.video_timestamps) != len(ticks):
            expected = len(camera.video_timestamps)
            raise ValueError(
                f"it has {count(len(ticks), 'frame')}, but {count(expected, 'timestamp')}"
            )
        return camera.video_timestamps
    start = camera.video_start or 0
    return np.array([start + round(one * stream.time_base * 10**9) for one in ticks], np.int64)


def _moments(source: Path | bytes, frames: int) -> Moments:
    """Of some of the frames."""
    counted, pictures = set(counted_frames(frames).tolist()), Pictures()
    with _opened(source) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            if number in counted:
                pixels: Any = frame.to_ndarray(format="rgb24")
                pictures.add(pixels)
                counted.remove(number)
    if counted:
        raise ValueError(f"frame {min(counted)} cannot be decoded")
    return pictures.moments()


def _copyable(source: Path | bytes) -> bool:
    """Whether frames are stored in the order of presentation, from a key frame on."""
    with _opened(source) as clip:
        packets = [one for one in clip.demux(clip.streams.video[0]) if one.pts is not None]
    times = [one.pts for one in packets]
    return bool(packets) and packets[0].is_keyframe and times == sorted(times)


def _encoded(source: Path | bytes, chosen: NDArray[np.int64], fps: int, path: Path) -> Path:
    """A clip of some of the frames; one can be shown several times."""
    encoder: VideoEncoder | None = None
    for image in _chosen(source, chosen):
        if encoder is None:
            encoder = VideoEncoder(path, image.width, image.height, fps)
        encoder.add(image)
    if encoder is None:
        raise ValueError("it has no frames")
    encoder.close()
    return path


def _chosen(source: Path | bytes, chosen: NDArray[np.int64]) -> Iterator[Image.Image]:
    wanted = chosen.tolist()
    place = 0
    with _opened(source) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            if place == len(wanted):
                return
            if wanted[place] != number:
                continue
            image = frame.to_image()
            while place < len(wanted) and wanted[place] == number:
                yield image
                place += 1
    if place < len(wanted):
        raise ValueError(f"frame {wanted[place]} cannot be decoded")
