"""Find out what a video file is from its first bytes, and say why one cannot be used.

FFmpeg gets the format and never guesses it. Its formats include playlists, with which data could
make it open other files, and images, which decode as videos of one frame.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from vrdata_child.sample.invalid import SampleInvalidError

# FFmpeg's format name of each file ending; vrdata.dataset.verify.sample.decode has the same table.
VIDEO_FORMATS = {
    ".avi": "avi",
    ".mkv": "matroska",
    ".mov": "mov",
    ".mp4": "mp4",
    ".webm": "matroska",
}
_HEAD_BYTES = 512
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_TS_PACKET = 188  # bytes; each begins with the letter G (ISO/IEC 13818-1)
_RIFF = {
    b"AVI ": ("avi", "an AVI file"),
    b"WAVE": ("", "a WAVE sound"),
    b"WEBP": ("", "a WebP image"),
}
# First bytes, FFmpeg's format or "" if this is not a video, and the name for a message.
_SIGNATURES = (
    (b"\x1aE\xdf\xa3", "matroska", "a Matroska or WebM file"),
    (b"FLV", "flv", "a Flash video"),
    (b"OggS", "ogg", "an Ogg file"),
    (b"\x00\x00\x01\xba", "mpeg", "an MPEG program stream"),
    (b"GIF8", "gif", "a GIF image"),
    (b"\x89PNG", "", "a PNG image"),
    (b"\xff\xd8\xff", "", "a JPEG image"),
    (b"BM", "", "a BMP image"),
    (b"%PDF", "", "a PDF file"),
    (b"PK\x03\x04", "", "a ZIP archive"),
    (b"\x1f\x8b", "", "a gzip archive"),
    (b"\x00\x00\x00\x01", "", "an H.264 or H.265 stream without a container"),
    (b"\x00\x00\x01", "", "an elementary video stream without a container"),
)
_CONVERT = "write it with cv2.VideoWriter, PyAV, imageio or ffmpeg in the format of its name"


def format_of(path: Path, *, as_named: bool) -> str:
    """FFmpeg's name of a video file's format.

    Args:
        path: a file with a name that ends as in VIDEO_FORMATS.
        as_named: the content must have the format of the name; otherwise another video format
            is accepted, because the file is converted.

    Raises:
        SampleInvalidError: it is empty, incomplete, no video, or has another format.
    """
    suffix = path.suffix.lower()
    named = VIDEO_FORMATS[suffix]
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        found, described = identify(head)
        if not head:
            raise _unusable(
                path,
                "is empty",
                "the program that should write it wrote nothing",
                "check that the writer opens and that its frames have its size and type",
                reason="VideoEmpty",
            )
        _CHECKS.get(found, _no_check)(path, file)
    if found == named or (found == "mov" and named == "mp4"):
        return named
    if found and not as_named:
        return found
    if found:
        raise _unusable(
            path,
            f"does not decode as {suffix[1:]}, as its name says",
            f"it is {described}",
            "give it the name of its format, or convert it with video: h264",
        )
    raise _unusable(path, "is not a video", f"it is {described}", _CONVERT)


def undecodable(path: Path, error: Exception) -> SampleInvalidError:
    """The error for a file that FFmpeg cannot decode; without FFmpeg's error number and path."""
    why = getattr(error, "strerror", None) or str(error)
    return _unusable(
        path,
        f"does not decode as {path.suffix.lower()[1:]}",
        why[:1].lower() + why[1:],
        "check that the program that writes it ends without an error",
    )


def identify(head: bytes) -> tuple[str, str]:
    """FFmpeg's format or "", and a name for a message."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], ("", "a RIFF file"))
    if head[4:8] in _MP4_BOXES:
        return "mov", "an MP4 or QuickTime file"
    if len(head) > _TS_PACKET and head[0] == head[_TS_PACKET] == ord("G"):
        return "mpegts", "an MPEG transport stream"
    if _is_text(head):
        return "", "text"
    for start, found, described in _SIGNATURES:
        if head.startswith(start):
            return found, described
    return "", "data of an unknown format"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not a character cut in two
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter.isspace() for letter in text)


def _check_boxes(path: Path, file: BinaryIO) -> None:
    """Raise an error if an MP4 file has no index, or ends within a box (ISO/IEC 14496-12, 4.2)."""
    total = os.fstat(file.fileno()).st_size
    position, indexed = 0, False
    while position + 8 <= total:
        file.seek(position)
        header = file.read(16)
        size, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        if size == 0:  # the box extends to the end
            size = total - position
        if size < 8:
            break
        indexed = indexed or kind in {b"moov", b"moof"}
        if position + size > total:
            raise _incomplete(path, f"it ends within its {kind.decode('latin-1')} box")
        position += size
    if not indexed:
        raise _incomplete(path, "it has no index (moov)")


def _check_riff(path: Path, file: BinaryIO) -> None:
    """Raise an error if an AVI file is shorter than its header says."""
    file.seek(4)
    if int.from_bytes(file.read(4), "little") + 8 > os.fstat(file.fileno()).st_size:
        raise _incomplete(path, "it is shorter than its header says")


def _check_segment(path: Path, file: BinaryIO) -> None:
    """Raise an error if a Matroska file is shorter than its segment (RFC 8794, RFC 9559)."""
    position = 0
    for _ in range(2):  # the EBML header, then the segment
        file.seek(position)
        head = file.read(12)
        length = 9 - head[4].bit_length() if len(head) == 12 else 9
        if length > 8:
            return
        value = int.from_bytes(head[4 : 4 + length], "big") & ((1 << 7 * length) - 1)
        if value == (1 << 7 * length) - 1:  # not known: it was written as a stream
            return
        position += 4 + length + value
    if position > os.fstat(file.fileno()).st_size:
        raise _incomplete(path, "it is shorter than its header says")


def _no_check(path: Path, file: BinaryIO) -> None:
    """No check for a format whose length is not stored."""


_CHECKS = {"avi": _check_riff, "matroska": _check_segment, "mov": _check_boxes}


def _incomplete(path: Path, why: str) -> SampleInvalidError:
    return _unusable(
        path,
        "is incomplete",
        why,
        "call release() or close() of its writer, and wait for a program that writes it to end",
    )


def _unusable(
    path: Path, what: str, why: str, fix: str, *, reason: str = "VideoUndecodable"
) -> SampleInvalidError:
    return SampleInvalidError(reason, f"{path.name} {what}: {why}; {fix}")
