"""VideoThinkBench on the tests' hub: its schema, files and row groups, with very small images."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pyarrow.parquet as pq

from support.datasets.puzzles import puzzles, write_puzzles
from support.services.hub.server import Hub

NAME = "OpenMOSS-Team/VideoThinkBench"
FOLDER = "Vision-Centric_Reasoning"
CONFIGS = ("Eyeballing_Puzzles", "Visual_Puzzles", "ARC_AGI_2", "Mazes")
TAIL_BYTES = 3 * 2**16  # of the reads at the end of a file, which find its row groups
_SPLIT = "- config_name: {0}\n  data_files:\n  - split: test\n    path: {1}/{0}.parquet\n"


def path_of(config: str) -> str:
    """The file of a configuration."""
    return f"{FOLDER}/{config}.parquet"


def bench_files(rows: Mapping[str, int], *, group: int, size: int = 8) -> dict[str, bytes]:
    """The files of a commit.

    Args:
        rows: of each configuration.
        group: rows of a row group.
        size: of the images, in pixels.
    """
    splits = "".join(_SPLIT.format(config, FOLDER) for config in CONFIGS)
    found = {"README.md": f"---\nlicense: mit\nconfigs:\n{splits}---\n".encode()}
    for config, count in rows.items():
        body = io.BytesIO()
        write_puzzles(body, puzzles(count, task=config.lower(), size=size), group=group)
        found[path_of(config)] = body.getvalue()
    return found


def fetched_groups(hub: Hub, config: str) -> set[int]:
    """The row groups of which the hub has sent bytes, except for those near the end of the file."""
    repository = hub.repositories[NAME]
    body = repository.commits[repository.branches["main"]][path_of(config)].content
    sent = bytearray(len(body))
    for request in hub.fetched(path_of(config)):
        first, last = map(int, request.range.removeprefix("bytes=").split("-"))
        stop = min(last + 1, len(body))
        sent[first:stop] = b"x" * (stop - first)
    facts = pq.ParquetFile(io.BytesIO(body)).metadata
    found = set()
    for number in range(facts.num_row_groups):
        chunks = [facts.row_group(number).column(at) for at in range(facts.num_columns)]
        start = min(one.dictionary_page_offset or one.data_page_offset for one in chunks)
        stop = start + sum(one.total_compressed_size for one in chunks)
        if stop < len(body) - TAIL_BYTES and any(sent[start:stop]):
            found.add(number)
    return found
