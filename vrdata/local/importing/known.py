"""The datasets that `vrdata import` knows by name, and what other sources are called. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from vrdata.errors import NotFoundError, UsageError

CONVERTER = "M-import"
HUB = "hf://"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_TABLE = re.compile(
    r"\.(parquet|arrow|feather|jsonl|ndjson|csv|tsv)(\.(gz|bz2|zst))?$", re.IGNORECASE
)
_WITH_SECRET = re.compile(r"(?!file:)[^./~].*[@?#%]|file:.*[@?#]", re.DOTALL)
_CREDENTIALS = "set credentials in environment variables, such as HF_TOKEN"
MAX_SLUG = 24


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that can be imported.

    Attributes:
        name: as it is shown.
        url: of its source.
        prefix: the first part of the ids of its samples.
        configs: configurations that are imported by default; () = its only one.
        split: the default split; "" = its only one.
        options: of the converter.
    """

    name: str
    url: str
    prefix: str
    configs: tuple[str, ...] = ()
    split: str = ""
    options: dict[str, str] = field(default_factory=dict)


KNOWN = (
    Dataset(
        name="videothinkbench",
        url="hf://OpenMOSS-Team/VideoThinkBench",
        prefix="vtb",
        configs=("Eyeballing_Puzzles", "Visual_Puzzles", "ARC_AGI_2", "Mazes"),
        split="test",
    ),
)


def find_dataset(name: str, *, path: str = "") -> Dataset:
    """The dataset of a name, a URL or a path.

    Args:
        name: as the user writes it; names of known datasets in any case.
        path: the absolute path of this name, if it exists.

    Raises:
        NotFoundError: there is no such dataset; the error lists the known ones.
        UsageError: the name is empty, or can have credentials.
    """
    if not name.strip():
        raise UsageError("the name of the dataset is empty", fix=_fix())
    known = next((one for one in KNOWN if one.name == name.lower()), None)
    if known is not None:
        return known
    if not path and _WITH_SECRET.match(name):  # it is not shown again
        raise UsageError(
            "the URL of the source cannot be used",
            why="it contains user:password@, a query (?), a fragment (#) or %, or is a path with "
            "such a character that does not exist",
            fix=f"remove them; {_CREDENTIALS}",
        )
    if "://" in name or path:
        return Dataset(name=name, url=path or name, prefix=_prefix(path or name))
    if _REPOSITORY.fullmatch(name):
        raise NotFoundError(
            f"{name} is neither a known dataset nor a file or folder",
            fix=f"for the dataset of the Hub: vrdata import {HUB}{name}",
        )
    raise NotFoundError(f"unknown dataset {name}", why=_available(), fix=_fix())


def slug(text: str) -> str:
    """Lower-case letters, digits and `_`, for ids and names of folders; `data` if none are left."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower())[:MAX_SLUG].strip("_") or "data"


def _prefix(url: str) -> str:
    """From the last name of a URL or path, without the file name extension of a table."""
    last = url.rstrip("/").rpartition("/")[2]
    return slug(_TABLE.sub("", last))


def _available() -> str:
    return f"known datasets: {', '.join(one.name for one in KNOWN)}"


def _fix() -> str:
    return (
        "name one of them, a URL (hf://ORGANISATION/NAME, s3://BUCKET/PREFIX), "
        "or an existing file or folder"
    )
