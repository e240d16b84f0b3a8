"""Views of operations: frames in folders (M-105), episodes (M-106), class maps (M-108)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.pipelines.formats.videos import write_video
from benchmarks.pipelines.pictures import frames, mask, picture, save

SEGMENTS = 3  # of one video
ACTIONS = ("reach for the needle", "push the needle", "pull the suture")
FRAMES = 30


def segments(folder: Path, items: int) -> None:
    """Folders of frames, three for each video; a color mask beside each frame is not fetched."""
    for item in range(items):
        video, segment = item // SEGMENTS + 1, item % SEGMENTS
        place = folder / f"video{video:02}" / f"video{video:02}_{80 * segment:05}"
        for at, frame in enumerate(frames(item, 6, 96, 54)):
            save(frame, place / f"frame_{80 * segment + at}_endo.png")
        save(mask(item, 96, 54), place / f"frame_{80 * segment}_endo_color_mask.png")


def episodes(folder: Path, items: int) -> None:
    """A video and a table of actions for each episode, as LeRobot stores them."""
    (folder / "meta").mkdir(parents=True, exist_ok=True)
    lines = []
    for item in range(items):
        name = f"episode_{item:06}"
        actions = [ACTIONS[(at // 10 + item) % len(ACTIONS)] for at in range(FRAMES)]
        _write_actions(folder / "data" / "chunk-000" / f"{name}.parquet", actions)
        views = folder / "videos" / "chunk-000" / "video.exterior_image_1_left"
        write_video(frames(item, FRAMES), views / f"{name}.mp4", 30)
        lines.append(json.dumps({"episode_index": item, "tasks": sorted(set(actions))}))
    (folder / "meta" / "episodes.jsonl").write_text("\n".join(lines) + "\n")


def _write_actions(path: Path, actions: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {
        "frame_index": pa.array(range(len(actions)), pa.int64()),
        "annotation.language.language_instruction": pa.array(actions, pa.string()),
    }
    pq.write_table(pa.table(columns), path)


def class_maps(folder: Path, items: int) -> None:
    """Pictures of three splits, and their maps of the classes 1 to 6 in one folder."""
    root = folder / "data" / "endoscapes"
    for item in range(items):
        split = ("train", "val", "test")[item % 3]
        save(picture(item), root / split / f"{item:03}_{item * 25:05}.jpg")
        classes = np.zeros((72, 96), np.uint8)
        for part in range(1, 7):
            classes[mask(item, part=part)] = part
        save(classes, root / "semseg" / f"{item:03}_{item * 25:05}.png")
