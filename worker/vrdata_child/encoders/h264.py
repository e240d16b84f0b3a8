"""H.264 video that plays in every browser, streamed, with the same bytes for the same frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

from vrdata_child.encoders.pixels import Packed
from vrdata_child.encoders.x264 import ENCODER, StreamFacts, X264File

try:
    from vrdata_child.encoders.yuv import BGR, RGBX, YuvFrame
except ImportError:  # an environment without OpenCV
    YuvFrame = None  # type: ignore[assignment, misc]


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
        self._hash = hashlib.sha256() if hash_frames else None
        self._file: X264File | None = None
        even = width % 2 == 0 and height % 2 == 0
        self._pixels = "yuv420p" if even else "yuv444p"
        self._yuv: YuvFrame | None = None

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
        if YuvFrame is None:
            self._opened().add(_whole_frame(rgb, self._pixels), changed=True, time=time)
        else:
            packed = Packed(rgb)  # its address is valid only while it lives
            self._show(packed.address, RGBX, time)

    def add_array(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame of height x width x 3 BGR bytes; raises as `add`."""
        if YuvFrame is None or self._hash is not None:
            self.add(Image.fromarray(np.ascontiguousarray(frame[:, :, ::-1])))
            return
        contiguous = np.ascontiguousarray(frame)
        if contiguous.shape != (self._size[1], self._size[0], 3):
            raise ValueError(f"a frame of {contiguous.shape} in a video of {self._size}")
        self._show(contiguous.ctypes.data, BGR)

    def add_sound(self, packet: av.Packet[av.AudioStream]) -> None:
        """Append a packet of one of `facts.sound`; after the first frame."""
        if self._file is None:
            raise ValueError("sound cannot precede the first frame")
        self._file.add_sound(packet)

    def close(self) -> VideoFacts:
        """Finish the file.

        Raises:
            ValueError: no frame was added.
        """
        file, self._file = self._file, None
        if file is None:
            raise ValueError("a video needs at least one frame")
        file.close()
        return VideoFacts(
            file.frames,
            self._fps,
            *self._size,
            encoder=f"{ENCODER} {self._pixels}",
            frames_sha256=self._frames_sha256(file.frames),
        )

    def _frames_sha256(self, frames: int) -> str:
        if self._hash is None:
            return ""
        shape = f"{frames} {self._size} {self._fps!r}"
        return hashlib.sha256(f"{shape} {self._hash.hexdigest()}".encode()).hexdigest()

    def _opened(self) -> X264File:
        if self._file is None:
            self._file = X264File(self._path, self._size, self._pixels, self._fps, self._facts)
        return self._file

    def _show(self, address: int, layout: int, time: tuple[int, int] | None = None) -> None:
        if self._yuv is None or self._yuv.layout != layout:
            self._yuv = YuvFrame(*self._size, self._pixels, layout)
        changed = self._yuv.show(address)
        self._opened().add(self._yuv.picture, changed=changed, time=time)


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
