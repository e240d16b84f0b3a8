"""The key of each object of a run (fixed: users' data depends on it). Pure."""

from __future__ import annotations

import hashlib
import re

from vrdata.plan.planned import Shard

PLAN = "_vrdata/plan.json"
COMMITS = "_vrdata/commits/"
FAILURES = "_vrdata/failures/"
DIFFERENCES = "_vrdata/differences/"
DAMAGED = "_vrdata/damaged/"
DATA_READ = "_vrdata/read.json"
WAVES = "_vrdata/waves/"
SOURCES = "_vrdata/sources.json"
ITEMS = "_vrdata/items/"
CATALOGUES = "_catalogues/"  # below the root, beside the namespaces
DATASET = "dataset.json"
CARD = "README.md"
INDEX = "index/"
REPORT = "report/"
SUCCESS = "_SUCCESS"
SHARDS = "shards/"
QUESTIONS = "questions/"
TABLES = "data/"
DATA = (TABLES, QUESTIONS, SHARDS)
"""Folders of data objects, in listing order."""

TOP_LEVEL = frozenset(
    key.partition("/")[0] for key in (*DATA, PLAN, DATASET, CARD, INDEX, REPORT, SUCCESS)
)
"""The names of everything in a run's folder."""

_INDEX = re.compile(r"[0-9]{8,}\Z")
_COMMIT = re.compile(r"[0-9]{6,8}\.json")  # a set of shards takes one bit for each number
_WAVE = re.compile(rf"{WAVES}([0-9]{{4}})\.json")
_FILE = re.compile(r"([^/]+)/([^/]+)_task/([^/]+)/[^/]+")


def run_prefix(namespace: str, run: str, prefix: str = "") -> str:
    """The run's folder below the profile's root, with a closing slash.

    A user's `output.prefix` is inside the namespace, so no namespace reaches another's data. No
    part of the result is in TOP_LEVEL, except for the namespace: the models refuse such names, so
    that no key of one run is among the data of another. Runs inside other runs: `dataset.discover`.
    """
    middle = f"{prefix.strip('/')}/" if prefix else ""
    return f"{namespace}/{middle}{run}/"


def commit_key(generator: str, shard: int) -> str:
    """The shard's commit marker."""
    return f"{COMMITS}{generator}/{shard:06d}.json"


def parse_commit_key(key: str) -> Shard:
    """Generator and shard of a commit marker's key. Raises ValueError for another key."""
    generator, _, name = key.removeprefix(COMMITS).rpartition("/")
    if not (key.startswith(COMMITS) and generator and _COMMIT.fullmatch(name)):
        raise ValueError(key)
    return Shard(generator, int(name.partition(".")[0]))


def failure_key(generator: str, shard: int, attempt: int) -> str:
    """The record of one failed attempt."""
    return f"{FAILURES}{generator}/{shard:06d}/{attempt}.json"


def parse_failure_key(key: str) -> tuple[Shard, int]:
    """Shard and attempt of a failure record's key. Raises ValueError for another key."""
    parts = key.removeprefix(FAILURES).removesuffix(".json").split("/")
    if not key.startswith(FAILURES) or len(parts) != 3 or not parts[1].isdecimal():
        raise ValueError(key)
    return Shard(parts[0], int(parts[1])), int(parts[2])


def difference_key(generator: str, shard: int, attempt: int) -> str:
    """The record of an attempt whose bytes differ from the stored ones."""
    return f"{DIFFERENCES}{generator}/{shard:06d}/{attempt}.json"


def parse_difference_key(key: str) -> Shard:
    """Shard of a difference record's key. Raises ValueError for another key."""
    parts = key.removeprefix(DIFFERENCES).split("/")
    if not key.startswith(DIFFERENCES) or len(parts) != 3 or not parts[1].isdecimal():
        raise ValueError(key)
    return Shard(parts[0], int(parts[1]))


def damaged_key(generator: str, shard: int) -> str:
    """The record of a shard whose data finalisation found damaged."""
    return f"{DAMAGED}{generator}/{shard:06d}.json"


def parse_damaged_key(key: str) -> Shard:
    """Shard of a damage record's key. Raises ValueError for another key."""
    generator, _, name = key.removeprefix(DAMAGED).rpartition("/")
    if not (key.startswith(DAMAGED) and generator and _COMMIT.fullmatch(name)):
        raise ValueError(key)
    return Shard(generator, int(name.partition(".")[0]))


def wave_key(wave: int) -> str:
    """The shards of one wave."""
    return f"{WAVES}{wave:04d}.json"


def parse_wave_key(key: str) -> int | None:
    """Number of the wave of a wave file's key; None for another key."""
    match = _WAVE.fullmatch(key)
    return int(match[1]) if match else None


def catalogue_key(image_digest: str, catalogue: str = "") -> str:
    """The catalogue of an image; below the root, not below a run.

    Args:
        image_digest: `sha256:…`.
        catalogue: the requested catalogue file of the image; empty = the image's own.
    """
    requested = f"-{hashlib.sha256(catalogue.encode()).hexdigest()[:10]}" if catalogue else ""
    return f"{CATALOGUES}{image_digest.removeprefix('sha256:')}{requested}.json"


def shard_tar_key(generator: str, shard: int) -> str:
    """The data object of a shard in format webdataset."""
    return f"{SHARDS}{generator}/{generator}-{shard:06d}.tar"


def shard_parquet_key(generator: str, shard: int) -> str:
    """The data object of a shard in format parquet."""
    return f"{TABLES}{generator}/{generator}-{shard:06d}.parquet"


def index_key(generator: str) -> str:
    """The index of a generator's samples."""
    return f"{INDEX}{generator}.parquet"


def items_key(generator: str) -> str:
    """The list of the parts of a converter's source."""
    return f"{ITEMS}{generator}.parquet"


def place_key(generator: str, number: int) -> str:
    """The list of the files of a pipeline's source, by its number among `places`."""
    return f"{ITEMS}{generator}/{number}.parquet"


def sample_key(generator: str, index: int) -> str:
    """The WebDataset key of a sample: unique in a run, no dot."""
    return f"{generator}-{index:08d}"


def sample_id(domain: str, index: int) -> str:
    """The sample's id: `{domain}_{index:08d}`."""
    return f"{domain}_{index:08d}"


def shard_targz_key(generator: str, start: int, stop: int) -> str:
    """The data object of a shard in format tar; its name has the last index, inclusive."""
    return f"{QUESTIONS}{generator}_{start:05d}-{stop - 1:05d}.tar.gz"


def sample_folder(generator: str, domain: str, index: int) -> str:
    """A sample's folder: below QUESTIONS in format files, and inside a tar.gz."""
    return f"{generator}/{domain}_task/{sample_id(domain, index)}"


def sample_index(name: str) -> int:
    """The global index at the end of a sample's id, key or folder. Raises ValueError."""
    match = _INDEX.search(name)
    if match is None:
        raise ValueError(name)
    return int(match.group())


def parse_file_key(key: str) -> tuple[str, int]:
    """Generator and sample index of a key of format files. Raises ValueError for another key."""
    match = _FILE.fullmatch(key.removeprefix(QUESTIONS))
    if not key.startswith(QUESTIONS) or match is None:
        raise ValueError(key)
    generator, domain, folder = match.groups()
    index = sample_index(folder)
    if folder != sample_id(domain, index):
        raise ValueError(key)
    return generator, index
