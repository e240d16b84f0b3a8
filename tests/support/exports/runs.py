"""Small finished runs whose samples have everything that a layout can use."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from support.builders import build_finished_run, domain_of, make_plan, png
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectStore

SAMPLES = {"O-1_maze": 5, "G-2_rooms_data-generator": 3}
FORMATS: tuple[OutputFormat, ...] = ("webdataset", "tar", "files", "parquet")
KEY_FRAMES = 11
"""More than nine: frames are in the order of their numbers, not of their names."""


def own_metadata(index: int) -> dict[str, Any]:
    """What the generator wrote about a sample."""
    progress = [{"progress": at / KEY_FRAMES} for at in range(1, KEY_FRAMES + 1)]
    return {
        "task_id": "maze_00000000",
        "parameters": {"cells": index + 3, "video_fps": 30},
        "ground_truth": {"path": [[0, 0], [index, 1]]},
        "generic_declarative_render": {"image_frames": progress},
    }


def enrich(index: int, files: dict[str, bytes]) -> None:
    """Give a sample key frames, a prompt for images, metadata and other files."""
    stored = json.loads(files["metadata.json"])
    stored["generator_metadata"] = json.dumps(own_metadata(index))
    files["metadata.json"] = json.dumps(stored, sort_keys=True).encode()
    for at in range(1, KEY_FRAMES + 1):
        files[f"frame_{at}.png"] = png(1000 * index + at)
    files["image_prompt.txt"] = f"Draw step by step, sample {index}\n".encode()
    files["question_metadata.json.txt"] = b'{"steps": 3}'
    files["grid.npy.bin"] = b"\x93NUMPY"


def rich_run(
    store: ObjectStore,
    output_format: OutputFormat = "webdataset",
    *,
    failed: Collection[tuple[str, int]] = (),
) -> Plan:
    """A finished run of samples with everything."""
    plan = make_plan(SAMPLES, output_format=output_format)
    build_finished_run(store, plan, failed=failed, change=enrich)
    return plan


def ids() -> list[str]:
    """`GENERATOR/DOMAIN_task/ID` of each sample of a rich run, in its order."""
    return [
        f"{name}/{domain_of(name)}_task/{domain_of(name)}_{at:08d}"
        for name, samples in SAMPLES.items()
        for at in range(samples)
    ]
