"""Rules between fields, each written once. Pure; a broken rule raises ValueError."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vrdata.api.quantities import parse_quantity

RESERVED_NAMES = ("data", "index", "questions", "report", "shards")
"""Top-level folders of every run: a run of such a name could be inside another run's data."""

NAME_IS_RESERVED = f"must not be {', '.join(RESERVED_NAMES[:-1])} or {RESERVED_NAMES[-1]}"
FOLDER_IS_RESERVED = NAME_IS_RESERVED.replace("must not be", "must not have a folder")
WHY_RESERVED = "every run has folders with these names"


def name_not_reserved(name: str) -> str:
    """A run's name must not be that of a folder in every run."""
    if name in RESERVED_NAMES:
        raise ValueError(f"{NAME_IS_RESERVED}: {WHY_RESERVED}")
    return name


def folders_not_reserved(prefix: str) -> str:
    """Nor must a folder of `output.prefix`, in lower or upper case: file systems may ignore it."""
    if any(folder.lower() in RESERVED_NAMES for folder in prefix.split("/")):
        raise ValueError(f"{FOLDER_IS_RESERVED}: {WHY_RESERVED}")
    return prefix


def unique_names(names: Iterable[str]) -> None:
    """Names of a list of objects must differ."""
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"named more than once: {', '.join(twice)}; keep one entry of each")


def range_below(limit: int, name: str, start: int, samples: int) -> None:
    """A generator's samples `start` to `start + samples - 1` must have indexes below `limit`."""
    if start + samples > limit:
        raise ValueError(
            f"start {start} + samples {samples} of {name} is more than {limit}: "
            "sample ids have eight digits; lower start or samples"
        )


def ceiling_above(memory: str, ceiling: str) -> None:
    """The memory ceiling must not be below the memory."""
    if parse_quantity(ceiling) < parse_quantity(memory):
        raise ValueError(f"memoryCeiling {ceiling} is below memory {memory}; raise the ceiling")


def one_storage(url: str, claim: str) -> None:
    """A profile stores in a bucket or in a claim, not in both."""
    if url and claim:
        raise ValueError("url and persistentVolumeClaim are both set; keep one")
