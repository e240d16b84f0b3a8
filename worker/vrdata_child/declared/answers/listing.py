"""Lists of objects as S3 sends them, in both versions of its interface. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.sax.saxutils import escape

from vrdata_child.declared.answers.http import etag_of
from vrdata_child.declared.sources import Found

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
PARAMETERS = frozenset(
    {
        *("list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after"),
        *("marker", "encoding-type", "fetch-owner"),
    }
)
MAX_KEYS = 1000
_MODIFIED = "2020-01-01T00:00:00.000Z"


@dataclass(slots=True)
class _Page:
    """A page; `last` is where the next one continues."""

    objects: list[tuple[str, Found]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.objects) + len(self.prefixes)


def of(bucket: str, query: Mapping[str, str], found: Mapping[str, Found]) -> str:
    """The list that a query asks for.

    Args:
        bucket: its name.
        query: the parameters of the request.
        found: all objects with the prefix of the query, by URL and in order.

    Raises:
        ValueError: a parameter is invalid.
    """
    second = query.get("list-type") == "2"
    after = query.get("marker", "")
    if second:
        token = query.get("continuation-token")
        after = _of_token(token) if token else query.get("start-after", "")
    most = min(MAX_KEYS, int(query.get("max-keys") or MAX_KEYS))
    keys = {url.removeprefix(f"s3://{bucket}/"): one for url, one in found.items()}
    page = _page(keys, query.get("prefix", ""), query.get("delimiter", ""), after, most)
    encode = _encoder(query)
    fields = {
        "Name": bucket,
        "Prefix": encode(query.get("prefix", "")),
        "MaxKeys": str(most),
        "IsTruncated": str(page.truncated).lower(),
        **_given("Delimiter", encode(query.get("delimiter", ""))),
        **_given("EncodingType", query.get("encoding-type", "")),
        **(_second(query, page) if second else _first(query, page, encode)),
    }
    parts = [element(name, value) for name, value in fields.items()]
    parts += [_contents(encode(key), one) for key, one in page.objects]
    parts += [
        f"<CommonPrefixes>{element('Prefix', encode(prefix))}</CommonPrefixes>"
        for prefix in page.prefixes
    ]
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'{XML}<ListBucketResult xmlns="{space}">{"".join(parts)}</ListBucketResult>'


def element(name: str, value: str) -> str:
    """An element of XML with a text."""
    return f"<{name}>{escape(value)}</{name}>"


def _second(query: Mapping[str, str], page: _Page) -> dict[str, str]:
    return {
        "KeyCount": str(len(page)),
        **_given("ContinuationToken", query.get("continuation-token", "")),
        **_given("StartAfter", query.get("start-after", "")),
        **_given("NextContinuationToken", _token(page.last) if page.truncated else ""),
    }


def _first(query: Mapping[str, str], page: _Page, encode: Callable[[str], str]) -> dict[str, str]:
    following = encode(page.last) if page.truncated else ""
    return {"Marker": encode(query.get("marker", "")), **_given("NextMarker", following)}


def _given(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _page(keys: Mapping[str, Found], prefix: str, delimiter: str, after: str, most: int) -> _Page:
    page = _Page()
    for key, one in keys.items():
        inner = key[len(prefix) :]
        common = ""
        if delimiter and delimiter in inner:
            common = prefix + inner[: inner.index(delimiter) + len(delimiter)]
        shown = common or key
        if shown.encode() <= after.encode() or (common and common in page.prefixes[-1:]):
            continue
        if len(page) >= most:
            page.truncated = most > 0
            break
        page.last = shown
        if common:
            page.prefixes.append(common)
        else:
            page.objects.append((key, one))
    return page


def _contents(key: str, found: Found) -> str:
    fields = {"Key": key, "LastModified": _MODIFIED, "ETag": etag_of(found)}
    fields |= {"Size": str(found.size), "StorageClass": "STANDARD"}
    inner = "".join(element(name, value) for name, value in fields.items())
    return f"<Contents>{inner}</Contents>"


def _encoder(query: Mapping[str, str]) -> Callable[[str], str]:
    return (lambda key: quote(key, safe="/")) if query.get("encoding-type") == "url" else str


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _of_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError):
        raise ValueError("The continuation token provided is incorrect") from None
