"""Read exported folders by the rules of the programs that they are for; written from the rules.

Each reader raises AssertionError for what the program would refuse, skip or misread.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from PIL import Image


@dataclass(frozen=True)
class Video:
    """What a player finds in a video."""

    frames: int
    fps: float
    size: tuple[int, int]


def watch(path: Path) -> Video:
    """Decode a whole video."""
    with av.open(io.BytesIO(path.read_bytes()), "r") as container:
        (stream,) = container.streams.video
        frames = list(container.decode(stream))
        assert stream.average_rate is not None
        size = (frames[0].width, frames[0].height)
        return Video(len(frames), float(stream.average_rate), size)


def pixels(path: Path) -> bytes:
    """Decode an image."""
    with Image.open(path) as image:
        return image.convert("RGB").tobytes()


def read_vbvr(root: Path) -> dict[str, dict[str, Any]]:
    """Metadata of each sample by its folder: `GENERATOR/TASK_task/TASK_00000000/`.

    A sample has first frame, prompt and metadata; its folder is named after the task and its
    metadata has that name.
    """
    found = {}
    for prompt in sorted(root.rglob("prompt.txt")):
        folder = prompt.parent
        _, task, sample = folder.relative_to(root).parts
        domain = task.removesuffix("_task")
        assert task == f"{domain}_task"
        assert re.fullmatch(rf"{re.escape(domain)}_\d{{8,}}", sample)
        assert prompt.read_text(encoding="utf-8").strip()
        assert pixels(folder / "first_frame.png")
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        assert metadata["task_id"] == sample
        found[folder.relative_to(root).as_posix()] = metadata
    return found


def read_bench(split: Path) -> dict[str, list[dict[str, Any]]]:
    """Metadata of the instances of each task: `TASK/00000/` to `TASK/0000N/`, with five files."""
    found = {}
    for task in sorted(split.iterdir()):
        instances = sorted(one.name for one in task.iterdir())
        assert instances == [f"{at:05d}" for at in range(len(instances))]
        found[task.name] = [_instance(task / name) for name in instances]
    return found


def _instance(folder: Path) -> dict[str, Any]:
    assert pixels(folder / "first_frame.png")
    assert pixels(folder / "final_frame.png")
    assert (folder / "prompt.txt").read_text(encoding="utf-8").strip()
    assert watch(folder / "ground_truth.mp4").frames
    return dict(json.loads((folder / "metadata.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Sided:
    """A sample of the layout pro; `frame_rate` is what the reader takes from the metadata."""

    folder: str
    prompt: str
    frames: tuple[bytes, ...]
    image_prompt: str
    frame_rate: float
    video: Video


def read_pro(root: Path) -> Iterator[Sided]:
    """Both sides of every sample, as the preparation of training data finds them.

    A folder `image` or `video` with a prompt makes its parent a sample, which must have a first
    frame, and key frames or the video. Key frames are in the order of the number at their end.
    """
    sides = {
        side: {one.parent.parent for one in root.rglob("prompt.txt") if one.parent.name == side}
        for side in ("image", "video")
    }
    assert sides["image"] == sides["video"]
    for folder in sorted(sides["video"]):
        assert len(folder.relative_to(root).parts) == 3
        assert pixels(folder / "first_frame.png")
        assert pixels(folder / "video/final_frame.png")
        frames = sorted((folder / "image").glob("frame_*.png"), key=_number)
        assert [_number(one) for one in frames] == list(range(1, len(frames) + 1))
        assert frames
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        listed = metadata.get("generic_declarative_render", {}).get("image_frames", frames)
        assert len(listed) == len(frames)
        yield Sided(
            folder=folder.relative_to(root).as_posix(),
            prompt=(folder / "video/prompt.txt").read_text(encoding="utf-8").strip(),
            frames=tuple(map(pixels, frames)),
            image_prompt=(folder / "image/prompt.txt").read_text(encoding="utf-8").strip(),
            frame_rate=metadata.get("parameters", {}).get("video_fps", 16),
            video=watch(folder / "video/ground_truth.mp4"),
        )


def _number(path: Path) -> int:
    match = re.search(r"(\d+)$", path.stem)
    assert match
    return int(match[1])


def read_jsonl(root: Path) -> list[dict[str, Any]]:
    """The rows of metadata.jsonl; each names a video and its first frame below the folder."""
    rows = [json.loads(line) for line in (root / "metadata.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        video = watch(root / row["video"])
        assert row["frame_rate"] == video.fps
        assert row["num_frames"] == video.frames
        assert (row["width"], row["height"]) == video.size
        assert pixels(root / row["input_image"])
        assert row["prompt"]
        assert row["prompt"] == row["prompt"].strip()
    return rows
