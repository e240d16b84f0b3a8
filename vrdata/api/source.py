"""SourceSpec: the existing data that a converter reads. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from vrdata.model import Model

# A URL with a scheme, or a path on the machine of a local run; no white space, no user:password@.
SOURCE_URL = r"^[A-Za-z0-9./~_-][^\s@]{0,1999}$"

Glob = Annotated[str, Field(min_length=1, max_length=256)]


class SourceSpec(Model):
    """Existing data, for a generator of class M. It is pinned when the run begins."""

    url: str = Field(
        min_length=1,
        max_length=2000,
        pattern=SOURCE_URL,
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
        description="Globs of file names below the URL; a file that matches one is read. "
        'Default: all files. Example: ["*.parquet"].',
    )
    limit: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="The most items, from the first one on. Default: all items. Example: 1000.",
    )
