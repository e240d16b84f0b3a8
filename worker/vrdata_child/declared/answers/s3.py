"""The part of the REST interface of S3 that reads and lists. Pure.

Source: the Amazon S3 API Reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from vrdata_child.declared.answers import listing
from vrdata_child.declared.answers.http import Answer, Request, file, text
from vrdata_child.declared.answers.listing import XML, element
from vrdata_child.declared.refusing import unanswered, undeclared, upload
from vrdata_child.declared.sources import Declared

_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
_HOST = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:-accelerate|-fips|-external-1)?(?:\.dualstack)?"
    rf"(?:[.-](?P<region>{_REGION}))?\.amazonaws\.com(?:\.cn)?"
)
_SIGNED = re.compile(r"/(?P<region>[a-z0-9-]+)/s3/aws4_request")
# Parameters of a request for an object that do not change which bytes it asks for.
_OF_OBJECT = frozenset({"versionId", "partNumber", "x-id", "AWSAccessKeyId", "Expires"})
_OF_OBJECT |= {"Signature"}
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Place:
    """What a request is about: `bucket` is "" for the list of buckets, `key` for the bucket."""

    bucket: str
    key: str
    region: str

    @property
    def url(self) -> str:
        """As sources are declared."""
        return f"s3://{self.bucket}/{self.key}"


def place_of(declared: Declared, asked: Request) -> Place | None:
    """The bucket and the key of a request to S3; None for other requests.

    A request that is signed for S3 is one, whatever its host: an endpoint can have any name.
    """
    host = (asked.parts.hostname or "").lower()
    path = unquote(asked.parts.path)
    match = _HOST.fullmatch(host)
    signed = _SIGNED.search(asked.headers.get("authorization", "") or unquote(asked.parts.query))
    if match is None and signed is None:
        return None
    regions = [one["region"] for one in (match, signed) if one is not None and one["region"]]
    region = regions[0] if regions else DEFAULT_REGION
    named = (name for name in declared.buckets() if host.startswith(f"{name}."))
    bucket = match["bucket"] if match else next(named, None)
    if bucket:
        return Place(bucket, path.removeprefix("/"), region)
    first, _, rest = path.removeprefix("/").partition("/")
    return Place(first, rest, region)


def respond(declared: Declared, asked: Request, place: Place) -> Answer:
    """The answer to a request to S3.

    Raises:
        RefusedError: no source serves it, or it does not only read or list.
    """
    if not asked.reads:
        raise upload(asked.method, place.url)
    if not place.bucket:
        raise undeclared("s3:// (the list of all buckets)")
    if not place.key:
        return _bucket(declared, asked, place)
    extra = [name for name in asked.query if not _is_plain(name)]
    if extra:
        raise unanswered(f"{asked.method} {place.url}?{extra[0]}")
    found = declared.find(place.url)
    if found is None:
        raise undeclared(place.url)
    if found.size is None:
        return _error(asked, 404, "NoSuchKey", "The specified key does not exist.", place)
    answer = file(asked, found, {"x-amz-bucket-region": place.region})
    if answer.status == 416:
        return _error(asked, 416, "InvalidRange", "The requested range is not satisfiable", place)
    if answer.status == 412:
        return _error(asked, 412, "PreconditionFailed", "If-Match does not hold", place)
    return answer


def _bucket(declared: Declared, asked: Request, place: Place) -> Answer:
    query = asked.query
    if place.bucket not in declared.buckets():
        prefix = query.get("prefix", "")
        raise undeclared(f"{place.url}{prefix}")
    region = {"x-amz-bucket-region": place.region}
    if asked.method == "HEAD":
        return Answer(200, region | {"Content-Length": "0"})
    if "location" in query:
        where = "" if place.region == DEFAULT_REGION else place.region
        body = element("LocationConstraint", where)
        return text(asked, 200, XML + body, "application/xml", region)
    extra = [name for name in query if name not in listing.PARAMETERS and not _is_plain(name)]
    if extra:
        raise unanswered(f"GET {place.url}?{extra[0]}")
    prefix = place.url + query.get("prefix", "")
    if not declared.covers(prefix):
        raise undeclared(prefix)
    try:
        body = listing.of(place.bucket, query, declared.below(prefix))
    except ValueError as error:
        return _error(asked, 400, "InvalidArgument", str(error), place)
    return text(asked, 200, body, "application/xml", region)


def _is_plain(name: str) -> bool:
    return name in _OF_OBJECT or name.lower().startswith(("x-amz-", "response-"))


def _error(asked: Request, status: int, code: str, message: str, place: Place) -> Answer:
    inner = element("Code", code) + element("Message", message) + element("Key", place.key)
    return text(asked, status, f"{XML}<Error>{inner}</Error>", "application/xml")
