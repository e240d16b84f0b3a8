"""The stages of desktop recordings as runs, each of which reads the run before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from support.desktop.made import GENERATIONS, session, write_recording
from vrdata.desktop.tables import schemas
from vrdata.desktop.tables.reading import open_splits

STAGES = ("events", "bins", "sequences")
INCLUDE = ["*.mcap", "!*.mkv"]
ARGS: dict[str, tuple[str, ...]] = {
    "events": ("rate=mouse=50 screen=10",),
    "bins": ("fps=12.5",),
    "sequences": ("sequence_length=8", "overlap_ratio=0.25", "instruction_from=sidecar"),
}
OPTIONS: dict[str, tuple[object, ...]] = {
    "events": ("--rate", "mouse=50", "screen=10"),
    "bins": ("--fps", "12.5"),
    "sequences": ("--sequence_length", 8, "--overlap_ratio", 0.25, "--instruction_from", "sidecar"),
}
"""The same options of the commands."""


def write_recordings(folder: Path, number: int) -> Path:
    """Recordings of all generations, and the video and the instruction of some."""
    for seed in range(number):
        name = f"{seed:02d}"
        made = session(GENERATIONS[seed % 5], 1 + seed / 4, video=f"{name}.mkv", seed=seed)
        write_recording(folder / f"{name}.mcap", made)
        if seed % 2:
            (folder / f"{name}.instruction.txt").write_text(f"Do task {seed}\n")
        if seed % 3:
            (folder / f"{name}.mkv").write_bytes(b"not read")
    return folder


def stage_spec(stage: str, url: str, *, shard_size: int = 3) -> dict[str, Any]:
    """The spec of a run of one stage."""
    source: dict[str, Any] = {"url": url}
    if stage == STAGES[0]:
        source["include"] = INCLUDE
    generator = {"name": stage, "converter": f"M-desktop-{stage}", "args": list(ARGS[stage])}
    spec = {"generators": [generator | {"source": source}], "shardSize": shard_size}
    return spec | {"output": {"format": "parquet"}}


def rows_of(dataset: Path, stage: str) -> dict[str, pa.Table]:
    """The rows of each split of a dataset on disk."""
    columns = getattr(schemas, stage.upper())
    return {
        split.name: pa.Table.from_batches(split.batches(), split.schema)
        for split in open_splits(dataset, columns)
    }
