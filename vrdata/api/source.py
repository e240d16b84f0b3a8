"""SourceSpec: the existing data that a converter reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from vrdata.model import Model

# A URL with a scheme or the name of a file or folder, without white space, and without what can
# have credentials: user:password@, a query, a fragment, encoded or not. Or a path that begins as
# one, on the machine of a local run.
SOURCE_URL = r"^([A-Za-z0-9_-][^\s@?#%]*|[Ff][Ii][Ll][Ee]:[^\s@?#]*|[./~][^\x00-\x1f\x7f]*)$"

# A URL up to a border between two folders; `hf://` alone is every dataset of the Hub.
_FOLDER = r"[A-Za-z0-9_=-][A-Za-z0-9._=+,-]*"
SOURCE_PREFIX = rf"^(hf|s3)://(({_FOLDER}/)*{_FOLDER}/?)?$"
# Without what a reader of the URL could decode, cut off or ignore.
_REMOTE = re.compile(r"((?:hf|s3)://)([^%\\?#@\s\x00-\x1f\x7f]*)")

# A folder in which a pipeline expects raw data: relative, or absolute.
PLACE = r"^/?[^/\x00-\x1f\x7f]+(/[^/\x00-\x1f\x7f]+)*$"

Glob = Annotated[str, Field(min_length=1, max_length=256)]


def _inside(place: str) -> str:
    """Refuse a folder that its own parts lead out of."""
    if {".", ".."} & set(place.split("/")):
        raise ValueError("it has a part that is . or ..; name the folder without it")
    return place


Place = Annotated[str, Field(min_length=1, max_length=200, pattern=PLACE), AfterValidator(_inside)]
SourceUrl = Annotated[str, Field(min_length=1, max_length=2000, pattern=SOURCE_URL)]


class SourceSpec(Model):
    """Existing data, for a generator of class M. It is pinned when the run begins."""

    url: SourceUrl = Field(
        description="hf://ORGANISATION/NAME, s3://BUCKET/PREFIX, or, in a local run, a file or "
        "folder. Example: hf://OpenMOSS-Team/VideoThinkBench.",
    )
    config: str = Field(
        default="",
        max_length=100,
        description="Configuration of a Hub dataset. Default: its only one. Example: Mazes.",
    )
    split: str = Field(
        default="",
        max_length=100,
        description="Split of a Hub dataset. Default: its only one. Example: test.",
    )
    revision: str = Field(
        default="",
        max_length=200,
        description="Branch, tag or commit of a Hub dataset; the run keeps the commit that it "
        "began with. Default: main.",
    )
    include: tuple[Glob, ...] = Field(
        default=(),
        max_length=64,
        description="Globs of file names below the URL; a file that matches one is read, unless it "
        'matches one that begins with `!`. Default: all files. Example: ["*.parquet"].',
    )
    limit: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="The most items, from the first one on. Default: all items. Example: 1000.",
    )


class PlacedSource(Model):
    """Raw data for one place of a pipeline. It is pinned when the run begins."""

    place: Place = Field(
        description="Folder in which the pipeline expects the data; one of those that "
        "`vrdata generators list` shows. Example: raw.",
    )
    url: SourceUrl = Field(
        description="hf://ORGANISATION/NAME, s3://BUCKET/PREFIX, or, in a local run, a file or "
        "folder. Example: s3://bucket/raw.",
    )
    config: str = Field(
        default="",
        max_length=100,
        description="Configuration of a Hub dataset, to read its files only. Default: all files. "
        "Example: Mazes.",
    )
    revision: str = Field(
        default="",
        max_length=200,
        description="Branch, tag or commit of a Hub dataset; the run keeps the commit that it "
        "began with. Default: main.",
    )
    include: tuple[Glob, ...] = Field(
        default=(),
        max_length=64,
        description="Globs of file names below the URL; only files that match one are read, unless "
        'they match one that begins with `!`. Default: all files. Example: ["train/*.png"].',
    )


def origin(url: str) -> str:
    """A URL, or the last name of a local path: its folders are those of one machine."""
    path = re.sub("^file:/*", "/", url, flags=re.IGNORECASE).rstrip("/")
    return path.rpartition("/")[2] if "://" not in path else url


def is_remote(url: str) -> bool:
    """Whether a URL is one that a cluster can read: of the Hub or of a bucket, and unambiguous."""
    return _folders(url) is not None


def is_allowed(url: str, prefixes: Iterable[str]) -> bool:
    """Whether a URL is one of the prefixes or below it, compared folder by folder.

    So `hf://org/na` allows `hf://org/na`, and not `hf://org/name`. Upper and lower case differ. A
    URL that is not `is_remote` is never allowed.

    Args:
        url: of a source.
        prefixes: of a profile, as SOURCE_PREFIX.
    """
    found = _folders(url)
    if found is None:
        return False
    known = (_folders(prefix) for prefix in prefixes)
    return any(one is not None and found[: len(one)] == one for one in known)


def _folders(url: str) -> tuple[str, ...] | None:
    """Scheme and folders of a URL; None for one that can mean something else to its reader."""
    match = _REMOTE.fullmatch(url)
    if match is None:
        return None
    scheme, rest = match.groups()
    folders = rest.removesuffix("/").split("/") if rest else []
    return None if any(one in {"", ".", ".."} for one in folders) else (scheme, *folders)
