"""Unpack one archive to a folder: its regular files and folders, and nothing else."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, cast

from vrdata_child.archives.limits import Contents
from vrdata_child.archives.names import Names, UnsafeArchiveError

_CHUNK = 2**20
_ENCRYPTED = 0x1  # general purpose bit flag: APPNOTE.TXT of PKWARE, 4.4.4
_COMPRESSED_TAR = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_REFUSED = {
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)


def unpack(archive: Path, folder: Path, contents: Contents) -> None:
    """Unpack a zip or tar archive; its format is known by its first bytes.

    Args:
        archive: the archive.
        folder: an existing folder without the archive's files.
        contents: counts what is unpacked.

    Raises:
        UnsafeArchiveError: it is no such archive, is damaged, or has something that is refused.
        OSError: `folder` cannot be written.
        MemoryError: it needs too much memory.
    """
    with archive.open("rb") as file:
        head = file.read(512)
    for start, kind in _REFUSED.items():
        if head.startswith(start):
            raise UnsafeArchiveError(f"it is a {kind} archive, which is not supported")
    try:
        if head.startswith(b"PK"):
            _unpack_zip(archive, folder, contents)
        else:
            _unpack_tar(archive, folder, contents, _compression(head))
    except _DAMAGED as error:
        raise UnsafeArchiveError(f"it is damaged: {type(error).__name__}: {error}") from None


def _compression(head: bytes) -> str:
    for start, kind in _COMPRESSED_TAR.items():
        if head.startswith(start):
            return kind
    if head[257:262] != b"ustar":
        raise UnsafeArchiveError("it is neither a zip nor a tar archive")
    return "tar"


def _unpack_zip(archive: Path, folder: Path, contents: Contents) -> None:
    names = Names()
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        for member in members:  # all are checked before the first one is written
            if member.flag_bits & _ENCRYPTED:
                raise UnsafeArchiveError(f"{member.filename!r} is encrypted")
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise UnsafeArchiveError(f"{member.filename!r} is a link or a device")
            names.add(member.orig_filename, folder=member.is_dir())
            contents.add(member.file_size)
        written = Names()
        for member in members:
            path = folder / written.add(member.orig_filename, folder=member.is_dir())
            if member.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            with opened.open(member) as source:
                _write(source, path, member.file_size)


def _unpack_tar(archive: Path, folder: Path, contents: Contents, kind: str) -> None:
    names = Names()
    with _decompressed(archive, kind) as stream, tarfile.open(fileobj=stream, mode="r|") as opened:
        for member in opened:
            if not (member.isreg() or member.isdir()) or member.issparse():
                raise UnsafeArchiveError(f"{member.name!r} is a link, a device or a sparse file")
            path = folder / names.add(member.name, folder=member.isdir())
            contents.add(member.size)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            source = opened.extractfile(member)
            if source is None:
                raise UnsafeArchiveError(f"{member.name!r} has no content")
            with source:
                _write(source, path, member.size)
        while stream.read(_CHUNK):  # to its end, which has the checksum
            contents.add(_CHUNK)


def _decompressed(archive: Path, kind: str) -> IO[bytes]:
    match kind:
        case "gz":
            return cast("IO[bytes]", gzip.open(archive))
        case "bz2":
            return bz2.open(archive)
        case "xz":
            return lzma.open(archive)
        case _:
            return archive.open("rb")


def _write(source: IO[bytes], path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = size
    with path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise UnsafeArchiveError(f"{path.name!r} is larger than its header says")
            target.write(chunk)
    if left:
        raise UnsafeArchiveError(f"{path.name!r} is smaller than its header says")
