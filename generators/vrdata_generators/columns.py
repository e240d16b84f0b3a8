"""What the columns of a dataset hold: the names that datasets use, and those that a run maps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vrdata_generators.api import Item, Row

_IMAGES = "avif bmp gif ico jp2 jpeg jpg pgm png ppm tif tiff webp"
_KINDS = {".txt": "text"} | {
    f".{ending}": kind
    for kind, endings in {"image": _IMAGES, "video": "avi mkv mov mp4 webm"}.items()
    for ending in endings.split()
}
# For each field of a sample, the columns that hold it; the first one with a value is used. Image
# folders name files in `file_name` and `{column}_file_name`.
ALIASES: dict[str, tuple[str, ...]] = {
    "first": ("image", "first_image", "first_frame", "input_image", "question_image", "file_name"),
    "final": ("target_image", "solution_image", "final_image", "goal_image", "final_frame"),
    "prompt": ("question", "prompt", "instruction", "text", "caption"),
    "domain": ("task", "task_type", "category"),
    "goal": ("answer", "goal"),
    "video": ("ground_truth_video", "ground_truth", "video"),
    "first_video": ("first_video", "input_video"),
    "last_video": ("last_video", "final_video"),
}


def chosen_columns(names: Iterable[str], options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The existing columns of each field of a sample, the preferred one first.

    Args:
        names: of the columns.
        options: FIELD=COLUMN for columns that have other names.

    Raises:
        ValueError: there is no such field, or no such column, or none for the first image.
    """
    existing = list(names)
    for field, column in options.items():
        if field not in ALIASES:
            raise ValueError(f"{field}={column}: {field!r} is not one of {', '.join(ALIASES)}")
        if column not in existing:
            raise ValueError(f"{field}={column}: there is no such column; {_listed(existing)}")
    mapped = set(options.values())
    found = {
        field: (options[field],)
        if field in options
        else tuple(
            name
            for alias in aliases
            for name in (alias, f"{alias}_file_name")
            if name in existing and name not in mapped
        )
        for field, aliases in ALIASES.items()
    }
    if not found["first"]:
        raise ValueError(f"no column has the first image; {_listed(existing)}; set first=COLUMN")
    return found


def value_of(row: Mapping[str, Any], columns: Iterable[str]) -> tuple[str, Any]:
    """The first column with a value, and the value; ("", None) without one."""
    for name in columns:
        if row[name] not in (None, ""):
            return name, row[name]
    return "", None


def row_of_files(item: Item) -> Row:
    """The columns of an item that is files; JSON beside them adds more.

    Files with one stem are `image`, `video` and `text`. Those of a folder have the names of their
    stems, such as `final.png`; the only one of its kind may have any name.

    Raises:
        ValueError: JSON is no object, a text is not UTF-8, or two files are one column.
    """
    stems = {path.stem for path in item.files.values()}
    row: Row = {}
    for path in item.files.values():
        if path.suffix.lower() == ".json":
            found = json.loads(path.read_bytes())
            if not isinstance(found, dict):
                raise ValueError(f"{path.name} is not a JSON object")
            row |= found
    columns: dict[str, Path] = {}
    for kind, paths in _by_kind(item.files.values()).items():
        for path in paths:
            column = _column(path, kind, alone=len(paths) == 1) if len(stems) > 1 else kind
            other = columns.setdefault(column, path)
            if other != path:
                raise ValueError(f"{other.name} and {path.name} are both the column {column!r}")
            if kind == "text":
                row[column] = path.read_text("utf-8-sig")
            else:
                row.setdefault(column, path)
    # Image folders have one folder for each category.
    above = item.key.split("/")[-3:-2] if len(stems) > 1 else item.key.split("/")[-2:-1]
    return {"category": above[0]} | row if above else row


def _by_kind(files: Iterable[Path]) -> dict[str, list[Path]]:
    """Images, videos and texts; a file of another kind is an image only if there is no other."""
    found: dict[str, list[Path]] = {}
    for path in files:
        ending = path.suffix.lower()
        if ending != ".json":
            found.setdefault(_KINDS.get(ending, "other"), []).append(path)
    others = found.pop("other", [])
    return {"image": others[:1]} | found if others else found


def _column(path: Path, kind: str, *, alone: bool) -> str:
    """The column of a file in a folder that is one item."""
    for field, names in ALIASES.items():
        if path.stem in names:
            return path.stem
        if path.stem == field:
            return names[0]
    return kind if alone else path.stem


def _listed(names: list[str]) -> str:
    return f"the columns are {', '.join(names)}" if names else "there are no columns"
