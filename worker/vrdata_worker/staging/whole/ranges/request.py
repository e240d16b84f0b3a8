"""A request for a range, as a block sends it. Pure."""

from __future__ import annotations

import json
from typing import NamedTuple

MAX_LINE = 8192  # bytes; a name has at most 1024
MAX_BYTES = 2**30  # of one answer


class MalformedRequestError(Exception):
    """It is not a request: the connection ends."""


class RangeRequest(NamedTuple):
    """Bytes `[start, stop)` of a file of a source."""

    source: int
    name: str
    start: int
    stop: int


def parse(line: bytes) -> RangeRequest:
    """The request of a line.

    Raises:
        MalformedRequestError: it is not one.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError(str(error)) from None
    if not isinstance(found, dict) or found.keys() != set(RangeRequest._fields):
        raise MalformedRequestError("other fields")
    request = RangeRequest(**found)
    numbers = (request.source, request.start, request.stop)
    if not all(type(one) is int and 0 <= one < 2**63 for one in numbers):
        raise MalformedRequestError("not a number")
    if not isinstance(request.name, str):
        raise MalformedRequestError("not a name")
    if not 0 <= request.stop - request.start <= MAX_BYTES:
        raise MalformedRequestError("not a range")
    return request


def answer(size: int) -> bytes:
    """The line before so many bytes."""
    return json.dumps({"bytes": size}).encode() + b"\n"


def refusal(why: str) -> bytes:
    """The answer without bytes."""
    return json.dumps({"error": why}).encode() + b"\n"
