"""What an image reference of a sequence means: a file or embedded bytes, and a time. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote_to_bytes

from vrdata.desktop.recordings.media import MediaKind, media_kind, media_path

_SHOWN = 80
"""Characters of a reference in a message: embedded pictures are long."""
_SHOWN_PATH = 1000


@dataclass(frozen=True, slots=True)
class Reference:
    """One picture.

    Attributes:
        uri: as in the recording.
        path: of the file; None = the bytes are in `uri`, or behind a URL.
        pts_ns: nanoseconds of a frame of a video; None = it is a picture.
    """

    uri: str
    path: str | None
    pts_ns: int | None

    @property
    def embedded(self) -> bool:
        """Whether the bytes are in `uri`."""
        return media_kind(self.uri) is MediaKind.EMBEDDED

    @property
    def name(self) -> str:
        """For messages."""
        limit = _SHOWN if self.path is None else _SHOWN_PATH
        name = self.path or self.uri
        return name if len(name) <= limit else f"{name[:limit]}…"


class MediaRoots:
    """Where the files of a dataset are now.

    Args:
        roots: a folder, at which relative paths of recordings start, or new folders by the former
            ones, with which absolute paths start; None = nothing was moved.
    """

    def __init__(self, roots: Mapping[str, str] | str | None = None) -> None:
        self._folder = roots if isinstance(roots, str) else None
        moved = roots if isinstance(roots, Mapping) else {}
        former = sorted(moved, key=len, reverse=True)  # the most exact one counts
        self._moved = [(_slashes(old).rstrip("/"), moved[old].rstrip("/")) for old in former]

    def path(self, uri: str, recording: str) -> str | None:
        """The file of a reference; None = it has none.

        Args:
            uri: relative to the recording's folder, absolute, or a `file:` URL.
            recording: path of the MCAP file, as in the dataset.
        """
        path = media_path(uri, recording)
        if path is None:
            return None
        path = _slashes(path)
        for old, new in self._moved:
            if path == old or path.startswith(f"{old}/"):
                return f"{new}{path[len(old) :]}"
        if self._folder is not None:
            return str(PurePosixPath(self._folder) / path)  # an absolute path stays as it is
        return path


def reference_of(ref: Mapping[str, Any], recording: str, roots: MediaRoots) -> Reference:
    """Read a row of `image_refs`.

    Args:
        ref: has `path` and `pts`; more is allowed.
        recording: path of the MCAP file.
        roots: where the files are.
    """
    uri, pts = str(ref["path"]), ref.get("pts")
    return Reference(uri, roots.path(uri, recording), None if pts is None else int(pts))


def embedded_bytes(uri: str) -> bytes:
    """The content of a `data:` URI. Raises ValueError."""
    head, comma, data = uri.partition(",")
    if not comma:
        raise ValueError("it has no comma")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode(unquote_to_bytes(data), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _slashes(path: str) -> str:
    """A path as on Windows, if it is one, with slashes."""
    return path if "/" in path else path.replace("\\", "/")
