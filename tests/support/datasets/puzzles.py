"""Tables of puzzles with the columns of VideoThinkBench, drawn here."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_TEXT = {"dtype": "string", "_type": "Value"}
_FEATURES = {
    "task": _TEXT,
    "id": _TEXT,
    "prompt": _TEXT,
    "image": {"_type": "Image"},
    "solution_image": {"_type": "Image"},
}
SCHEMA = pa.schema(
    [
        ("task", pa.string()),
        ("id", pa.string()),
        ("prompt", pa.string()),
        ("image", _IMAGE),
        ("solution_image", _IMAGE),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)
Row = dict[str, Any]


def puzzle(number: int, *, task: str = "eyeballing", size: int = 48) -> Row:
    """A puzzle: connect two points; a function of its arguments alone.

    Args:
        number: of the puzzle.
        task: its kind.
        size: width and height of its images in pixels.
    """
    rng = random.Random(f"{task}/{number}")  # noqa: S311 - reproducible
    image = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(size // 4):
        left, top = rng.randrange(size), rng.randrange(size)
        colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        draw.rectangle((left, top, left + size // 8, top + size // 8), fill=colour)
    solution = image.copy()
    ends = (rng.randrange(size), rng.randrange(size), rng.randrange(size), rng.randrange(size))
    ImageDraw.Draw(solution).line(ends, fill="red", width=2)
    return {
        "task": task,
        "id": f"{task}-{number}",
        "prompt": f"Connect {ends[:2]} and {ends[2:]} of puzzle {number}.",
        "image": stored(image, f"{number}.png"),
        "solution_image": stored(solution, f"{number}_solution.png"),
    }


def stored(image: Image.Image, name: str = "") -> dict[str, Any]:
    """An image as the Hub stores it."""
    body = io.BytesIO()
    image.save(body, "PNG")
    return {"bytes": body.getvalue(), "path": name or None}


def puzzles(count: int, *, task: str = "eyeballing", size: int = 48) -> Iterator[Row]:
    """A number of puzzles."""
    return (puzzle(number, task=task, size=size) for number in range(count))


def write_puzzles(target: Any, rows: Iterable[Row], *, group: int = 10) -> None:
    """Write a Parquet file, with flat memory.

    Args:
        target: path or open binary file.
        rows: the puzzles.
        group: rows of a row group.
    """
    with pq.ParquetWriter(target, SCHEMA, write_statistics=False) as writer:
        waiting: list[Row] = []
        for row in rows:
            waiting.append(row)
            if len(waiting) == group:
                writer.write_table(pa.Table.from_pylist(waiting, SCHEMA))
                waiting.clear()
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, SCHEMA))


def puzzle_table(path: Path, count: int, *, bad: Iterable[int] = (), group: int = 10) -> Path:
    """A Parquet file of puzzles; some images do not decode."""
    rows = list(puzzles(count))
    for number in bad:
        rows[number]["image"] = {"bytes": b"<html>no image</html>", "path": "x.png"}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_puzzles(path, rows, group=group)
    return path
