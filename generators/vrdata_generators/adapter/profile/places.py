"""Which part of the work a stack belongs to. Pure."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from vrdata_generators.adapter.profile.recorded import Frame
from vrdata_generators.adapter.profile.source import Call

Part = Literal["own", "drawing", "libraries", "encoding", "vrdata", "starting", "other"]

LIBRARIES = {
    "PIL": "Pillow",
    "cv2": "OpenCV",
    "mpl_toolkits": "matplotlib",
    "contourpy": "matplotlib",
    "cairocffi": "cairo",
    "gizeh": "cairo",
    "skia": "Skia",
    "imageio_ffmpeg": "imageio",
    "av": "PyAV",
    "skimage": "scikit-image",
    "vrdata_generators": "Pillow",  # its Canvas
}
_DRAWING = frozenset(
    {
        *(
            "Pillow",
            "OpenCV",
            "matplotlib",
            "numpy",
            "cairo",
            "Skia",
            "pygame",
            "seaborn",
            "plotly",
        ),
        *("plotly", "scikit-image", "aggdraw", "pyvista", "trimesh", "moderngl", "vtk"),
    }
)
_VIDEO = frozenset({"imageio", "moviepy", "PyAV"})
_IMAGE_CALLS = {
    "OpenCV": frozenset({"imwrite", "imencode"}),
    "cairo": frozenset({"write_to_png"}),
}
READING = {
    "OpenCV": frozenset({"imread", "imdecode"}),
    "Pillow": frozenset({"open", "load"}),
    "matplotlib": frozenset({"imread"}),
}
_PACKAGE = re.compile(r"/(?:site|dist)-packages/([^/]+?)(?:\.py)?(?:/|$)")
_CHILD = re.compile(r"/packages/vrdata_child/(.+)$")
_TURN = re.compile(r"/packages/vrdata_child/run/")
_CANVAS = re.compile(r"/packages/vrdata_generators/(?:drawing|frames)\.py$")
_IMPORT = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
# What vrdata does in place of a library: drawing, or encoding of the named kind.
_REPLACED = (
    ("encoders/png.py", "PNG"),
    ("encoders/", "video"),
    ("patches/redirect.py", "PNG"),
    ("patches/opencv.py", "video"),
    ("patches/writer_calls.py", "video"),
    ("patches/accelerate.py", "video"),
    ("sample/video/transcode.py", "video, again"),
    ("sample/video/", "video, checked"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack belongs.

    Attributes:
        part: of the work.
        detail: library or kind of encoding, or "".
        own: the innermost frame of the generator's own code, or None.
        call: what that frame calls.
        below: the frames that its call runs, the innermost first.
    """

    part: Part
    detail: str
    own: Frame | None
    call: Call
    below: tuple[Frame, ...]


def place_of(
    frames: Sequence[Frame],
    is_own: Callable[[Frame], bool],
    call_of: Callable[[Frame], Call],
) -> Place:
    """Where a stack belongs.

    Args:
        frames: of the stack, the innermost first.
        is_own: whether a frame runs the generator's own code.
        call_of: what a frame of its own code calls.
    """
    at = next((at for at, frame in enumerate(frames) if is_own(frame)), len(frames))
    below = tuple(frames[:at])
    own = frames[at] if at < len(frames) else None
    if below and _TURN.search(below[-1].file):  # vrdata works between two samples
        own = None
    call = call_of(own) if own is not None else Call()
    part, detail = _part(frames, below, own, call)
    return Place(part, detail, own, call, below)


def library_of(frame: Frame) -> str:
    """The name of the library that a frame belongs to, or ""."""
    found = _PACKAGE.search(frame.file)
    if found:
        return _shown(found[1])
    return "Pillow" if _CANVAS.search(frame.file) else ""


def _shown(module: str) -> str:
    return LIBRARIES.get(module, module)


def _part(
    frames: Sequence[Frame], below: Sequence[Frame], own: Frame | None, call: Call
) -> tuple[Part, str]:
    if any(frame.file in _IMPORT for frame in frames):
        return "starting", ""
    replaced = _replaced(below)
    if replaced is not None:
        return replaced
    libraries = [name for frame in below if (name := library_of(frame))]
    if libraries:
        image = _image(below)
        if image:
            return "encoding", image
        video = next((name for name in libraries if name in _VIDEO), "")
        return ("encoding", "video") if video else _library(libraries[-1], call.name)
    if own is None:
        return "vrdata", ""
    return _library(_shown(call.library), call.name) if call.library else ("own", "")


def _replaced(below: Sequence[Frame]) -> tuple[Part, str] | None:
    """What vrdata's own code does, by its innermost frame; None = it draws, or is not there."""
    for frame in below:
        found = _CHILD.search(frame.file)
        if not found:
            continue
        name = found[1]
        kind = next((kind for start, kind in _REPLACED if name.startswith(start)), "")
        if kind.endswith("checked"):
            return "vrdata", ""
        if kind:
            return "encoding", kind
        return ("drawing", "Pillow") if name.startswith("patches/") else ("vrdata", "")
    return None


def _image(below: Sequence[Frame]) -> str:
    """Whether Pillow writes or reads a file."""
    for frame in below:
        if library_of(frame) != "Pillow" or "/PIL/" not in frame.file:
            continue
        if frame.function in ("save", "_save", "_encode_tile"):
            return "image files"
        if frame.function == "open" or frame.file.endswith("/PIL/ImageFile.py"):
            return "reading images"
    return ""


def _library(library: str, name: str) -> tuple[Part, str]:
    if library in _VIDEO:
        return "encoding", "video"
    if name in _IMAGE_CALLS.get(library, ()):
        return "encoding", "image files"
    if name in READING.get(library, ()) and library != "Pillow":
        return "encoding", "reading images"
    if library in _DRAWING:
        return "drawing", library
    return ("own", "") if library in sys.stdlib_module_names else ("libraries", library)
