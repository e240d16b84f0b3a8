"""Whether an answer has the bytes that were pinned."""

from __future__ import annotations

import re

import httpx2

from vrdata.sources.hub.requests.errors import web_page
from vrdata.sources.port import PartFile, SourceChangedError, SourceUnavailableError

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_KINDS = {40: "git", 64: "sha256"}  # length of the hex digest in an ETag of the Hub
_PAGES = (".html", ".htm", ".xhtml")


def check_answer(  # noqa: PLR0913 - what was asked
    response: httpx2.Response, what: str, commit: str, file: PartFile, start: int, stop: int
) -> None:
    """Refuse an answer that is not bytes `[start, stop)` of the pinned file.

    Args:
        response: after redirects; its body is not read.
        what: starts the error.
        commit: of the dataset.
        file: as pinned.
        start: first byte.
        stop: the byte after the last one.

    Raises:
        SourceChangedError: it is not the pinned file.
        SourceUnavailableError: it is not a file, or not these bytes.
    """
    kind = response.headers.get("Content-Type", "")
    if "html" in kind and not file.name.lower().endswith(_PAGES):
        raise web_page(what)
    _check_identity((*response.history, response)[0], what, commit, file)
    if response.status_code == 206:
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or (int(match[1]), int(match[2]) + 1) != (start, stop):
            raise _no_ranges(what)
        size = int(match[3])
    elif (start, stop) != (0, file.size):
        raise _no_ranges(what)
    else:
        size = int(response.headers.get("Content-Length", file.size))
    if size != file.size:
        raise _changed(what, f"it has {size} bytes instead of {file.size}")


def _check_identity(first: httpx2.Response, what: str, commit: str, file: PartFile) -> None:
    """Compare what the Hub says before it redirects; servers between may drop these headers."""
    found = first.headers.get("X-Repo-Commit", commit)
    if found != commit:
        raise _changed(what, f"the server answered commit {found} instead of {commit}")
    tag = str(first.headers.get("X-Linked-ETag") or first.headers.get("ETag", ""))
    tag = tag.removeprefix("W/").strip('"')
    pinned, _, digest = file.digest.partition(":")
    if _KINDS.get(len(tag)) == pinned and tag != digest:
        raise _changed(what, f"its digest is {tag} instead of {digest}")


def _changed(what: str, why: str) -> SourceChangedError:
    return SourceChangedError(what, why=why, fix="start a new run of the latest commit")


def _no_ranges(what: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        what,
        why="the server ignores the header Range",
        fix="set HF_ENDPOINT to a server that supports it, or fetch the dataset first: "
        "hf download NAME --repo-type dataset",
    )
