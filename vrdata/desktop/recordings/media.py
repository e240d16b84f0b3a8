"""Media references of screen events: what kind they are, and which file they mean. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: C: is a drive


class MediaKind(StrEnum):
    """How a reference names its picture."""

    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    URL = "url"
    EMBEDDED = "embedded"


def media_kind(uri: str) -> MediaKind:
    """The kind of a reference."""
    if uri.lower().startswith("data:"):
        return MediaKind.EMBEDDED
    if uri.lower().startswith("file:"):
        return MediaKind.ABSOLUTE
    if _SCHEME.match(uri):
        return MediaKind.URL
    if PurePosixPath(uri).is_absolute() or PureWindowsPath(uri).drive:
        return MediaKind.ABSOLUTE
    return MediaKind.RELATIVE


def media_path(uri: str, recording: str) -> str | None:
    """The file that a reference means.

    Args:
        uri: of the screen event. A relative path can be written as on Windows.
        recording: path of the MCAP file; a relative path starts at its folder.

    Returns:
        A path, or None: the picture is embedded, or behind a URL.
    """
    kind = media_kind(uri)
    if kind in {MediaKind.EMBEDDED, MediaKind.URL}:
        return None
    if uri.lower().startswith("file:"):
        try:
            return unquote(urlsplit(uri).path)
        except ValueError:  # such as a host that is not one
            return uri
    if kind is MediaKind.ABSOLUTE:
        return uri
    posix = uri if "/" in uri else uri.replace("\\", "/")
    return str(PurePosixPath(recording).parent / posix)
