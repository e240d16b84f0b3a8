"""HTTP requests and answers as values. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from urllib.parse import SplitResult, parse_qsl, urlsplit

from vrdata_child.declared.pieces import Piece
from vrdata_child.declared.sources import Found

MODIFIED = "Wed, 01 Jan 2020 00:00:00 GMT"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
REASONS = {
    200: "OK",
    206: "Partial Content",
    304: "Not Modified",
    404: "Not Found",
    400: "Bad Request",
    412: "Precondition Failed",
    416: "Range Not Satisfiable",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        method: in upper case.
        url: absolute, encoded.
        headers: names in lower case.
        body: of a POST, as far as it is known.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def parts(self) -> SplitResult:
        """The parts of the URL."""
        return urlsplit(self.url)

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the URL, decoded."""
        return dict(parse_qsl(self.parts.query, keep_blank_values=True))

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        status: code.
        headers: with `Content-Length`, also for HEAD.
        body: bytes, or a piece of a file.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | Piece = b""

    @property
    def reason(self) -> str:
        """The phrase of the status."""
        return REASONS.get(self.status, "")


def request(method: str, url: str, headers: Mapping[str, object], body: object = None) -> Request:
    """A request with the names of its headers in lower case; a body that is no text is empty."""
    lower = {str(name).lower(): _text(value) for name, value in headers.items()}
    data = body.encode() if isinstance(body, str) else body
    return Request(method.upper(), url, lower, data if isinstance(data, bytes) else b"")


def text(
    asked: Request,
    status: int,
    body: str,
    kind: str,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """An answer with a text."""
    data = body.encode()
    shown = b"" if asked.method == "HEAD" else data
    length = {"Content-Type": kind, "Content-Length": str(len(data))}
    return Answer(status, length | dict(headers or {}), shown)


def etag_of(found: Found) -> str:
    """A quoted tag that differs for files with other names or sizes."""
    known = f"{found.source.number}/{found.name}/{found.size}"
    return f'"{md5(known.encode(), usedforsecurity=False).hexdigest()}"'


def file(asked: Request, found: Found, headers: Mapping[str, str] | None = None) -> Answer:
    """The bytes of a file, or the range of them that the request asks for.

    Args:
        asked: GET or HEAD.
        found: an existing file.
        headers: further ones.
    """
    size, tag = found.size or 0, etag_of(found)
    common = {
        "ETag": tag,
        "Last-Modified": MODIFIED,
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        **(headers or {}),
    }
    if asked.headers.get("if-match", tag).strip('"') not in (tag.strip('"'), "*"):
        return Answer(412, common | {"Content-Length": "0"})
    if asked.headers.get("if-none-match", "").strip('"') == tag.strip('"'):
        return Answer(304, common)
    span = _span(asked.headers.get("range", ""), size)
    if span is None:
        return Answer(416, common | {"Content-Length": "0", "Content-Range": f"bytes */{size}"})
    start, stop = span
    common["Content-Length"] = str(stop - start)
    partial = _RANGE.fullmatch(asked.headers.get("range", "").strip()) is not None
    if partial:
        common["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    body = b"" if asked.method == "HEAD" else found.source.piece(found.name, start, stop)
    return Answer(206 if partial else 200, common, body)


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for; all without one; None if there are none."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None:
        return 0, size
    first, last = match.groups()
    if not first:
        if not last or int(last) == 0:
            return None
        return max(0, size - int(last)), size
    start, stop = int(first), min(size, int(last) + 1 if last else size)
    return (start, stop) if start < stop else None


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
