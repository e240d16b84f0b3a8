"""H.264 video that plays in every browser, streamed, with the same bytes for the same frames.

One setting for all videos: a constant quantizer, and the parts of x264 that save bytes without a
search. Reasons and figures: docs/encoding.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

from vrdata_child.encoders.pixels import Packed

try:
    from vrdata_child.encoders.yuv import YuvFrame
except ImportError:  # an environment without OpenCV
    YuvFrame = None  # type: ignore[assignment, misc]

QP = 23
_X264 = {
    "preset": "ultrafast",
    "qp": str(QP),
    "g": "64",
    "threads": "1",
    "x264-params": "cabac=1:8x8dct=1:partitions=all",
}


@dataclass(frozen=True)
class VideoFacts:
    """A finished video.

    Attributes:
        frames: number of frames.
        fps: frames per second; the average if their times vary.
        width: pixels.
        height: pixels.
        encoder: encoder and settings, or the codec of a video that was not encoded here.
        frames_sha256: over its frames and their times, if frame hashing is on.
        notes: what the file does not keep of the generator's video.
    """

    frames: int
    fps: float
    width: int
    height: int
    encoder: str
    frames_sha256: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StreamFacts:
    """Facts of a video stream that is encoded again.

    Attributes:
        time_base: seconds of one unit of time; None = each frame takes 1/fps.
        primaries: colour primaries (ITU-T H.273, table 2).
        transfer: transfer characteristics (table 3).
        aspect: width of a pixel divided by its height; None = not known.
        sound: audio streams whose packets are copied.
    """

    time_base: Fraction | None = None
    primaries: int = 1
    transfer: int = 1
    aspect: Fraction | None = None
    sound: tuple[av.AudioStream, ...] = ()


_NEW = StreamFacts()


class VideoEncoder:
    """Encodes frames one at a time into an MP4 file; memory does not grow with frames.

    Args:
        path: the file to create.
        width: pixels of every frame; odd sizes are encoded with full chroma (4:4:4).
        height: as `width`.
        fps: frames per second.
        hash_frames: also hash the RGB bytes of every frame.
        facts: of the stream that is encoded again.
    """

    def __init__(  # noqa: PLR0913 - the facts of a video
        self,
        path: Path,
        width: int,
        height: int,
        fps: float,
        *,
        hash_frames: bool = False,
        facts: StreamFacts = _NEW,
    ) -> None:
        self._path = path
        self._size = (width, height)
        self._fps = float(fps)
        self._facts = facts
        self._frames = 0
        self._sound: dict[int, av.AudioStream] = {}
        self._durations: dict[int, int] = {}
        self._hash = hashlib.sha256() if hash_frames else None
        self._container: av.container.OutputContainer | None = None
        self._stream: av.VideoStream | None = None
        even = width % 2 == 0 and height % 2 == 0
        self._pixels = "yuv420p" if even else "yuv444p"
        self._yuv = YuvFrame(width, height) if even and YuvFrame is not None else None

    def add(self, image: Image.Image, time: tuple[int, int] | None = None) -> None:
        """Append a frame.

        Args:
            image: the frame.
            time: when it is shown and how long, in units of `facts.time_base`; None = in turn.

        Raises:
            ValueError: the frame has another size.
        """
        if image.size != self._size:
            raise ValueError(f"a frame of {image.size} in a video of {self._size}")
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        if self._hash is not None:
            self._hash.update(rgb.tobytes())
        self._begin()
        if self._yuv is None:
            self._encode(_whole_frame(rgb, self._pixels), time)
        else:
            packed = Packed(rgb)  # its address is valid only while it lives
            self._yuv.show(packed.address)
            self._encode(self._yuv.picture, time)

    def add_array(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame of height x width x 4 RGBX bytes; raises as `add`."""
        if self._yuv is None or self._container is None or self._hash is not None:
            self.add(Image.fromarray(frame[:, :, :3]))
            return
        contiguous = np.ascontiguousarray(frame)
        if contiguous.shape != (self._size[1], self._size[0], 4):
            raise ValueError(f"a frame of {contiguous.shape} in a video of {self._size}")
        self._yuv.show(contiguous.ctypes.data)
        self._encode(self._yuv.picture)

    def add_sound(self, packet: av.Packet[av.AudioStream]) -> None:
        """Append a packet of one of `facts.sound`; after the first frame."""
        if self._container is None:
            raise ValueError("sound cannot precede the first frame")
        packet.stream = self._sound[packet.stream.index]
        self._container.mux(packet)

    def close(self) -> VideoFacts:
        """Finish the file.

        Raises:
            ValueError: no frame was added.
        """
        if self._container is None:
            raise ValueError("a video needs at least one frame")
        self._mux(None)
        self._container.close()
        self._container = None
        return VideoFacts(
            self._frames,
            self._fps,
            *self._size,
            encoder=f"x264 {_X264['preset']} qp{QP} {self._pixels}",
            frames_sha256=self._frames_sha256(),
        )

    def _frames_sha256(self) -> str:
        if self._hash is None:
            return ""
        shape = f"{self._frames} {self._size} {self._fps!r}"
        return hashlib.sha256(f"{shape} {self._hash.hexdigest()}".encode()).hexdigest()

    def _begin(self) -> None:
        if self._container is not None:
            return
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        self._container = av.open(str(self._path), "w", format="mp4", options=options)
        rate = Fraction(self._fps).limit_denominator(1001) or Fraction(1, 1001)
        self._stream = stream = self._container.add_stream("libx264", rate=rate)
        stream.width, stream.height = self._size
        stream.pix_fmt = self._pixels
        facts = self._facts
        stream.time_base = facts.time_base or 1 / rate
        stream.options = dict(_X264)
        context = stream.codec_context
        context.thread_count = 1
        context.color_primaries = facts.primaries  # ITU-T H.273, tables 2 to 4; 1 = BT.709
        context.color_trc = facts.transfer
        context.colorspace = 6  # BT.601 matrix,
        context.color_range = 1  # limited range
        if facts.time_base is not None:
            context.time_base = facts.time_base
        if facts.aspect is not None:
            context.sample_aspect_ratio = facts.aspect
        for sound in facts.sound:
            copy = self._container.add_stream_from_template(sound)
            copy.metadata["language"] = sound.metadata.get("language", "und")
            self._sound[sound.index] = copy

    def _encode(self, picture: VideoFrame, time: tuple[int, int] | None = None) -> None:
        picture.pts = self._frames
        if time is not None:
            picture.pts, self._durations[time[0]] = time
            picture.time_base = self._facts.time_base
        self._frames += 1
        self._mux(picture)

    def _mux(self, picture: VideoFrame | None) -> None:
        if self._container is None or self._stream is None:
            return
        for packet in self._stream.encode(picture):
            if self._durations and packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)


def _whole_frame(image: Image.Image, pixels: str) -> VideoFrame:
    """Convert a whole frame with swscale: for odd sizes, and in environments without OpenCV."""
    source = VideoFrame.from_ndarray(np.asarray(image), "rgb24")
    return source.reformat(
        format=pixels,
        src_colorspace=Colorspace.ITU601,
        dst_colorspace=Colorspace.ITU601,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
        threads=1,
    )
