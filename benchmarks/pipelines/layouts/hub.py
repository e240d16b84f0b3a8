"""Datasets of the Hub that the two templates read: an archive, and tables with pictures."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmarks.pipelines.formats.archives import add_member
from benchmarks.pipelines.pictures import mask, picture

CHOICES = "{'A': 'left', 'B': 'right', 'C': 'above', 'D': 'below'}"


def questions(folder: Path, items: int) -> None:
    """An archive with a table of questions and their pictures; two rows are no such questions."""
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(("id", "type", "images", "videos", "question", "choices", "answer"))
    with zipfile.ZipFile(folder / "CoreCognition_20250622.zip", "w") as archive:
        for item in range(items):
            name = f"{item:04}.png"
            question = f"<image-placeholder: {name}> Where is the blob of picture {item}?"
            rows.writerow((item, "MC", name, "", question, CHOICES, "ABCD"[item % 4]))
            add_member(archive, f"CoreCognition_20250622/media/{name}", _png(item))
        rows.writerow((items, "TF", "0000.png", "", "Is it bright?", "", "YES"))
        rows.writerow((items + 1, "MC", "", "clip.mp4", "What moves?", CHOICES, "A"))
        member = "CoreCognition_20250622/CoreCognition.csv"
        add_member(archive, member, table.getvalue().encode())


def tables(folder: Path, items: int) -> None:
    """One split as Parquet: a picture, the picture that solves it, a question, a kind of task."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pictures = [{"bytes": _png(item), "path": f"{item}.png"} for item in range(items)]
    solved = [{"bytes": _png(item, solved=True), "path": f"{item}.png"} for item in range(items)]
    columns = {
        "image": pa.array(pictures, image),
        "target_image": pa.array(solved, image),
        "question": pa.array([f"Mark the blob of picture {item}." for item in range(items)]),
        "task_type": pa.array([("mark", "find")[item % 2] for item in range(items)]),
    }
    features = {
        "image": {"_type": "Image"},
        "target_image": {"_type": "Image"},
        "question": {"dtype": "string", "_type": "Value"},
        "task_type": {"dtype": "string", "_type": "Value"},
    }
    described = json.dumps({"info": {"features": features}})
    table = pa.table(columns).replace_schema_metadata({"huggingface": described})
    pq.write_table(table, folder / "data" / "test-00000-of-00001.parquet")


def _png(item: int, *, solved: bool = False) -> bytes:
    pixels = picture(item)
    if solved:
        pixels[mask(item)] = (200, 30, 30)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()
