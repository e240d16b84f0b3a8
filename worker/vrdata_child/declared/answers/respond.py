"""Answer a request from the declared sources, or refuse it by name. Pure."""

from __future__ import annotations

from vrdata_child.declared.answers import hub, s3
from vrdata_child.declared.answers.http import Answer, Request, file, text
from vrdata_child.declared.refusing import metadata, undeclared, upload
from vrdata_child.declared.sources import Declared, canonical

_METADATA = frozenset(
    {
        *("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254"),
        *("metadata.google.internal", "metadata", "metadata.azure.internal", "100.100.100.200"),
    }
)


def respond(declared: Declared, asked: Request) -> Answer:
    """The answer of a declared source to a request.

    Raises:
        RefusedError: no source serves the URL, or the request would change something.
    """
    if (asked.parts.hostname or "").lower() in _METADATA:
        raise metadata(asked.url)
    if (place := s3.place_of(declared, asked)) is not None:
        return s3.respond(declared, asked, place)
    if hub.is_hub(asked):
        return hub.respond(declared, asked)
    url = canonical(asked.url)
    if not asked.reads:
        raise upload(asked.method, url)
    found = declared.find(url)
    if (found is None or found.size is None) and "?" in url:
        found = declared.find(url.partition("?")[0]) or found
    if found is None:
        raise undeclared(url)
    if found.size is None:
        return text(asked, 404, f"{url} is not in its source\n", "text/plain")
    return file(asked, found)
