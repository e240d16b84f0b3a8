"""Bad items of one source: rows of a Parquet file, and lines of a JSON Lines file."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from support.datasets.puzzles import stored

WHITE = stored(Image.new("RGB", (8, 8), "white"))["bytes"]
BAD, EMPTY = "InvalidItem", "EmptyPrompt"
SCHEMA = pa.schema(
    [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("ground_truth_video", pa.binary()),
        *((name, pa.string()) for name in ("prompt", "task", "id")),
    ]
)


def bomb(width: int, height: int) -> bytes:
    """A PNG file that says it has this size."""
    size = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return WHITE[:12] + size + struct.pack(">I", zlib.crc32(size)) + WHITE[33:]


def jpeg() -> bytes:
    body = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(body, "JPEG")
    return body.getvalue()


def image(body: bytes | None, path: str | None = None) -> dict[str, Any]:
    """A row with this image."""
    return {"image": {"bytes": body, "path": path}}


# For each row, why it is skipped: a reason and words of the message; None = it is imported.
ROWS: dict[str, tuple[dict[str, Any], tuple[str, str] | None]] = {
    "good": ({}, None),
    "web page": (image(b"<!DOCTYPE html><html>"), (BAD, "a web page")),
    "JSON": (image(b'{"error": "not found"}'), (BAD, "JSON")),
    "drawing": (image(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), (BAD, "SVG")),
    "pointer of Git LFS": (image(b"version https://git-lfs.github.com/spec/v1\n"), (BAD, "LFS")),
    "PostScript": (image(b"%!PS-Adobe-3.0 EPSF"), (BAD, "PostScript")),
    "text": (image(b"no image"), (BAD, "none of the formats")),
    "no bytes": (image(b""), (BAD, "no bytes")),
    "null image": ({"image": None}, (BAD, "first")),
    "null in an image": (image(None), (BAD, "neither bytes nor a path")),
    "path": (image(None, "a.png"), (BAD, "not one of the files")),
    "path that climbs": (image(None, "../../../etc/hostname"), (BAD, "outside")),
    "absolute path": (image(None, "/etc/hostname"), (BAD, "outside")),
    "URL": (image(None, "https://example.com/a.png"), (BAD, "no network")),
    "bomb of a file": (image(bomb(60_000, 60_000)), (BAD, "pixels")),
    "wide bomb": (image(bomb(2**31 - 1, 1)), (BAD, "pixels")),
    "image without pixels": (image(bomb(0, 8)), (BAD, "header")),
    "half a PNG": (image(WHITE[:-20]), (BAD, "damaged")),
    "PNG of another checksum": (image(WHITE[:45] + b"x" + WHITE[46:]), (BAD, "damaged")),
    "half a JPEG": (image(jpeg()[:400]), (BAD, "damaged")),
    "only the start of a PNG": (image(WHITE[:12]), (BAD, "header")),
    "null prompt": ({"prompt": None}, (EMPTY, "visible")),
    "prompt of spaces": ({"prompt": " \u200b\n"}, (EMPTY, "visible")),
    "video that is a page": ({"ground_truth_video": b"<html>"}, (BAD, "not a video")),
    "null task": ({"task": None}, None),
    "path as a task": ({"task": "../../etc"}, None),
    "path as an id": ({"id": "../../etc/passwd"}, None),
    "the id of another item": ({"id": "one"}, None),
    "the id of another item again": ({"id": "one"}, None),
}


def url(body: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(body).decode()}"


def line(**change: Any) -> str:
    return json.dumps({"image": url(WHITE), "prompt": "Look.", "task": "line"} | change)


LINES: dict[str, tuple[str, tuple[str, str] | None]] = {
    "array": (line(image=[[0.0, 1.0], [0.5, 0.25]]), None),
    "NaN": (line(image=[[float("nan"), 1.0]]), (BAD, "NaN")),
    "infinite": (line(image=[[float("inf"), 1.0]]), (BAD, "infinite")),
    "float out of range": (line(image=[[0.5, 300.0]]), (BAD, "300")),
    "negative": (line(image=[[-1, 5]]), (BAD, "-1")),
    "five channels": (line(image=[[[1, 2, 3, 4, 5]] * 6] * 6), (BAD, "not an image")),
    "one dimension": (line(image=[1, 2, 3]), (BAD, "not an image")),
    "rows of two lengths": (line(image=[[1, 2], [3]]), (BAD, "lengths differ")),
    "no rows": (line(image=[]), (BAD, "not an image")),
    "texts": (line(image=[["a", "b"]]), (BAD, "not an image")),
    "number as an image": (line(image=7), (BAD, "not an image")),
    "damaged data URL": (line(image="data:image/png;base64,###"), (BAD, "damaged")),
    "data URL without data": (line(image="data:image/png"), (BAD, "base64")),
    "no image": (json.dumps({"prompt": "Look."}), (BAD, "first=COLUMN")),
    "no JSON": ('{"image": ', (BAD, "JSON")),
    "list": ("[1, 2]", (BAD, "object")),
    "not UTF-8": ("\udcff", (BAD, "utf-8")),
    "nested too deep": ('{"image": ' + "[" * 100_000 + "]" * 100_000 + "}", (BAD, "recursion")),
    "number as a prompt": (line(prompt=3), (BAD, "int, not text")),
    "half a character": (line(prompt="\ud800"), (BAD, "Unicode")),
    "number of thousands of digits": ('{"image": ' + "9" * 5000 + "}", (BAD, "digits")),
}
WHY = [why for _, why in (*ROWS.values(), *LINES.values())]
NAMES = [*ROWS, *LINES]


def rows_file() -> bytes:
    """The rows, in row groups of ten."""
    default = image(WHITE) | {"prompt": "Look.", "task": "row", "id": "x"}
    rows = [default | change for change, _ in ROWS.values()]
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), body, row_group_size=10)
    return body.getvalue()


def lines_file() -> bytes:
    """The lines."""
    text = "".join(f"{text}\n" for text, _ in LINES.values())
    return text.encode("utf-8", "surrogateescape")
