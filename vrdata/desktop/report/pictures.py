"""Small files of the pictures of sequences, for the page."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence

from PIL import Image

from vrdata.dataset.report.texts import cut
from vrdata.desktop.pictures.loading import Pictures
from vrdata.desktop.report.model import Frame, Shown
from vrdata.text import printable_line

EDGE = 480
"""Longest side of a picture on the page, in pixels."""
_WEBP_QUALITY = 80
_AT_ONCE = 8
"""Pictures in memory in their full size."""
_MAX_CAUSE = 500


class PictureFiles:
    """Writes the pictures of sequences, each once.

    Args:
        pictures: loads them; with `on_missing="skip"`.
        put: stores a file by its name.

    Attributes:
        missing: pictures that could not be loaded.
        causes: why, as texts.
    """

    def __init__(self, pictures: Pictures, put: Callable[[str, bytes], None]) -> None:
        self._pictures = pictures
        self._put = put
        self._names: set[str] = set()
        self.missing = 0
        self.causes: list[str] = []

    def names(self, sequence: Shown) -> Iterator[str | None]:
        """The name of the file of each frame; None = it has no picture. Raises OSError."""
        frames = sequence.frames
        for first in range(0, len(frames), _AT_ONCE):
            yield from self._some(frames[first : first + _AT_ONCE], sequence.recording)

    def _some(self, frames: Sequence[Frame], recording: str) -> Iterator[str | None]:
        refs = [frame.ref for frame in frames if frame.ref is not None]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loaded = iter(self._pictures.load(refs, recording))
        self.causes += [_cause(str(one.message)) for one in caught]
        for frame in frames:
            picture = None if frame.ref is None else next(loaded)
            if picture is None:
                self.missing += frame.ref is not None
                yield None
                continue
            small = Image.fromarray(picture)
            small.thumbnail((EDGE, EDGE))
            yield self._store(small)

    def _store(self, picture: Image.Image) -> str:
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=_WEBP_QUALITY, method=2)
        body = out.getvalue()
        name = f"{hashlib.sha256(body).hexdigest()[:32]}.webp"
        if name not in self._names:
            self._names.add(name)
            self._put(name, body)
        return name


def _cause(warning: str) -> str:
    """Why a picture could not be loaded: the first line."""
    first = warning.removeprefix("skipped a picture: ").partition("\n")[0]
    return cut(printable_line(first, "?"), _MAX_CAUSE)
