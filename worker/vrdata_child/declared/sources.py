"""The declared sources of a pipeline: which URLs they serve, and the staged files below them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vrdata_child.declared.pieces import Piece, opened
from vrdata_child.declared.refusing import unpacked

NAME = "sources.json"
_HUB = "hf://"
_ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True, eq=False)
class Source:
    """One source.

    Attributes:
        number: its position in `sources.json`.
        serves: canonical URLs that it answers; a prefix ends with `/`.
        folder: the complete staged files, read-only; "" if they are read by range.
        ranges: names and sizes in bytes of files that are read by range; None if all are staged.
        socket: path of the Unix socket that serves the ranges, or "".
        place: where the script expects it.
        unpacked: its files are those of an archive, which itself is not staged.
    """

    number: int
    serves: tuple[str, ...]
    folder: str
    ranges: Mapping[str, int] | None = None
    socket: str = ""
    place: str = ""
    unpacked: bool = False

    @cached_property
    def names(self) -> Mapping[str, int]:
        """The size in bytes of each file by its name below the source, in the order of S3."""
        found = _walk(self.folder, "") if self.ranges is None else self.ranges.items()
        kept = {name: size for name, size in found if is_safe(name)}
        return dict(sorted(kept.items(), key=lambda pair: os.fsencode(pair[0])))

    def size(self, name: str) -> int | None:
        """The size of a file in bytes; None if there is no such file."""
        if not is_safe(name):
            return None
        if self.ranges is not None:
            return self.ranges.get(name)
        path = Path(self.folder, name)
        return path.stat().st_size if path.is_file() else None

    def path(self, name: str) -> Path | None:
        """The staged file; None if it is read by range."""
        return Path(self.folder, name) if self.ranges is None else None

    def piece(self, name: str, start: int, stop: int) -> Piece:
        """The bytes `[start, stop)` of a file."""
        path = self.path(name)
        return Piece(self.number, name, start, stop, str(path or ""), self.socket)

    def open(self, name: str) -> BufferedReader:
        """A file for reading. Raises OSError."""
        return opened(self.piece(name, 0, self.size(name) or 0))


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a source serves, or would: `size` is None if the source does not have it."""

    source: Source
    name: str
    size: int | None


@dataclass(frozen=True, eq=False)
class Declared:
    """All declared sources of a pipeline.

    Attributes:
        sources: in the order of `sources.json`.
        folder: of the block.
    """

    sources: tuple[Source, ...]
    folder: Path
    _serves: list[tuple[str, Source]] = field(init=False, repr=False)
    _listed: dict[str, dict[str, Found]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        pairs = [(serve, source) for source in self.sources for serve in source.serves]
        # The longest is the most specific one.
        object.__setattr__(self, "_serves", sorted(pairs, key=lambda pair: -len(pair[0])))

    def find(self, url: str) -> Found | None:
        """The file of a canonical URL; None if no source serves the URL.

        Args:
            url: `s3://bucket/key`, `hf://repository/name` or `https://host/path`, decoded.

        Raises:
            RefusedError: it is an archive that was unpacked.
        """
        first = None
        for serve, source in self._serves:
            name = _below(url, serve)
            if name is None:
                continue
            found = Found(source, name, source.size(name))
            if found.size is not None:
                return found
            first = first or found
        if first is not None and first.source.unpacked and _is_archive(url, first):
            raise unpacked(url, first.source.place)
        return first

    def covers(self, prefix: str) -> bool:
        """Whether sources serve every URL that begins with a prefix."""
        return any(f"{prefix}/".startswith(f"{serve.rstrip('/')}/") for serve, _ in self._serves)

    def below(self, prefix: str) -> dict[str, Found]:
        """The served files whose URL begins with a prefix, by URL in the order of S3."""
        if prefix in self._listed:  # a long list is asked for page by page
            return self._listed[prefix]
        found: dict[str, Found] = {}
        for serve, source in self._serves:
            top = serve if serve.endswith("/") else f"{serve}/"
            if not (top.startswith(prefix) or prefix.startswith(top) or serve == prefix):
                continue
            for name, size in source.names.items():
                url = serve if _is_single(serve, name, source) else top + name
                if url.startswith(prefix):
                    found.setdefault(url, Found(source, name, size))
        self._listed.clear()
        listed = dict(sorted(found.items(), key=lambda pair: os.fsencode(pair[0])))
        self._listed[prefix] = listed
        return listed

    def buckets(self) -> list[str]:
        """The names of S3 buckets that have a source."""
        served = (serve for serve, _ in self._serves if serve.startswith("s3://"))
        return sorted({serve.split("/")[2] for serve in served})


def read(folder: Path) -> Declared:
    """The sources that `sources.json` in the folder of a block lists.

    Raises:
        OSError, ValueError, KeyError: the supervisor's file is missing or malformed.
    """
    listed = json.loads((folder / NAME).read_text("utf-8"))
    return Declared(
        tuple(
            Source(
                number,
                tuple(map(canonical, one["serves"])),
                one["folder"],
                None if one["files"] is None else dict(one["files"]),
                str(folder / one["socket"]) if one["socket"] else "",
                one["place"],
                bool(one.get("unpacked")),
            )
            for number, one in enumerate(listed)
        ),
        folder,
    )


def canonical(url: str) -> str:
    """A URL as sources and requests compare it: scheme and host in lower case, path decoded."""
    if url.startswith(_HUB):
        repository, at, rest = url.removeprefix("hf://").removeprefix("datasets/").partition("@")
        return f"hf://{repository}{'/' if at and '/' in rest else ''}{rest.partition('/')[2]}"
    if not url.lower().startswith(("http://", "https://")):
        return url
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"https://{(parts.hostname or '').lower()}{port}{unquote(parts.path) or '/'}{query}"


def is_safe(name: str) -> bool:
    """Whether a name below a source is a relative path that stays below any folder."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in name and all(part not in ("", ".", "..") for part in name.split("/"))


def _below(url: str, serve: str) -> str | None:
    """The name of a URL below the source that serves it; None if it does not."""
    if serve.endswith("/"):
        return url.removeprefix(serve) if url.startswith(serve) else None
    if url == serve:
        return _file_of(serve)
    return url.removeprefix(f"{serve}/") if url.startswith(f"{serve}/") else None


def _is_archive(url: str, missing: Found) -> bool:
    """Whether a file that an unpacked source does not have is its archive."""
    return url in missing.source.serves or missing.name.lower().endswith(_ARCHIVES)


def _is_single(serve: str, name: str, source: Source) -> bool:
    """Whether a source is one file, with the name that its URL ends with."""
    return not serve.startswith(_HUB) and len(source.names) == 1 and name == _file_of(serve)


def _file_of(serve: str) -> str:
    """The name of the file that a URL ends with; only those of servers have a query."""
    name = serve.rpartition("/")[2]
    return name.partition("?")[0] if serve.startswith("https://") else name


def _walk(folder: str, above: str) -> Iterator[tuple[str, int]]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from _walk(entry.path, f"{above}{entry.name}/")
        elif entry.is_file():
            yield f"{above}{entry.name}", entry.stat().st_size
